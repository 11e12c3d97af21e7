"""What of suppressions and of the baseline holds no longer: said as findings on the file that has them.

A run speaks only of what it can know: of the files that it checked, by the rules that came to an end in them, and of
the folders that it searched.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tflint.artifact import absolute
from tflint.config.load import shown
from tflint.engine import CRASHED, said
from tflint.findings import FileReport, Hit
from tflint.model.path import Place
from tflint.suppress import expired

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tflint.baseline import Baseline, Entry, Excess
    from tflint.config.settings import Suppression
    from tflint.engine import Plan
    from tflint.patterns import Glob
    from tflint.work import Job

UNUSED, EXPIRED, STALE = "TFL002", "TFL003", "TFL004"

Note = tuple[str, str, "Hit"]  # the file that it is about, the code, and what is said


class Reach:
    """What a run has seen: files with their plans and reports, and folders with all that is in them."""

    def __init__(self, folders: Iterable[str], jobs: Sequence[Job], reports: Sequence[FileReport]) -> None:
        self.folders = [os.path.realpath(folder) for folder in folders]
        self.jobs, self.reports = jobs, reports

    def searched(self, path: str) -> bool:
        """Whether all that may be at a path, or in it, was seen."""
        real = os.path.realpath(path)
        return any(real == folder or real.startswith(os.path.join(folder, "")) for folder in self.folders)

    def covers(self, pattern: Glob, path: str) -> bool:
        """Whether all that a pattern matches was seen; it matches the path, which was."""
        fixed = re.split(r"[*?\[]", pattern.pattern)[0]
        if fixed == pattern.pattern and "/" in fixed.removeprefix("./").rstrip("/"):
            where = os.path.normpath(os.path.join(pattern.folder, fixed))
            return where == path or self.searched(where)
        return pattern.pattern == glob.escape(path) or self.searched(
            os.path.join(pattern.folder, os.path.dirname(fixed))
        )

    def judges(self, baseline: Baseline) -> Callable[[str, Entry], bool]:
        """Whether the run could have found what a baseline records of a path."""
        both = zip(self.jobs, self.reports, strict=True)
        seen = {baseline.name(report.path): (ended(report), job.plan) for job, report in both}

        def judged(path: str, entry: Entry) -> bool:
            if path not in seen:
                where = baseline.absolute(path)
                return not os.path.lexists(where) and self.searched(where)
            codes, plan = seen[path]
            here = {profile.id for profile in plan.profiles}
            return entry.code in codes and (not entry.targets or not here.isdisjoint(entry.targets))

        return judged


def ended(report: FileReport) -> frozenset[str]:
    """Codes of the rules that came to an end in a file."""
    crashed = {f.data["crashed_rule"] for f in report.findings if f.rule.code == CRASHED}
    return frozenset(report.ran) - crashed


@dataclass(slots=True)
class _Use:
    """What became of a suppression in the files that it is about."""

    suppression: Suppression
    matched: bool = False
    judged: bool = True


def of_suppressions(reach: Reach) -> Iterator[Note]:
    """Suppressions that match nothing, and those that match and are past their last day."""
    uses: dict[tuple[object, ...], _Use] = {}
    for job, report in zip(reach.jobs, reach.reports, strict=True):
        path = absolute(report.path)
        for number, (each, codes) in enumerate(job.plan.suppressions):
            if not each.path.matches(path):
                continue
            use = uses.setdefault((each.origin.name, each.path, each.rule, each.where, each.reason), _Use(each))
            use.matched |= number in report.matched
            use.judged &= codes <= ended(report) and reach.covers(each.path, path)
    for number, use in enumerate(uses.values()):
        each = use.suppression
        about = shown(str(each.path))
        at = Place(f"/suppress/{number}", f"the suppression of {each.rule} in {about}")
        words: dict[str, Any] = {"selector": each.rule, "about": about, "reason": each.reason}
        if use.matched and expired(each):
            yield each.origin.name, EXPIRED, Hit(at, {**words, "expires": str(each.expires)})
        elif use.judged and not use.matched:
            yield each.origin.name, UNUSED, Hit(at, words)


def of_baseline(baseline: Baseline, excess: Iterable[Excess]) -> Iterator[Note]:
    """What a baseline records beyond what there is."""
    for each in excess:
        at = Place(f"/files/{each.path}", each.path)
        data = {
            "about": each.path,
            "code": each.entry.code,
            "found": each.found,
            "recorded": each.entry.count,
            "recorded_message": each.entry.message,
        }
        yield str(baseline.path), STALE, Hit(at, data)


def reports_of(notes: Iterable[Note], plan: Plan) -> list[FileReport]:
    """A report for each file that there is something to say of."""
    by_file: dict[str, dict[str, list[Hit]]] = {}
    for file, code, found in notes:
        by_file.setdefault(file, {}).setdefault(code, []).append(found)
    reports = [
        FileReport(
            file, findings=tuple(f for code, hits in sorted(codes.items()) for f in said(code, hits, plan, file))
        )
        for file, codes in sorted(by_file.items())
    ]
    return [report for report in reports if report.findings]


def settled(reach: Reach, baseline: Baseline | None, plan: Plan) -> list[FileReport]:
    """Reports with what the baseline holds suppressed, and behind them those of what holds no longer."""
    notes, reports = [*of_suppressions(reach)], list(reach.reports)
    if baseline is not None:
        notes += of_baseline(baseline, baseline.excess(reports, reach.judges(baseline)))
        reports = [baseline.marked(report) for report in reports]
    return [*reports, *reports_of(notes, plan)]
