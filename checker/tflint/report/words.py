"""What the reports for people say in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.artifacts.artifact import parted
from tflint.report.escape import LONGEST_MESSAGE, plain, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.findings import FileReport, Finding, Report, Summary
    from tflint.report import Style
    from tflint.runtimes.verdict import Verdict

NAMED = 6  # targets of a finding; more are counted
MEANING = {
    "supported": "loads and allocates",
    "partial": "loads and allocates, but part of it fails when reached",
    "unsupported": "does not load",
    "unknown": "no measured fact decides",
}


def meaning(verdict: Verdict) -> str:
    """Say what a verdict means."""
    if verdict.value == "unsupported" and verdict.stage == "allocate":
        return "loads, but allocate_tensors() fails"
    if verdict.stage == "delegate":
        return "the accelerator, or its compiler, refuses it as a whole"
    if verdict.stage == "cpu":
        return "loads, and part of it stays on the CPU"
    return MEANING[verdict.value]


def shown(findings: Iterable[Finding], style: Style) -> list[Finding]:
    """Give the findings that a reader is to see: suppressed ones if asked, and when quiet only what fails the run."""
    return [
        f
        for f in findings
        if (style.suppressed if f.suppressed is not None else not style.quiet or f.fails(style.threshold))
    ]


def finding_line(finding: Finding, targets: int) -> str:
    """Give the message, how often, and on which targets where not on all."""
    times = f" [{finding.count} times]" if finding.count > 1 else ""
    named = len(finding.targets)
    those = plain(", ".join(finding.targets)) if named <= NAMED else f"{named} of {targets} targets"
    where = f" [{those}]" if targets > 1 and 0 < named < targets else ""
    reason = f" [suppressed: {short(finding.suppressed)}]" if finding.suppressed is not None else ""
    return f"{short(finding.message, LONGEST_MESSAGE)}{times}{where}{reason}"


def located_line(finding: Finding, targets: int) -> str:
    """`finding_line`, the first place and the member of an archive, for where nothing else says it."""
    member = parted(finding.file)[2]
    where = f" in {short(member)}" if member else ""
    return f"{finding_line(finding, targets)} (at {short(finding.place.label)}{where})"


def verdict_line(verdict: Verdict, file: FileReport) -> str:
    """`litert-2.3.0: unsupported: does not load (TFL201)`."""
    reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
    text = f"{plain(verdict.target)}: {verdict.value}: {meaning(verdict)}{reasons}"
    return text + (f"; {needs(file)}" if file.assumed_target and file.minimum else "")


def needs(file: FileReport) -> str:
    """Name the oldest runtimes whose tables hold every operator."""
    return f"its operators need {' or '.join(file.minimum)} or newer"


def closing(report: Report) -> str:
    """Sum up the run, which is over: the last line."""
    run = report.summary
    counts = ((count, severity.value) for severity, count in run.counts.items())
    found = ", ".join(f"{n} {word}{'s' if n != 1 and word != 'info' else ''}" for n, word in counts)
    assumed = f", no target named: judged against {plain(', '.join(run.judged))}" if run.judged else ""
    hidden = f", {run.suppressed} suppressed" if run.suppressed else ""
    excluded = f", {run.excluded} excluded" if run.excluded else ""
    broken = f"; {interrupted(run)}" if run.interrupted else ""
    return f"{run.models} model{'s' if run.models != 1 else ''}: {found}{hidden}{excluded}{assumed}{broken}"


def interrupted(run: Summary) -> str:
    """How far a run came that was ended before its end."""
    if not run.wanted:
        return "interrupted before models were checked"
    return f"interrupted: {run.models:,} of {run.wanted:,} models checked"
