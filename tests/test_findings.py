"""What a finding is for a run: whether it fails it, and how it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tflint.findings import FileReport, Finding, Report, Severity, Summary, hit
from tflint.fixer.edits.edit import ByHand
from tflint.model.path import Place
from tflint.registry import notices
from tflint.runtimes.verdict import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.findings import Threshold

ERROR, WARNING, INFO = Severity
PLACE = Place("/", "the model")
THRESHOLDS: tuple[Threshold, ...] = (ERROR, WARNING, INFO, "mandatory", None)


def finding(severity: Severity, *, mandatory: bool = False, suppressed: str | None = None) -> Finding:
    """One of a rule that is mandatory or not."""
    return Finding(
        rule=notices()["TFL001" if mandatory else "TFL002"].load(),
        file="m.tflite",
        place=PLACE,
        severity=severity,
        message="it is",
        data={},
        kind="Model",
        count=1,
        places=(PLACE,),
        related=(),
        targets=(),
        suppressed=suppressed,
        fix=(),
    )


def failed(one: Finding | Summary) -> list[Threshold]:
    """The thresholds that it fails."""
    return [threshold for threshold in THRESHOLDS if one.fails(threshold)]


def summary(*found: Finding) -> Summary:
    """Of one file."""
    return Summary([FileReport("m.tflite", findings=found)])


def test_severities_have_names_and_an_order() -> None:
    """The worst is 0; the names are those of settings and reports."""
    assert [(each.value, each.rank) for each in Severity] == [("error", 0), ("warning", 1), ("info", 2)]


def test_a_hit_is_what_a_rule_says() -> None:
    """Words are its data, all else has a name of its own."""
    bare, whole = hit(PLACE), hit(PLACE, related=(PLACE,), severity=INFO, fix=(ByHand("do"),), op="ADD")

    assert (bare.at, bare.data, bare.related, bare.severity, bare.fix) == (PLACE, {}, (), None, ())
    assert (whole.at, whole.data, whole.related) == (PLACE, {"op": "ADD"}, (PLACE,))
    assert (whole.severity, whole.fix) == (INFO, (ByHand("do"),))


@pytest.mark.parametrize(
    ("severity", "mandatory", "fails"),
    [
        (ERROR, False, [ERROR, WARNING, INFO]),
        (WARNING, False, [WARNING, INFO]),
        (INFO, False, [INFO]),
        (ERROR, True, [ERROR, WARNING, INFO, "mandatory"]),
        (WARNING, True, [WARNING, INFO]),
        (INFO, True, [INFO]),
    ],
)
def test_a_finding_fails_a_run_as_the_threshold_says(
    severity: Severity, mandatory: bool, fails: list[Threshold]
) -> None:
    """One of that severity or worse, an error of a mandatory rule, or none; what is suppressed never does."""
    open_one = finding(severity, mandatory=mandatory)
    suppressed = finding(severity, mandatory=mandatory, suppressed="why")

    assert failed(open_one) == failed(summary(open_one)) == fails
    assert failed(suppressed) == failed(summary(suppressed)) == []
    assert open_one.is_mandatory is ("mandatory" in fails)


def counted(files: Iterable[FileReport] = ()) -> tuple[int, list[int], int, int, list[str]]:
    """Models, findings by severity, those of mandatory rules and suppressed ones, and targets that nobody named."""
    one = Summary(files)
    return one.models, list(one.counts.values()), one.mandatory, one.suppressed, list(one.judged)


def test_a_summary_counts_what_files_say() -> None:
    """A file without verdicts is no model; a target that was named is not told."""
    found = [finding(ERROR), finding(ERROR), finding(WARNING), finding(INFO), finding(INFO), finding(INFO)]
    found += [finding(ERROR, mandatory=True), finding(WARNING, mandatory=True), *([finding(INFO, suppressed="")] * 2)]
    files = [
        FileReport(
            "a.tflite", (Verdict("old", "supported"), Verdict("new", "partial")), tuple(found), assumed_target=True
        ),
        FileReport("b.tflite", (Verdict("named", "supported"),), (finding(INFO),)),
        FileReport("tflint.toml", findings=(finding(WARNING),)),
    ]

    assert counted(files) == (2, [3, 3, 4], 1, 2, ["old", "new"])
    assert counted() == (0, [0, 0, 0], 0, 0, [])


def test_a_run_tells_what_it_was_to_check() -> None:
    """Models that it has to check and files that it leaves out; whoever ends it early says so."""
    none, some = Summary(), Summary(wanted=3, excluded=2)

    assert [(each.wanted, each.excluded, each.interrupted) for each in (none, some)] == [(0, 0, False), (3, 2, False)]


def test_a_report_counts_its_files_unless_they_are_a_stream() -> None:
    """A stream counts itself, in the summary that is given, as it is gone through."""
    rule = notices()["TFL001"].load()
    files = [FileReport("a", findings=(finding(ERROR), finding(INFO))), FileReport("b", findings=(finding(WARNING),))]
    report = Report(files, iter(("litert",)), rules=iter((rule,)))
    streamed = Report(iter(files), ("litert",), True, (), counting := Summary())

    assert (report.targets, report.rules, report.assumed_target) == (("litert",), (rule,), False)
    assert [each.severity for each in report.findings] == [ERROR, INFO, WARNING]
    assert report.summary.counts == {ERROR: 1, WARNING: 1, INFO: 1}
    assert (streamed.summary, streamed.assumed_target, streamed.rules) == (counting, True, ())
    assert counting.counts == {ERROR: 0, WARNING: 0, INFO: 0}


def test_what_is_not_known_of_a_file_is_empty() -> None:
    """No rule looked at it, nobody assumed a target for it, and nothing was measured or kept."""
    file = FileReport("m.tflite")

    assert (file.verdicts, file.findings, file.minimum, file.matched) == ((), (), (), frozenset())
    assert (file.ran, file.seconds, file.resume, file.assumed_target) == ({}, {}, {}, False)
