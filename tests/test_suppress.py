"""Findings to live with: marked with the reason, never dropped, and what suppresses nothing is said."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from running import CLEAN, brief, findings, one_line, tflint, write_model

if TYPE_CHECKING:
    from pathlib import Path

PAST, FUTURE = "2020-01-31", "2999-12-31"


def suppress(folder: Path, name: str = "tflint.toml", **keys: str) -> None:
    """Add a suppression to a configuration or sidecar; dates are dates."""
    lines = [f"{key} = {value if key == 'expires' else repr(value)}" for key, value in keys.items()]
    path = folder / name
    old = path.read_text() if path.exists() else ""
    path.write_text("\n".join([old, "[[suppress]]", *lines, ""]))


def of(found: list[dict[str, Any]], *codes: str) -> list[tuple[str, int, str | None]]:
    """In brief, those of these codes."""
    return brief([each for each in found if each["code"] in codes])


def test_a_suppressed_finding_is_marked_and_fails_nothing(tmp_path: Path) -> None:
    """It stays in the report with the reason, and the exit code is that of the others."""
    write_model(tmp_path / "m.tflite")
    suppress(tmp_path, path="m.tflite", rule="TFL510", reason="measured: no loss")
    suppress(tmp_path, path="m.tflite", rule="kernel-precondition", reason="never loaded", expires=FUTURE)

    assert of(findings(tmp_path), "TFL212", "TFL510") == [
        ("TFL212", 3, "never loaded"),
        ("TFL510", 3, "measured: no loss"),
    ]
    done = tflint(tmp_path, "check", "-f", "concise")
    assert done.returncode == 0
    assert "TFL510" not in done.stdout
    assert "0 errors, 0 warnings, 1 info, 2 suppressed" in done.stdout


@pytest.mark.parametrize(
    ("where", "suppressed", "left"),
    [
        ("op:*/Softmax", 2, 1),
        ("op:other", 1, 2),
        ("tensor:[ab]/*", 2, 1),
        ("tensor 3 *", 1, 2),
        ("*'b/Softmax'", 1, 2),
        ("tensor:*", 3, 0),
    ],
)
def test_where_splits_a_finding_by_its_places(tmp_path: Path, where: str, suppressed: int, left: int) -> None:
    """Of a finding's places those that match are suppressed, and the counts are those of each part."""
    write_model(tmp_path / "m.tflite")
    suppress(tmp_path, path="*.tflite", rule="TFL510", where=where, reason="why")

    parts = of(findings(tmp_path, "--select", "TFL510"), "TFL510")
    wanted: list[tuple[str, int, str | None]] = [("TFL510", suppressed, "why")]
    assert sorted(parts, key=str) == sorted(wanted + ([("TFL510", left, None)] if left else []), key=str)


def test_where_knows_ops_by_type_and_by_output(tmp_path: Path) -> None:
    """A finding at an op is matched by its type, and by the name of its output."""
    write_model(tmp_path / "m.tflite")
    suppress(tmp_path, path="m.tflite", rule="TFL212", where="op:b/*", reason="one")
    suppress(tmp_path, path="m.tflite", rule="TFL212", where="op:SOFT*", reason="rest")

    assert of(findings(tmp_path), "TFL212") == [("TFL212", 2, "rest"), ("TFL212", 1, "one")]


def test_where_sees_places_beyond_those_that_are_listed(tmp_path: Path) -> None:
    """A finding lists ten places; the eleventh is suppressed like the first."""
    names = ["x", *(f"t{n}" for n in range(12))]
    ops = "".join(f"{b}: int8[1,10] q=0.5+0 = SOFTMAX({a}) beta=1\n" for a, b in pairwise(names))
    write_model(tmp_path / "m.tflite", f"x: int8[1,10] q=0.1+0\n{ops}signature s(x=x) -> (y=t11)\n")
    suppress(tmp_path, path="m.tflite", rule="TFL510", where="tensor:t11", reason="why")

    assert sorted(of(findings(tmp_path), "TFL510"), key=str) == [("TFL510", 1, "why"), ("TFL510", 11, None)]


def test_a_sidecar_speaks_of_its_model_only(tmp_path: Path) -> None:
    """`m.tflite.toml` suppresses in m.tflite, and not in a model of that name elsewhere; --isolated reads none."""
    write_model(tmp_path / "m.tflite")
    write_model(tmp_path / "below" / "m.tflite")
    suppress(tmp_path, "m.tflite.toml", rule="TFL510", reason="beside it")

    found = {each["file"]: each["suppressed"] for each in findings(tmp_path) if each["code"] == "TFL510"}
    assert found == {"m.tflite": "beside it", "below/m.tflite": None}
    assert of(findings(tmp_path, "m.tflite", "--isolated"), "TFL510") == [("TFL510", 3, None)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[suppress]]\nrule = 'TFL510'\n", "lacks the key 'reason'"),
        ("[[suppress]]\nrule = 'TFL510'\nreason = ''\n", "suppress.reason"),
        ("[[suppress]]\nrule = 'TFL510'\nreason = ' '\n", "suppress.reason is text: why it is all right"),
        ("[[suppress]]\nrule = 'TFL510'\nreason = 'x'\nexpires = 'soon'\n", "suppress.expires is a date"),
        ("[[suppress]]\nrule = 'TFL510'\nreason = 'x'\nexpires = 2027-01-01T10:00:00\n", "suppress.expires is a date"),
        ("[[suppress]]\nrule = 'TFL599'\nreason = 'x'\n", "no rule 'TFL599'"),
        ("[[suppress]]\nrule = 'TFL510'\nreasons = 'x'\n", "did you mean 'reason'"),
        ("[[suppress]]\nrule = 'TFL510'\nreason = 'x'\npath = 'm.tflite'\n", "unknown key 'path'"),
        ("supress = []\n", "did you mean 'suppress'"),
        ("[[suppress", "not valid TOML"),
    ],
)
def test_a_bad_sidecar_is_a_line(tmp_path: Path, text: str, words: str) -> None:
    """What is wrong with it is said with its name, exit code 2; a reason is required."""
    write_model(tmp_path / "m.tflite")
    (tmp_path / "m.tflite.toml").write_text(text)

    one_line(tflint(tmp_path, "check"), "m.tflite.toml", words)


def test_an_expired_suppression_suppresses_nothing_and_is_said(tmp_path: Path) -> None:
    """After its last day the finding is back, and TFL003 stands on the file that has the suppression."""
    write_model(tmp_path / "m.tflite")
    suppress(tmp_path, path="m.tflite", rule="TFL510", reason="until the spring", expires=PAST)

    found = findings(tmp_path)
    assert of(found, "TFL510", "TFL003") == [("TFL510", 3, None), ("TFL003", 1, None)]
    (notice,) = [each for each in found if each["code"] == "TFL003"]
    assert notice["file"] == "tflint.toml"
    assert notice["message"] == ("the suppression of TFL510 in m.tflite expired on 2020-01-31 (until the spring)")


def test_an_unused_suppression_is_said(tmp_path: Path) -> None:
    """A suppression that matches nothing is TFL002, a warning, whether or not it has expired."""
    write_model(tmp_path / "m.tflite")
    suppress(tmp_path, path="m.tflite", rule="TFL510", where="op:gone", reason="one")
    suppress(tmp_path, "m.tflite.toml", rule="TFL301", reason="two", expires=PAST)

    found = [each for each in findings(tmp_path) if each["code"] in {"TFL002", "TFL003"}]
    assert [(each["code"], each["severity"], each["file"], each["data"]["reason"]) for each in found] == [
        ("TFL002", "warning", "m.tflite.toml", "two"),
        ("TFL002", "warning", "tflint.toml", "one"),
    ]
    assert tflint(tmp_path, "check", "--ignore", "TFL212,TFL510").returncode == 1
    assert tflint(tmp_path, "check", "--ignore", "TFL212,TFL510,unused-suppression").returncode == 0
    assert of(findings(tmp_path, "--select", "TFL002"), "TFL002") == []


def test_a_suppression_is_unused_only_where_that_is_known(tmp_path: Path) -> None:
    """Not where a file of its was not checked or was no model, nor where its rule did not run."""
    write_model(tmp_path / "a" / "m.tflite")
    write_model(tmp_path / "b" / "clean.tflite", CLEAN)
    suppress(tmp_path, path="a/*", rule="TFL301", reason="one")
    suppress(tmp_path, path="**/*.tflite", rule="TFL510", reason="two")

    def unused(*arguments: object) -> list[str]:
        found = findings(tmp_path, *arguments)
        return [each["data"]["reason"] for each in found if each["code"] == "TFL002"]

    assert unused() == ["one"]
    assert unused("b/clean.tflite") == []
    assert unused("a") == ["one"]
    assert unused("a/m.tflite") == []
    assert unused("--ignore", "TFL301") == []
    (tmp_path / "a" / "broken.tflite").write_bytes(b"")
    assert unused() == []


def test_per_file_ignores_mark_too(tmp_path: Path) -> None:
    """What per-file-ignores silence stays in the report, with the table as the reason."""
    write_model(tmp_path / "old" / "m.tflite")
    (tmp_path / "tflint.toml").write_text('[per-file-ignores]\n"old/*" = ["TFL5"]\n')

    (found,) = [each for each in findings(tmp_path) if each["code"] == "TFL510"]
    assert found["suppressed"] == "per-file-ignores 'old/*' (tflint.toml)"


def test_no_file_silences_a_mandatory_rule(tmp_path: Path) -> None:
    """An error of a mandatory rule is reported whatever a configuration, sidecar or baseline says; a flag can."""
    write_model(tmp_path / "m.tflite")
    pack = tmp_path / "site"
    (pack / "acme_pack").mkdir(parents=True)
    (pack / "acme-1.dist-info").mkdir()
    (pack / "acme-1.dist-info" / "entry_points.txt").write_text("[tflint.rules]\nacme = acme_pack\n")
    (pack / "acme_pack" / "__init__.py").write_text(
        "from tflint.api import Model, Severity, hit, rule\n"
        "@rule('ACM101', 'never-mind', Severity.ERROR, since='1', message='no', examples=[], mandatory=True)\n"
        "def never_mind(model: Model):\n    '''It is.'''\n    yield hit(model)\n"
    )
    (tmp_path / "tflint.toml").write_text('select = ["TFL", "ACM"]\n[per-file-ignores]\n"*" = ["ACM"]\n')
    suppress(tmp_path, path="m.tflite", rule="ACM101", reason="please")
    suppress(tmp_path, "m.tflite.toml", rule="ALL", reason="please")
    path = {"PYTHONPATH": str(pack)}

    assert tflint(tmp_path, "check", "--write-baseline", **path).returncode == 1
    assert "error ACM101" in tflint(tmp_path, "check", "-f", "concise", **path).stdout
    assert "ACM101" not in (tmp_path / "tflint-baseline.json").read_text()
    assert "ACM101" not in tflint(tmp_path, "check", "-f", "concise", "--ignore", "ACM101", **path).stdout


@pytest.mark.parametrize("kind", ["full", "concise", "markdown"])
def test_suppressed_findings_are_shown_on_demand(tmp_path: Path, kind: str) -> None:
    """--show-suppressed shows them with the reason, escaped; they are not counted."""
    write_model(tmp_path / "m.tflite")
    (tmp_path / "tflint.toml").write_text(
        '[[suppress]]\npath = "*"\nrule = "ALL"\nreason = "why\\u001b[31m\\n::error::x"\n'
    )
    hidden, seen = (tflint(tmp_path, "check", "-f", kind, *more) for more in ((), ("--show-suppressed",)))

    assert (hidden.returncode, seen.returncode) == (0, 0)
    assert "TFL510" not in hidden.stdout
    words = " ".join(seen.stdout.replace("\\\\", "\\").replace("\\[", "[").replace("\\]", "]").split())
    assert r"[3 times] [suppressed: why\x1b[31m\x0a::error::x]" in words
    assert "\x1b" not in seen.stdout
    assert "0 errors" in seen.stdout


def test_notices_have_pages(tmp_path: Path) -> None:
    """What the checker says of itself is explained like any rule, and takes a severity."""
    for code, name in (
        ("TFL000", "rule-crashed"),
        ("TFL001", "check-crashed"),
        ("TFL002", "unused-suppression"),
        ("TFL003", "expired-suppression"),
        ("TFL004", "stale-baseline-entry"),
    ):
        page = tflint(tmp_path, "rule", code, "-f", "markdown").stdout
        assert page.startswith(f"# {name} ({code})")
        assert "## Why is this bad?" in page
        assert "## What to do" in page
    write_model(tmp_path / "m.tflite", CLEAN)
    (tmp_path / "tflint.toml").write_text('[severity]\nTFL002 = "info"\n')
    suppress(tmp_path, path="m.tflite", rule="TFL301", reason="why")
    done = tflint(tmp_path, "check", "-f", "concise")
    assert done.returncode == 0
    assert "tflint.toml: info TFL002" in done.stdout
