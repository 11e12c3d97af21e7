"""Reports: what each format promises its reader, and that names inside a model are never markup, commands or escapes.

The findings come from rules of this file, so that they do not change with the built-in pack. Goldens of what the
built-in rules say are in tests/golden/; UPDATE_GOLDEN=1 rewrites them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema
import pytest

from models import EXAMPLES, ROOT, SHARED
from tflint import sketch
from tflint.engine import Plan, check_file, check_model
from tflint.findings import Report, Severity, hit
from tflint.model.read import decode
from tflint.registry import Entry, catalogue
from tflint.report import FORMATS, Style, render, write
from tflint.report.sarif import descriptor
from tflint.rule import Rule, rule
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Op, Tensor
    from tflint.findings import FileReport

TFLINT = Path(sys.executable).with_name("tflint")
GOLDEN = Path(__file__).parent / "golden"
SARIF_SCHEMA = SHARED / "data" / "sarif-2.1.0.json"
PLAIN = Style(color="never")
COLORED = Style(color="always")
SGR = re.compile(r"\x1b\[[0-9;]*m")

TWO_OPS = """
x: float32[1,4]
mid: float32[1,4] = RELU(x)
y: float32[1,4] = SOFTMAX(mid) beta=1
"""
RENUMBERED = """
before: float32[1,4]
unused: float32[1,4] = NEG(before)
x: float32[1,4]
mid: float32[1,4] = RELU(x)
y: float32[1,4] = SOFTMAX(mid) beta=1
"""
LONG = "long " * 12_000

HOSTILE = {
    "escape": "\x1b[35;7mowned\x1b[0m\x07\x00\x7f\x9b31m",
    "link": "\x1b]8;;https://evil.example/\x1b\\here\x1b]8;;\x1b\\",
    "markup": "[bold red]x[/] [link=https://evil.example]y[/link] [/] [@click=app.quit]",
    "lines": "a\nb\r\nc\x0bd\x0ce\x85f\u2028g\u2029h",
    "command": "::error::owned",
    "command-line": "a\n::error file=x::owned\n  ::stop-commands::pw",
    "old-command": "##[error]owned ##[add-mask]e ##vso[task.complete]x ##teamcity[message] ####[group]",
    "bidi": "\u202egnp.exe\u2066a\u2069\u200f\u061c",
    "invisible": "a\u200bb\u2060c\ufeffd\u00ade\U000e0041f\ufff9",
    "percent": "%0A::error::owned%25 100%",
    "long": "x" * 60_000,
    "long-lines": "\x1b\n" * 30_000,
    "long-words": "::error::owned " * 4_000,
}


@rule("TST101", "tensor-named", Severity.WARNING, since="0.1.0", message="{name} is a name", examples=[])
def tensor_named(tensor: Tensor) -> Iterator[Hit]:
    """Flag each tensor, by a message that starts with its name.

    ## Why is this bad?
    A test needs a message that a model's author chose.

    ## What to do
    Nothing.
    """
    yield hit(tensor, name=tensor.name, related=(tensor,))


@rule("TST102", "op-seen", Severity.ERROR, since="0.1.0", message="{op} is an operator", examples=[], group=("op",))
def op_seen(op: Op) -> Iterator[Hit]:
    """Flag each operator."""
    yield hit(op, op=op.kind)


@rule("TST103", "twice", Severity.ERROR, since="0.1.0", message="said twice", examples=[], group=())
def twice(op: Op) -> Iterator[Hit]:
    """Say the same of an operator as an error and as a note."""
    yield hit(op)
    yield hit(op, severity=Severity.INFO)


@rule("TST104", "odd-data", Severity.INFO, since="0.1.0", message="odd", examples=[], group=())
def odd_data(op: Op) -> Iterator[Hit]:
    """Put into data what JSON has no form for."""
    yield hit(
        op,
        nan=float("nan"),
        infinite=[float("inf"), -float("inf")],
        raw=b"\x00\xff",
        view=memoryview(b"\x01\x00\x02\x00").cast("H"),
        nested={1: (1, 2), "set": {"b", "a"}},
        lone="\ud800",
        big=1 << 70,
        thing=Severity.INFO,
        place=Path("a"),
    )


@rule("TST105", "levels", Severity.INFO, since="0.1.0", message="{name} is {level}", examples=[])
def levels(tensor: Tensor) -> Iterator[Hit]:
    """Take a tensor for as bad as the first word of its name says."""
    level = tensor.name.partition("_")[0]
    if level in {severity.value for severity in Severity}:
        yield hit(tensor, name=tensor.name, level=level, severity=Severity(level))


def linted(
    text: str, *rules: Rule, name: str = "models/m.tflite", targets: tuple[str, ...] = ("litert",)
) -> FileReport:
    """Lint a sketch by these rules."""
    entries = tuple(Entry.of(r, "test") for r in rules)
    return check_model(decode(sketch.build(text)), Plan(entries, tuple(map(resolve, targets))), name)


def report(*files: FileReport, rules: tuple[Rule, ...] = (), targets: tuple[str, ...] = ("litert-2.3.0",)) -> Report:
    """Make a run of these files."""
    return Report(files, targets, rules=rules)


def examples() -> Report:
    """Lint the example models by all built-in rules."""
    entries = tuple(catalogue().values())
    plan = Plan(entries, (resolve("litert"), resolve("tflite-2.9")))
    files = tuple(check_file(path, plan) for path in sorted(EXAMPLES.glob("*.tflite")))
    return Report(files, tuple(p.id for p in plan.profiles), rules=tuple(entry.load() for entry in entries))


def hostile(name: str) -> str:
    """Write a sketch that holds the name wherever a model has one."""
    text = json.dumps(name)
    return f"""
description {text}
graph {text}({text}) -> ({text}~2)
{text}: float32[1,4]
{text}~2: float32[1,4] = CUSTOM:{text}({text})
signature {text}({text}={text}) -> ({text}={text}~2)
metadata {text} = "x"
"""


def strict(text: str) -> Any:
    """JSON as a strict parser takes it: no NaN, no infinities, nothing but printable ASCII and line ends."""

    def refuse(constant: str) -> Any:
        raise AssertionError(f"{constant} is no JSON")

    assert re.fullmatch(r"[ -~\n]*", text)
    return json.loads(text, parse_constant=refuse)


def sarif_run(made: Report) -> dict[str, Any]:
    """Give the one run of the SARIF report."""
    document = strict(render("sarif", made, PLAIN))
    jsonschema.validate(document, OUR_SARIF)
    run: dict[str, Any] = document["runs"][0]
    return run


def fingerprints(made: Report) -> list[str]:
    """Of all results, in order."""
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in sarif_run(made)["results"]]


def commands(text: str) -> list[tuple[str, dict[str, str], str]]:
    """(command, properties, message) of each line that a GitHub runner obeys, as ActionCommand.cs parses it."""
    found = []
    for line in map(str.lstrip, text.split("\n")):
        if line.startswith("::") and (end := line.find("::", 2)) > 0:
            word, _, rest = line[2:end].partition(" ")
            pairs = dict(pair.split("=", 1) for pair in rest.split(",") if pair)
            found.append((word, {k: unescaped(v) for k, v in pairs.items()}, unescaped(line[end + 2 :])))
    return found


def unescaped(text: str) -> str:
    """Read a property or message as the runner does."""
    for code, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, character)
    return text


TEXT = {"type": "string", "minLength": 1}
OUR_JSON: dict[str, Any] = {
    "type": "object",
    "required": ["schema_version", "files"],
    "properties": {
        "schema_version": {"const": 1},
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "verdicts", "findings"],
                "properties": {
                    "path": TEXT,
                    "verdicts": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "required": ["verdict", "reasons"],
                            "properties": {
                                "verdict": {"enum": ["supported", "partial", "unsupported", "unknown"]},
                                "reasons": {"type": "array", "items": {"pattern": "^[A-Z]{2,5}[0-9]{3}$"}},
                            },
                        },
                    },
                    "findings": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": [
                                "code",
                                "name",
                                "severity",
                                "message",
                                "location",
                                "data",
                                "count",
                                "suppressed",
                            ],
                            "properties": {
                                "code": {"pattern": "^[A-Z]{2,5}[0-9]{3}$"},
                                "name": {"pattern": "^[a-z0-9-]+$"},
                                "severity": {"enum": ["error", "warning", "info"]},
                                "message": TEXT,
                                "location": {
                                    "type": "object",
                                    "required": ["path", "label"],
                                    "properties": {"path": {"pattern": "^/"}, "label": TEXT},
                                },
                                "data": {"type": "object"},
                                "count": {"type": "integer", "minimum": 1},
                                "suppressed": {"type": ["string", "null"]},
                            },
                        },
                    },
                },
            },
        },
    },
}

LIMITED = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 1024}},
}
ONE = {"const": 1}
OUR_SARIF: dict[str, Any] = {  # the part of SARIF 2.1.0 that we write, with what GitHub asks for beyond the standard
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "semanticVersion", "rules"],
                                "properties": {
                                    "name": {"const": "tflite-lint"},
                                    "rules": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription", "fullDescription", "help"],
                                            "properties": {
                                                "id": {"pattern": "^[A-Z]{2,5}[0-9]{3}$"},
                                                "name": {"type": "string", "maxLength": 255},
                                                "shortDescription": LIMITED,
                                                "fullDescription": LIMITED,
                                                "help": LIMITED,
                                                "properties": {"properties": {"tags": {"maxItems": 20}}},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "maxItems": 25_000,
                        "items": {
                            "type": "object",
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": {"enum": ["error", "warning", "note"]},
                                "message": {"required": ["text"], "properties": {"text": TEXT}},
                                "locations": {
                                    "minItems": 1,
                                    "items": {
                                        "required": ["physicalLocation", "logicalLocations"],
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation", "region"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "required": ["uri"],
                                                        "properties": {
                                                            "uri": {"pattern": "^[A-Za-z0-9._~%!$&'()*+,;=:@/-]+$"}
                                                        },
                                                    },
                                                    "region": {
                                                        "additionalProperties": False,
                                                        "required": [
                                                            "startLine",
                                                            "startColumn",
                                                            "endLine",
                                                            "endColumn",
                                                        ],
                                                        "properties": {
                                                            "startLine": ONE,
                                                            "startColumn": ONE,
                                                            "endLine": ONE,
                                                            "endColumn": ONE,
                                                        },
                                                    },
                                                },
                                            }
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def test_json_has_the_documented_form() -> None:
    """The JSON report of the example models has the documented keys, kinds and values."""
    document = strict(render("json", examples(), PLAIN))

    jsonschema.validate(document, OUR_JSON)
    by_name = {Path(file["path"]).name: file for file in document["files"]}
    assert set(by_name) == {path.name for path in EXAMPLES.glob("*.tflite")}
    verdict = by_name["lfs_pointer.tflite"]["verdicts"]["litert-2.3.0"]
    assert verdict == {"verdict": "unsupported", "reasons": ["TFL901"]}
    assert [f["code"] for f in by_name["lfs_pointer.tflite"]["findings"]] == ["TFL901"]


def test_json_holds_whatever_a_rule_yields() -> None:
    """NaN, infinities, bytes, views, sets, lone surrogates and foreign objects become strict JSON."""
    document = strict(render("json", report(linted(TWO_OPS, odd_data)), PLAIN))

    assert document["files"][0]["findings"][0]["data"] == {
        "nan": "nan",
        "infinite": ["inf", "-inf"],
        "raw": "00ff",
        "view": [1, 2],
        "nested": {"1": [1, 2], "set": ["a", "b"]},
        "lone": "\\ud800",
        "big": 1 << 70,
        "thing": "info",
        "place": "a",
    }
    assert sarif_run(report(linted(TWO_OPS, odd_data)))["results"][0]["properties"]["data"]["nan"] == "nan"


def test_suppressed_findings_stay_in_reports_for_machines_only() -> None:
    """A suppressed finding is marked with its reason in JSON and SARIF, and counted but not shown to people."""
    file = linted(TWO_OPS, op_seen)
    first, second = file.findings
    made = report(replace(file, findings=(replace(first, suppressed="known, see #7"), second)))

    data = strict(render("json", made, PLAIN))
    assert [f["suppressed"] for f in data["files"][0]["findings"]] == ["known, see #7", None]
    assert data["summary"]["error"] == 1
    results = sarif_run(made)["results"]
    assert results[0]["suppressions"] == [{"kind": "external", "justification": "known, see #7"}]
    assert "suppressions" not in results[1]
    for kind in ("full", "concise", "github"):
        text = render(kind, made, PLAIN)
        assert (first.message in text, second.message in text) == (False, True)
        assert "1 error, 0 warnings, 0 info, 1 suppressed" in text


@pytest.mark.skipif(not SARIF_SCHEMA.exists(), reason="the official SARIF schema is in ../shared")
def test_sarif_is_valid_by_the_official_schema() -> None:
    """The SARIF report of models, hostile ones among them, and of suppressed findings is SARIF 2.1.0."""
    schema = json.loads(SARIF_SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    nasty = [
        linted(hostile(name), tensor_named, op_seen, odd_data, name=f"{key}.tflite") for key, name in HOSTILE.items()
    ]
    file = linted(TWO_OPS, twice)
    known = replace(file, findings=tuple(replace(f, suppressed="reason") for f in file.findings))
    for made in (examples(), report(*nasty), report(known), report()):
        assert not [e.message for e in validator.iter_errors(strict(render("sarif", made, PLAIN)))]


def test_sarif_has_what_code_scanning_needs() -> None:
    """Results of the example models have region, place, fingerprint and the descriptor that their index names."""
    made = examples()
    run = sarif_run(made)

    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == sorted(catalogue())
    assert len(run["results"]) == len(made.findings) > 0
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    order = ["error", "warning", "note"]
    assert [r["level"] for r in run["results"]] == sorted((r["level"] for r in run["results"]), key=order.index)


def test_rule_descriptors_are_within_the_limits_of_code_scanning() -> None:
    """Each built-in rule's descriptor says its own text whole, within GitHub's lengths."""
    limits = OUR_SARIF["properties"]["runs"]["items"]["properties"]["tool"]["properties"]["driver"]["properties"]
    for entry in catalogue().values():
        made = descriptor(entry.load())
        jsonschema.validate(made, limits["rules"]["items"])
        assert not made["shortDescription"]["text"].endswith("..."), f"{entry.code}: the summary is too long"


def test_longer_descriptions_are_cut() -> None:
    """A rule page beyond GitHub's limit is cut at a word, and an empty one still has texts."""
    for text, end in ((LONG, "long ..."), ("abc " * 1000, "abc ..."), ("x" * 3000, "xxx ...")):
        doc = f"{text}.\n\n## Why is this bad?\n{text}\n\n## What to do\n{text}"
        wordy = descriptor(replace(tensor_named, docstring=doc))
        for key in ("shortDescription", "fullDescription", "help"):
            assert 1000 < len(wordy[key]["text"]) <= 1024
            assert wordy[key]["text"].endswith(end)
    empty = descriptor(replace(tensor_named, docstring=""))
    assert empty["shortDescription"] == empty["fullDescription"] == {"text": "tensor-named"}


def test_fingerprints_are_unique() -> None:
    """No two findings of a run share a fingerprint, even where rule, place and reason are the same."""
    same = linted(TWO_OPS, twice, op_seen, tensor_named)
    for made in (report(same), report(same, replace(same, path="b.tflite")), examples()):
        found = fingerprints(made)

        assert len(found) == len(made.findings)
        assert [f for f, times in Counter(found).items() if times > 1] == []


def test_fingerprints_outlive_renumbering() -> None:
    """A tensor and an operator put in front change no other finding's fingerprint, and a renamed tensor changes it."""
    old = set(fingerprints(report(linted(TWO_OPS, tensor_named, op_seen))))
    new = set(fingerprints(report(linted(RENUMBERED, tensor_named, op_seen))))
    renamed = set(fingerprints(report(linted(TWO_OPS.replace("mid", "new"), tensor_named))))

    assert len(old) == 5
    assert old < new
    assert len(old & renamed) == 2
    assert not old & set(fingerprints(report(linted(TWO_OPS, tensor_named, op_seen, name="other.tflite"))))


@pytest.mark.parametrize("kind", ["sarif", "github"])
def test_files_are_named_by_their_path_in_the_repository(kind: str, isolated: Path, monkeypatch: Any) -> None:
    """From any folder of a checkout a file is named from its root, links resolved; URIs are %-escaped."""
    (isolated / ".git").mkdir()
    folder = isolated / "models" / "größe 100%"
    folder.mkdir(parents=True)
    (folder / "a#b?.tflite").write_bytes(b"")
    (isolated / "link.tflite").symlink_to(folder / "a#b?.tflite")
    monkeypatch.chdir(folder)
    finding = linted(TWO_OPS, op_seen)
    for name in ("a#b?.tflite", "./a#b?.tflite", "../../link.tflite", str(isolated / "link.tflite")):
        made = report(replace(finding, findings=tuple(replace(f, file=name) for f in finding.findings)))
        if kind == "sarif":
            place = sarif_run(made)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
            assert place["uri"] == "models/gr%C3%B6%C3%9Fe%20100%25/a%23b%3F.tflite"
        else:
            assert commands(render(kind, made, PLAIN))[0][1]["file"] == "models/größe 100%/a#b?.tflite"


def test_odd_file_names_are_proper_uris(isolated: Path) -> None:
    """Names that are no UTF-8, look like a scheme, or lie outside the checkout are URIs that give them back."""
    for name, uri in (
        (os.fsdecode(b"\xff.tflite"), "%FF.tflite"),
        ("a:b.tflite", "a%3Ab.tflite"),
        ("/elsewhere/a b.tflite", "file:///elsewhere/a%20b.tflite"),
        ("a\nb\x1b.tflite", "a%0Ab%1B.tflite"),
    ):
        file = linted(TWO_OPS, op_seen, name=name)
        found = sarif_run(report(file))["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert found == uri
        if not name.startswith("/"):
            assert Path(os.fsdecode(unquote(found, errors="surrogateescape"))) == Path(name)
        for kind in FORMATS:
            render(kind, report(file), PLAIN).encode()  # no surrogate is left
    assert isolated.is_dir()


def test_annotations_say_the_finding() -> None:
    """A runner reads back rule, file, line and message of each finding, whatever marks the message holds."""
    name = "50% a,b:c; d=e %0A %25 %2C"
    made = report(linted(f"{json.dumps(name)}: float32[1]", tensor_named, name="50%25,a:b.tflite"))

    assert commands(render("github", made, PLAIN)) == [
        (
            "warning",
            {"file": "50%25,a:b.tflite", "line": "1", "title": "TST101 tensor-named"},
            f"{name} is a name (at tensor 0 '{name}')",
        )
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ((0, 0, 10), (0, 0, 10)),
        ((0, 0, 11), (0, 0, 10)),
        ((10, 10, 3), (10, 10, 3)),
        ((12, 3, 10), (10, 3, 10)),
        ((12, 13, 14), (10, 10, 10)),
        ((11, 0, 0), (10, 0, 1)),
    ],
)
def test_annotations_keep_to_what_github_shows(given: tuple[int, ...], shown: tuple[int, ...]) -> None:
    """At most ten of a kind, the worst first, and one notice counts exactly those left out."""
    text = "".join(f"{s.value}_{i}: float32[1]\n" for s, n in zip(Severity, given, strict=True) for i in range(n))
    found = commands(render("github", report(linted(text, levels)), PLAIN))

    kinds = [word for word, _, _ in found]
    assert kinds == sorted(kinds, key=["error", "warning", "notice"].index)
    assert tuple(map(kinds.count, ("error", "warning", "notice"))) == shown
    left = [int(m[1]) for _, _, message in found if (m := re.match(r"(\d+) more findings? ", message))]
    said = len(found) - len(left)
    assert left == ([sum(given) - said] if sum(given) > said else [])


@pytest.mark.parametrize("key", HOSTILE)
@pytest.mark.parametrize("kind", FORMATS)
def test_names_reach_no_report_raw(kind: str, key: str) -> None:
    """Of a hostile name no control, escape, bidi mark or runner command is in a report, and no line is its own."""
    file = HOSTILE[key][:90].replace("\0", "") + ".tflite"  # NUL is the one character that no file's name has
    made = report(linted(hostile(HOSTILE[key]), tensor_named, op_seen, name=file))
    text = render(kind, made, Style(color="never", verbose=True))

    assert "owned" in text or "owned" not in HOSTILE[key]  # the name is there, disarmed
    assert "".join(text.split("\n")).isprintable()
    assert "##" not in text
    assert "\u202e" not in text
    obeyed = [word for word, _, _ in commands(text)]
    assert obeyed == (["error", "warning"] if kind == "github" else [])
    if kind not in ("json", "sarif"):
        assert len(text) < 12_000


def test_names_are_whole_in_json() -> None:
    """JSON gives each name back as it is in the model."""
    for name in HOSTILE.values():
        document = strict(render("json", report(linted(hostile(name), tensor_named)), PLAIN))
        assert {f["data"]["name"] for f in document["files"][0]["findings"]} == {name}


@pytest.mark.parametrize("key", HOSTILE)
def test_colors_are_our_own(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With colour, a hostile name adds no escape sequence to those of a plain one, and is itself in plain text."""
    monkeypatch.setenv("COLUMNS", "200")
    tame, nasty = (
        render("full", report(linted(hostile(n), tensor_named, op_seen)), COLORED) for n in ("x", HOSTILE[key])
    )

    assert set(SGR.findall(nasty)) == set(SGR.findall(tame)) != set()
    assert "".join(SGR.sub("", nasty).split("\n")).isprintable()
    assert SGR.sub("", nasty) == render("full", report(linted(hostile(HOSTILE[key]), tensor_named, op_seen)), PLAIN)
    if key == "markup":
        assert f"{HOSTILE[key]} is a name" in SGR.sub("", nasty)


def test_wrapped_lines_start_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a terminal's width wraps a name, no line of the full report starts with a runner command."""
    name = "a ::error::owned b" * 8
    made = report(linted(hostile(name), tensor_named, op_seen))
    for width in range(20, 60):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        text = render("full", made, PLAIN)
        assert max(map(len, text.splitlines())) <= max(width, 26) + 3  # what disarming may add
        assert commands(text) == []


def test_full_report_leaves_no_blanks_behind() -> None:
    """No line of the full report ends in blanks."""
    text = render("full", examples(), PLAIN)

    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("color", "environment", "colored"),
    [
        ("always", {"NO_COLOR": "1"}, True),
        ("always", {"TERM": "dumb"}, True),
        ("never", {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TTY_COMPATIBLE": "1"}, False),
        ("auto", {}, False),
    ],
)
def test_color_is_as_asked(color: str, environment: dict[str, str], colored: bool, tmp_path: Path) -> None:
    """Through the installed command: always colours, never has no escape at all, auto none into a pipe."""
    name = json.dumps(HOSTILE["escape"])
    model = tmp_path / "m.tflite"
    model.write_bytes(sketch.build(f"a: float32[1]\nb: int32[1]\n{name}: float32[1] = ADD(a, b)\n"))
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    done = subprocess.run(
        [TFLINT, "check", model.name, "--color", color],
        cwd=tmp_path,
        env={**clean, **environment},
        capture_output=True,
        check=False,
        timeout=120,
    )
    text = done.stdout.decode()

    assert done.returncode == 1, done.stderr
    assert "TFL212" in text
    assert "\\x1b[35;7mowned" in text
    assert bool(SGR.search(text)) is colored
    assert "".join(SGR.sub("", text).split("\n")).isprintable()


@pytest.mark.parametrize("kind", FORMATS)
def test_a_report_is_written_whole_in_the_place_of_the_old(kind: str, tmp_path: Path) -> None:
    """A report's file is replaced through a link, and nothing else is left in its folder."""
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    text = render(kind, report(linted(TWO_OPS, op_seen)), PLAIN)
    write(tmp_path / "link", text)

    assert (tmp_path / "real").read_text(encoding="utf-8") == text
    assert (tmp_path / "link").is_symlink()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """A report sent to a pipe or a device goes into it; the pipe is not replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        write(pipe, "report\n")

        assert reader.communicate(timeout=60)[0] == b"report\n"
    assert pipe.is_fifo()


@pytest.mark.parametrize("kind", ["full", "concise"])
@pytest.mark.parametrize("model", ["op_too_new", "wrong_types", "lfs_pointer"])
def test_text_is_as_before(model: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text for people of an example model is the one that was last looked at."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "120")
    known = catalogue()
    entries = tuple(known[code] for code in ("TFL201", "TFL212", "TFL304", "TFL901"))
    profiles = (resolve("litert-2.3.0"), resolve("tflite-2.12"))
    file = check_file(Path("examples/models") / f"{model}.tflite", Plan(entries, profiles))
    text = render(kind, Report((file,), tuple(p.id for p in profiles)), PLAIN)
    golden = GOLDEN / f"{model}.{kind}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")

    assert text == golden.read_text(encoding="utf-8"), "if it is meant to differ: UPDATE_GOLDEN=1"
