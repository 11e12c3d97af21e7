"""A baseline without a run: what is in the file, what goes in, and what becomes of it."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from found import finding
from tflint.baseline import Baseline, Entry, Excess
from tflint.errors import TflintError
from tflint.findings import FileReport, Severity

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.baseline import Files, Key
    from tflint.findings import Finding

NAME = "tflint-baseline.json"
MANDATORY, OTHER = "TFL902", "TFL510"
ROW = '{"code": "A", "fingerprint": "f", "count": 1, "message": "m"}'
TEXT = r"""{
  "schema_version": 1,
  "files": {
    "b.tflite": [
      {"code": "A", "fingerprint": "3", "count": 1, "message": "a"},
      {"code": "A", "fingerprint": "2", "count": 1, "message": "b"},
      {"code": "A", "fingerprint": "4", "count": 2, "message": "b"},
      {"code": "B", "fingerprint": "1", "count": 1, "message": "\u00fc", "targets": ["x", "y"]}
    ],
    "\u00e4.tflite": [
      {"code": "A", "fingerprint": "f", "count": 1, "message": "m"}
    ]
  }
}
"""


def entry(code: str = "A", fingerprint: str = "f", count: int = 1, message: str = "m", *targets: str) -> Entry:
    """One of a baseline."""
    return Entry(code, fingerprint, count, message, targets)


def by_key(*entries: Entry) -> dict[Key, Entry]:
    """As a baseline has those of a file."""
    return {(each.code, each.fingerprint): each for each in entries}


def report(*findings: Finding) -> FileReport:
    """Of m.tflite."""
    return FileReport("m.tflite", findings=findings)


@pytest.fixture
def baseline(tmp_path: Path) -> Baseline:
    """An empty one, in a folder of its own."""
    return Baseline(tmp_path / NAME, {})


def test_a_baseline_reads_what_it_wrote(tmp_path: Path) -> None:
    """Paths and entries in order, what is not ASCII escaped, targets where there are any, no file without entries."""
    files: Files = {
        "ä.tflite": by_key(entry()),
        "empty.tflite": {},
        "b.tflite": by_key(
            entry("B", "1", 1, "ü", "x", "y"),
            entry("A", "4", 2, "b"),
            entry("A", "2", 1, "b"),
            entry("A", "3", 1, "a"),
        ),
    }
    before = Baseline(tmp_path / NAME, files)
    before.write()

    assert (tmp_path / NAME).read_text() == TEXT
    after = Baseline.read(tmp_path / NAME)
    assert after.files == {name: entries for name, entries in files.items() if entries}
    assert (after.path, after.size, before.size) == (tmp_path / NAME, 5, 5)


def test_one_without_findings_is_a_file_as_well(baseline: Baseline) -> None:
    """Whether no model is in it or all that are have none."""
    nothing: tuple[Files, ...] = ({}, {"m.tflite": {}})
    for files in nothing:
        Baseline(baseline.path, files).write()
        assert baseline.path.read_text() == '{\n  "schema_version": 1,\n  "files": {}\n}\n'
        assert Baseline.read(baseline.path).files == {}


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ('"A"', "1"),
        ('"f"', "null"),
        ('"m"', "[]"),
        ('"count": 1', '"count": "1"'),
        ('"count": 1', '"count": 1.0'),
        ('"count": 1', '"count": true'),
        ('"count": 1', '"count": 0'),
        ('"m"', '"m", "targets": "x"'),
        ('"m"', '"m", "target": []'),
        ('"code": "A", ', ""),
    ],
)
def test_a_row_has_its_keys_and_each_its_kind(baseline: Baseline, was: str, now: str) -> None:
    """Another is no baseline; the same row without that is one."""
    document = '{"schema_version": 1, "files": {"m.tflite": [%s]}}'
    baseline.path.write_text(document % ROW)
    assert Baseline.read(baseline.path).files == {"m.tflite": by_key(entry())}

    baseline.path.write_text(document % ROW.replace(was, now))
    with pytest.raises(TflintError, match="not a baseline: its form is not that of --write-baseline"):
        Baseline.read(baseline.path)


def test_what_cannot_be_read_is_a_line(baseline: Baseline) -> None:
    """A file of more than 64 MiB, and a folder."""
    baseline.path.touch()
    os.truncate(baseline.path, (64 << 20) + 1)
    with pytest.raises(TflintError, match="longer than 67,108,864 bytes"):
        Baseline.read(baseline.path)

    with pytest.raises(TflintError, match=f"^{baseline.path.parent}: "):
        Baseline.read(baseline.path.parent)


def test_a_file_is_known_by_its_path_from_the_folder(baseline: Baseline, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of a member with its name in the archive, whose path is absolute's; a URL is its own name."""
    folder = baseline.path.parent.resolve()
    (folder / "sub").mkdir()
    monkeypatch.chdir(folder / "sub")
    url = "https://host/m.zip!/a.tflite"

    for file, name, path in (
        ("m.tflite", "sub/m.tflite", folder / "sub" / "m.tflite"),
        ("../m.zip!/a/b.tflite", "m.zip!/a/b.tflite", folder / "m.zip"),
        ("../../m.tflite", "../m.tflite", folder.parent / "m.tflite"),
    ):
        assert baseline.name(file) == name
        assert baseline.absolute(name) == str(path)
    assert (baseline.name(url), baseline.absolute(url)) == (url, url)


def test_findings_of_one_fingerprint_are_one_entry(baseline: Baseline) -> None:
    """Their counts add up, it has the targets of all, in order, and the message of the worst, shortened."""
    found = baseline.found(
        report(
            finding(OTHER, count=2, severity=Severity.ERROR, message="m" * 500, targets=("y", "x")),
            finding(OTHER, count=3, targets=("a",)),
            finding("TFL101"),
        )
    )

    (one, other) = found.values()
    assert [(key, each.code, each.fingerprint) for key, each in found.items()] == [
        ((each.code, each.fingerprint), each.code, each.fingerprint) for each in (one, other)
    ]
    assert (one.code, one.count, one.targets, len(one.message)) == (OTHER, 5, ("a", "x", "y"), 203)
    assert (other.code, other.count, other.targets, other.message) == ("TFL101", 1, (), "words")


def test_no_error_of_a_mandatory_rule_goes_in_nor_what_has_a_better_reason(baseline: Baseline) -> None:
    """What is less than an error of one does, and errors of others do."""
    for each, taken in (
        (finding(OTHER), True),
        (finding(OTHER, severity=Severity.ERROR), True),
        (finding(OTHER, suppressed="baseline"), True),
        (finding(OTHER, suppressed="measured"), False),
        (finding(MANDATORY), True),
        (finding(MANDATORY, severity=Severity.ERROR), False),
        (finding(MANDATORY, severity=Severity.ERROR, suppressed="baseline"), False),
    ):
        assert bool(baseline.found(report(each))) is taken
        recorded = baseline.found(report(replace(each, severity=Severity.INFO, suppressed=None)))
        (marked,) = baseline.marked(report(each), recorded).findings
        assert marked.suppressed == ("baseline" if taken else each.suppressed)


def test_what_is_not_of_the_baseline_keeps_its_reason_beside_what_is(baseline: Baseline) -> None:
    """Of one fingerprint, a finding that somebody judged, and an error of a mandatory rule."""
    for code, other in ((OTHER, {"suppressed": "measured"}), (MANDATORY, {"severity": Severity.ERROR})):
        whole = report(finding(code, **other), finding(code))
        marked = baseline.marked(whole, baseline.found(whole))
        assert [each.suppressed for each in marked.findings] == [other.get("suppressed"), "baseline"]


def test_what_is_recorded_and_has_not_grown_is_marked(baseline: Baseline) -> None:
    """Nothing else is changed of the report, nor of the findings."""
    whole = report(finding(OTHER, count=2), finding("TFL101"))
    (known, other) = baseline.found(whole).items()

    for recorded, reasons in (
        ({}, [None, None]),
        (dict([known]), ["baseline", None]),
        (dict([other]), [None, "baseline"]),
        ({known[0]: replace(known[1], count=3)}, ["baseline", None]),
        ({known[0]: replace(known[1], count=1)}, [None, None]),
    ):
        marked = baseline.marked(whole, recorded)
        assert [each.suppressed for each in marked.findings] == reasons
        assert [(each.rule.code, each.count) for each in marked.findings] == [(OTHER, 2), ("TFL101", 1)]
        assert marked.path == "m.tflite"


def test_what_is_recorded_beyond_what_was_found_is_told_and_taken_out(baseline: Baseline) -> None:
    """In order, and only where the run could have found it; what was found beyond it is left out."""
    gone, fewer, same, more, unseen = (entry(fingerprint=name, count=2) for name in "gfsmu")
    recorded = Baseline(baseline.path, {"b": by_key(gone, unseen), "a": by_key(same, more, fewer), "c": by_key(gone)})
    found: Files = {"a": by_key(same, replace(more, count=3), replace(fewer, count=1))}

    excess = recorded.excess(found, lambda path, each: (path, each) != ("b", unseen))
    assert excess == [Excess("a", fewer, 1), Excess("b", gone, 0), Excess("c", gone, 0)]
    assert recorded.without(excess).files == {
        "a": by_key(same, more, replace(fewer, count=1)),
        "b": by_key(unseen),
        "c": {},
    }
    assert recorded.without(excess).path == baseline.path
    assert recorded.size == 6


def test_a_baseline_is_renewed_by_what_was_found(baseline: Baseline) -> None:
    """What the run could have found and did not goes; what it could not stays as it was, or grows."""
    gone, grown, unseen, fewer, more, new = (entry(fingerprint=name, count=2) for name in "grufmn")
    recorded = Baseline(baseline.path, {"a": by_key(gone, grown, unseen, fewer, more), "b": by_key(gone)})
    seen = (replace(grown, count=3), replace(fewer, count=1), replace(more, count=3))
    found: Files = {"a": by_key(*seen), "c": by_key(new)}

    renewed = recorded.renewed(found, lambda _, each: each in (gone, grown))
    assert renewed.files == {
        "a": by_key(replace(grown, count=3), unseen, fewer, replace(more, count=3)),
        "b": {},
        "c": by_key(new),
    }
    assert renewed.path == baseline.path
    assert recorded.size == 6
