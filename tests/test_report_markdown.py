"""Markdown, as a parser of GitHub's dialect reads it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from reporting import (
    HOSTILE,
    PLAIN,
    TWO_OPS,
    corpus,
    hostile,
    levels,
    linted,
    op_seen,
    report,
    surrogates,
    tensor_named,
    twice,
)
from tflint.engine import Plan, check_file
from tflint.findings import Report, Severity
from tflint.registry import catalogue
from tflint.report import render
from tflint.report.markdown import MOST
from tflint.runtimes.profile import resolve

from models import EXAMPLES  # isort: skip
import itertools

if TYPE_CHECKING:
    from markdown_it.token import Token

GITHUB = 1024 * 1024  # bytes of a step's summary
OURS = {"details", "summary"}
PARSER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def tokens(text: str) -> list[Token]:
    """Of blocks and of what is in them."""
    return [inner for token in PARSER.parse(text) for inner in (token, *(token.children or ()))]


def cells(text: str) -> list[list[str]]:
    """Rows of all tables."""
    rows: list[list[str]] = []
    inside = False
    for token in PARSER.parse(text):
        inside = token.type in ("th_open", "td_open") or (inside and token.type not in ("th_close", "td_close"))
        if token.type == "tr_open":
            rows.append([])
        elif inside and token.type == "inline":
            rows[-1].append(seen(token))
    return rows


def seen(token: Token) -> str:
    """Text of a paragraph, heading or cell as a reader sees it."""
    return "".join(child.content for child in token.children or ()).replace("\u200b", "")


def lines(text: str, kind: str) -> list[str]:
    """What a reader sees of each heading or item of a list."""
    found = []
    parsed = PARSER.parse(text)
    for token, inside in itertools.pairwise(parsed):
        if token.type == f"{kind}_open":
            found.append(seen(inside if inside.type == "inline" else parsed[parsed.index(inside) + 1]))
    return found


def test_a_model_has_its_verdicts_then_its_findings() -> None:
    """Targets of one outcome share a row; errors and warnings are listed, notes are folded away."""
    names = ("litert-2.3.0", "litert-2.1", "tflite-2.12", "tflite-2.10", "tflite-2.4")
    profiles = tuple(map(resolve, names))
    plan = Plan(tuple(catalogue()[code] for code in ("TFL201", "TFL504")), profiles)
    file = check_file(EXAMPLES / "op_too_new.tflite", plan, "models/op_too_new.tflite")
    text = render("markdown", Report((file,), tuple(p.id for p in profiles)), PLAIN)

    assert lines(text, "heading") == ["❌ tflint: 1 model: 1 error, 0 warnings, 1 info", "models/op_too_new.tflite"]
    assert cells(text) == [
        ["verdict", "", "targets"],
        ["✅ supported", "loads and allocates", "litert-2.3.0, litert-2.1.0"],
        ["❌ unsupported", "does not load (TFL201)", "tflite-2.12, tflite-2.10, tflite-2.4"],
    ]
    error, note = lines(text, "list_item")
    assert error.startswith("❌ error TFL201 op-needs-newer-runtime: FULLY_CONNECTED version 12 (the target has ")
    assert error.endswith(" [tflite-2.12, tflite-2.10, tflite-2.4], at FULLY_CONNECTED #0 'y'")
    assert note.startswith("ℹ️ info TFL504 ")  # noqa: RUF001 - the sign for information
    blocks = [token.content.strip() for token in tokens(text) if token.type == "html_block"]
    assert blocks == ["<details><summary>1 info</summary>", "</details>"]
    assert text.index("<details>") < text.index("TFL504") < text.index("</details>")


def test_models_without_a_finding_are_folded_away() -> None:
    """A clean run is its headline and a folded list of names."""
    clean = linted(TWO_OPS)
    text = render("markdown", report(clean, replace(clean, path="b.tflite")), PLAIN)

    assert lines(text, "heading") == ["✅ tflint: 2 models: 0 errors, 0 warnings, 0 info"]
    assert cells(text) == []
    assert "<summary>2 models without a finding</summary>" in text
    assert lines(text, "list_item") == ["models/m.tflite", "b.tflite"]


def test_the_worst_models_come_first() -> None:
    """Models are in the order of their worst finding, those of the same in the order they were found."""
    named = {"a": "info_1", "b": "error_1", "c": "warning_1", "d": "error_2"}
    files = [linted(f"{name}: float32[1]", levels, name=f"{key}.tflite") for key, name in named.items()]

    assert lines(render("markdown", report(*files), PLAIN), "heading")[1:] == [f"{key}.tflite" for key in "bdca"]


def test_quiet_leaves_what_fails() -> None:
    """Quiet: no model without a failing finding, and of the others only those."""
    files = (linted(TWO_OPS, twice), linted(TWO_OPS, name="clean.tflite"))
    text = render("markdown", report(*files), PLAIN._replace(quiet=True))

    assert [line.split()[1] for line in lines(text, "list_item")] == ["error", "error"]
    assert "clean.tflite" not in text


@pytest.mark.parametrize("key", HOSTILE)
def test_names_are_no_markup(key: str) -> None:
    """A parser sees the same structure of a hostile name as of a plain one: no link, image, HTML or code of its own."""
    name = HOSTILE[key]
    path = name[:90].replace("\0", "") + ".tflite"
    tame, nasty = (
        render("markdown", report(linted(hostile(n), tensor_named, op_seen, name=p)), PLAIN)
        for n, p in (("x", "x.tflite"), (name, path))
    )

    assert [t.type for t in tokens(nasty) if t.type != "softbreak"] == [t.type for t in tokens(tame)]
    assert [t.content for t in tokens(nasty) if t.type == "html_block"] == [
        t.content for t in tokens(tame) if t.type == "html_block"
    ]
    if name.isprintable() and len(name) < 90 and "##" not in name:
        assert lines(nasty, "heading")[1] == path.strip()
        assert f"{name.strip()} is a name" in "\n".join(lines(nasty, "list_item"))


def test_github_makes_no_link_or_mention_of_a_name() -> None:
    """Outside of code, where GitHub looks for them, no mention, issue or address stands whole."""
    text = render("markdown", report(linted(hostile(HOSTILE["linked"]), tensor_named)), PLAIN)
    prose = "".join(token.content for token in tokens(text) if token.type == "text")

    assert "owner" in prose
    for whole in ("@owner", "#1", "GH-1", "https://", "www.", "@evil"):
        assert whole not in prose


def test_all_models_keep_to_the_limit_and_are_counted() -> None:
    """Every model at hand is there with its verdicts, or is counted among those that did not fit."""
    made = corpus()
    text = render("markdown", made, PLAIN)

    assert len(text.encode()) <= GITHUB
    assert {t.content.strip().partition(">")[0] for t in tokens(text) if t.type == "html_block"} <= {
        "<details",
        "</details",
    }
    assert "did not fit" not in text
    listed = set(lines(text, "heading")[1:]) | set(lines(text, "list_item"))
    assert all(any(file.path in line for line in listed) for file in list(made.files)[:MOST])


def test_what_is_over_the_limit_is_counted() -> None:
    """A summary that would be too long holds the worst models, and says how many models and findings it left out."""
    long = "|" * 190
    bad = linted("".join(f'"{long}{i}": float32[1]\n' for i in range(60)), tensor_named)
    worse = linted(TWO_OPS, op_seen)
    files = [replace(bad, path=f"{i}.tflite") for i in range(100)] + [replace(worse, path="worse.tflite")]
    text = render("markdown", report(*files, surrogates()), PLAIN)

    assert GITHUB * 0.8 < len(text.encode()) <= GITHUB
    shown = lines(text, "heading")[1:]
    assert shown[0] == "worse.tflite"
    left = len(files) + 1 - len(shown)
    assert f"**{left} models more with {(left - 1) * 60 + 3} findings did not fit in here.**" in text
    assert text.count("- and 10 more\n") == len(shown) - 1


def test_severity_of_the_headline_is_that_of_the_run() -> None:
    """The headline passes and fails as the run does."""
    made = report(linted(TWO_OPS, tensor_named))

    assert render("markdown", made, PLAIN).startswith("# ❌ ")
    assert render("markdown", made, PLAIN._replace(threshold=Severity.ERROR)).startswith("# ✅ ")


def test_suppressed_findings_are_shown_when_asked() -> None:
    """With their reason, and disarmed as all text is."""
    file = linted(TWO_OPS, op_seen)
    first, second = file.findings
    made = report(replace(file, findings=(replace(first, suppressed="<b> @owner"), second)))

    assert len(lines(render("markdown", made, PLAIN), "list_item")) == 1
    told = lines(render("markdown", made, PLAIN._replace(suppressed=True)), "list_item")
    assert told[0].endswith("RELU is an operator [suppressed: <b> @owner], at RELU #0 'mid'")


def test_what_is_no_model_has_no_verdicts() -> None:
    """Findings of a file that is judged by no target, such as a baseline, stand without a table."""
    text = render("markdown", report(replace(linted(TWO_OPS, op_seen), verdicts=())), PLAIN)

    assert cells(text) == []
    assert len(lines(text, "list_item")) == 2
