"""What no longer holds of suppressions and of a baseline, from reports as a run gives them one by one."""

from __future__ import annotations

import glob
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from found import finding
from tflint.baseline import Baseline
from tflint.config.load import merged
from tflint.config.place import Origin
from tflint.config.settings import Suppression
from tflint.dataclass import replace
from tflint.findings import FileReport
from tflint.patterns import Glob
from tflint.plans import make
from tflint.registry import catalogue
from tflint.upkeep import Reach, Upkeep, ended

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.baseline import Files
    from tflint.engine import Plan
    from tflint.findings import Finding

CODE, OTHER = "TFL510", "TFL101"
PAST = date(2020, 1, 31)
FILE = Origin("tflint.toml", file=True)
LITERT, OLD = "litert-2.3.0", "tflite-2.12"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one, which is the current one, without links on the way."""
    monkeypatch.chdir(tmp_path)
    return tmp_path.resolve()


def plan(*suppressions: Suppression, targets: tuple[str, ...] = (LITERT,), **settings: Any) -> Plan:
    """One with these, each of the rule that it names."""
    made = make(merged([(FILE, {"target": targets, **settings})]), catalogue())
    return replace(made, suppressions=tuple((each, frozenset([each.rule])) for each in suppressions))


def suppression(reason: str = "why", pattern: str = "m.tflite", **given: Any) -> Suppression:
    """One in the current folder."""
    told: dict[str, Any] = {"path": Glob(pattern, str(Path.cwd())), "rule": CODE, "origin": FILE}
    return Suppression(reason=reason, **told | given)


def report(*findings: Finding, path: str = "m.tflite", ran: Iterable[str] = (CODE, OTHER), **given: Any) -> FileReport:
    """Of a model that two rules looked at."""
    return FileReport(path, findings=findings, ran=dict.fromkeys(ran, ""), **given)


def baseline(*findings: Finding) -> Baseline:
    """One that records these."""
    empty, files = Baseline(Path("base.json"), {}), dict[str, Any]()
    for each in findings:
        files.setdefault(empty.name(each.file), {}).update(empty.found(report(each)))
    return Baseline(empty.path, files)


def counts(files: Files) -> dict[str, list[tuple[str, int]]]:
    """Code and count of what is recorded, by path."""
    return {path: [(each.code, each.count) for each in entries.values()] for path, entries in files.items()}


def said(upkeep: Upkeep, by: Plan | None = None) -> list[tuple[str, str, dict[str, Any]]]:
    """File, code and data of all that holds no longer."""
    reports = upkeep.reports(upkeep.baseline, by or plan())
    return [(each.path, found.rule.code, dict(found.data)) for each in reports for found in each.findings]


def unused(*checked: tuple[Plan, FileReport], reach: Iterable[str] = (".",)) -> list[str]:
    """Reasons of the suppressions that are unused after a run without a baseline, which changes no report."""
    upkeep = Upkeep(Reach(reach))
    assert all(upkeep.add(by, each) is each for by, each in checked)
    return [data["reason"] for _, code, data in said(upkeep) if code == "TFL002"]


def stale(upkeep: Upkeep) -> list[tuple[str, str, int, int]]:
    """Path, code, found and recorded of what TFL004 is said of."""
    rows = [data for _, code, data in said(upkeep) if code == "TFL004"]
    return [(row["about"], row["code"], row["found"], row["recorded"]) for row in rows]


def test_all_that_is_in_a_folder_was_searched(folder: Path) -> None:
    """The folder itself as well, by whatever name, and not one whose name begins alike."""
    (folder / "link").symlink_to(folder / "a", target_is_directory=True)
    paths = ("a", "a/m.tflite", "a/b/m", str(folder / "a"), "link/m", "ab", "b/a", ".")

    for reach in (Reach(["a"]), Reach(["c", "link"])):
        assert [reach.searched(path) for path in paths] == [True] * 5 + [False] * 3
    assert not any(map(Reach([]).searched, paths))


@pytest.mark.parametrize(
    ("pattern", "path", "searched", "covered"),
    [
        ("a/m.tflite", "a/m.tflite", (), True),  # that file and no other
        ("./m.tflite", "m.tflite", (), True),
        ("a/~", "a/~", (), True),
        ("a/m.zip", "a/m.zip!/m.tflite", (), False),  # others may be in it
        ("a/m.zip", "a/m.zip!/m.tflite", ("a",), True),
        ("a/b", "a/b/m.tflite", ("a/b/c",), False),
        ("a/b", "a/b/m.tflite", ("a/b",), True),
        ("m.tflite", "m.tflite", (), False),  # at any depth
        ("m.tflite", "a/m.tflite", ("a",), False),
        ("m.tflite", "a/m.tflite", (".",), True),
        ("a/", "b/a/m.tflite", ("b",), False),
        ("a/", "b/a/m.tflite", (".",), True),
        ("*", "m.tflite", (), False),
        ("*", "a/m.tflite", ("a",), False),
        ("*/m.tflite", "a/m.tflite", ("a",), False),
        ("a/b/*.tflite", "a/b/m.tflite", ("a/b",), True),
        ("a/b/*.tflite", "a/b/m.tflite", ("a/c",), False),
        ("a/[b]/m.tflite", "a/b/m.tflite", ("a",), True),
        ("a/?/m.tflite", "a/b/m.tflite", ("a/b",), False),
        ("a/b*/m.tflite", "a/b/m.tflite", ("a",), True),
    ],
)
def test_what_a_glob_is_about_was_seen(pattern: str, path: str, searched: tuple[str, ...], covered: bool) -> None:
    """All of it: by the file that it names, or by the folder in which all that it matches is."""
    here = str(Path.cwd())
    assert Glob(pattern, here).matches(f"{here}/{path}")

    assert Reach(searched).covers(Glob(pattern, here), f"{here}/{path}") is covered


def test_a_sidecar_is_about_its_model_alone(folder: Path) -> None:
    """Whatever marks of globs are in the model's name; nothing else has to be seen."""
    for name in ("m.tflite", "[m]*.tflite"):
        path = str(folder / name)
        assert Reach([]).covers(Glob(glob.escape(path), str(folder)), path)


def test_a_rule_that_crashed_did_not_come_to_an_end() -> None:
    """Those that ran, without those that TFL000 names."""
    crash = finding("TFL000", data={"crashed_rule": CODE})

    assert ended(report(finding(CODE))) == {CODE, OTHER}
    assert ended(report(finding(CODE), crash)) == {OTHER}


def test_a_suppression_is_unused_where_no_file_of_its_has_what_it_is_for() -> None:
    """It is said once, on the file that it stands in, whichever configurations it came by and however many it is of."""
    unlike = suppression("other", pattern="x.tflite")
    upkeep = Upkeep(Reach(["."]))
    for path in ("m.tflite", "a/m.tflite"):
        upkeep.add(plan(unlike, suppression()), report(path=path))

    (found,) = upkeep.reports(None, plan())
    (notice,) = found.findings
    assert said(upkeep) == [("tflint.toml", "TFL002", {"selector": CODE, "about": "m.tflite", "reason": "why"})]
    assert notice.place == ("/suppress/0", f"the suppression of {CODE} in m.tflite")
    assert unused((plan(unlike, suppression("a"), suppression("b")), report(matched=frozenset([1])))) == ["b"]


def test_a_suppression_is_used_by_any_file_of_its() -> None:
    """The first, or the last; what is not about a file is not judged by it."""
    matched, not_so = report(matched=frozenset([0])), report(path="a/m.tflite")

    for reports in ((matched, not_so), (not_so, matched)):
        assert unused(*((plan(suppression()), each) for each in reports)) == []
    assert unused((plan(suppression()), report(path="n.tflite"))) == []


def test_a_suppression_is_judged_where_its_rule_ended_in_all_that_it_is_about() -> None:
    """In every file of its, with all folders searched in which there may be more of them."""
    by, none = plan(suppression()), report()

    assert unused((by, report(ran=[CODE]))) == ["why"]
    assert unused((by, report(ran=[OTHER]))) == []
    assert unused((by, report(finding("TFL000", data={"crashed_rule": CODE})))) == []
    assert unused((by, none), reach=()) == []
    for reports in ((none, report(path="a/m.tflite", ran=[])), (report(path="a/m.tflite", ran=[]), none)):
        assert unused(*((by, each) for each in reports)) == []


def test_a_suppression_is_expired_where_it_would_have_been_used() -> None:
    """One that matches nothing is unused, as any is; one that holds is neither."""
    past, future = suppression("past", expires=PAST), suppression("future", expires=date(2999, 1, 1))
    upkeep = Upkeep(Reach(["."]))
    upkeep.add(plan(past, future, suppression("no day")), report(matched=frozenset([0, 1, 2])))

    words = {"selector": CODE, "about": "m.tflite", "reason": "past", "expires": "2020-01-31"}
    assert said(upkeep) == [("tflint.toml", "TFL003", words)]
    assert unused((plan(past), report())) == ["past"]


def test_notices_stand_in_order_and_are_left_out_with_their_rule() -> None:
    """By file, then by code; a file that nothing is said of has no report."""
    upkeep = Upkeep(Reach(["."]), baseline(finding(CODE, file="gone.tflite")))
    by = plan(
        suppression("a", origin=Origin("z.toml", file=True)),
        suppression("b", expires=PAST),
        suppression("c"),
    )
    upkeep.add(by, report(matched=frozenset([1])))

    assert [row[:2] for row in said(upkeep)] == [
        ("base.json", "TFL004"),
        ("tflint.toml", "TFL002"),
        ("tflint.toml", "TFL003"),
        ("z.toml", "TFL002"),
    ]
    assert [row[0] for row in said(upkeep, plan(ignore=("TFL002", "TFL004")))] == ["tflint.toml"]
    assert [each.path for each in upkeep.reports(None, plan(ignore=("TFL002",)))] == ["tflint.toml"]
    assert {row[0] for row in said(Upkeep(Reach(["."])))} == set()


def test_what_a_baseline_records_is_marked_in_its_file() -> None:
    """A report of a file of which it records nothing is as it was; TFL004 tells what is recorded in excess."""
    upkeep = Upkeep(Reach([]), baseline(finding(CODE, count=2), finding(OTHER, count=3)))
    other = report(finding(CODE, file="n.tflite"), path="n.tflite")

    assert upkeep.add(plan(), other) is other
    marked = upkeep.add(plan(), report(finding(CODE)))
    assert [(each.rule.code, each.count, each.suppressed) for each in marked.findings] == [(CODE, 1, "baseline")]
    words = {"about": "m.tflite", "recorded_message": "words"}
    assert said(upkeep) == [
        ("base.json", "TFL004", {**words, "code": OTHER, "found": 0, "recorded": 3}),
        ("base.json", "TFL004", {**words, "code": CODE, "found": 1, "recorded": 2}),
    ]
    (found,) = upkeep.reports(upkeep.baseline, plan())
    assert found.findings[0].place == ("/files/m.tflite", "m.tflite")


def test_a_file_that_is_reached_twice_has_its_findings_once() -> None:
    """By another path they are the same ones."""
    held = baseline(finding(CODE, count=2))
    upkeep = Upkeep(Reach([]), held)
    for path in ("m.tflite", "a/../m.tflite"):
        upkeep.add(plan(), report(finding(CODE, file=path), path=path))

    assert stale(upkeep) == [("m.tflite", CODE, 1, 2)]
    assert counts(upkeep.pruned(held).files) == {"m.tflite": [(CODE, 1)]}


def test_a_baseline_that_is_renewed_takes_all_that_was_found() -> None:
    """New files too, and each finding is marked as it will be from now on."""
    held = baseline(finding(CODE))
    upkeep = Upkeep(Reach(["."]), held, renew=True)
    for path in ("m.tflite", "n.tflite"):
        both = finding(OTHER, count=2, file=path), finding(CODE, count=3, file=path)
        marked = upkeep.add(plan(), report(*both, path=path))
        assert [each.suppressed for each in marked.findings] == ["baseline", "baseline"]

    found = [(OTHER, 2), (CODE, 3)]
    assert {path: sorted(rows) for path, rows in counts(upkeep.renewed(held).files).items()} == {
        "m.tflite": sorted(found),
        "n.tflite": sorted(found),
    }


def test_what_is_recorded_of_a_file_that_is_gone_is_stale_where_it_would_have_been_seen(folder: Path) -> None:
    """A file that is there and was not checked is not judged, nor is a link that leads nowhere."""
    (folder / "a").mkdir()
    (folder / "a" / "there.tflite").touch()
    (folder / "a" / "link.tflite").symlink_to("nowhere")
    names = ("a/there.tflite", "a/link.tflite", "a/gone.tflite", "b/gone.tflite")
    held = baseline(*(finding(CODE, file=name) for name in names))

    upkeep = Upkeep(Reach(["a"]), held)
    assert stale(upkeep) == [("a/gone.tflite", CODE, 0, 1)]
    assert [name for name, rows in counts(upkeep.pruned(held).files).items() if not rows] == ["a/gone.tflite"]
    assert stale(Upkeep(Reach([]), held)) == []


def test_what_is_recorded_is_judged_by_all_its_targets() -> None:
    """By a run for more of them as well; where its rule did not come to an end it is not."""
    for targets, judged in (((LITERT,), [(), (LITERT,)]), ((OLD, LITERT), [(), (LITERT,), (OLD,), (LITERT, OLD)])):
        for recorded in ((), (LITERT,), (OLD,), (LITERT, OLD)):
            held = baseline(finding(CODE, targets=recorded))
            for ran, wanted in ((CODE, recorded in judged), (OTHER, False)):
                upkeep = Upkeep(Reach([]), held)
                upkeep.add(plan(targets=targets), report(ran=[ran]))
                assert bool(stale(upkeep)) is wanted
