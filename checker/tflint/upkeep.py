"""What of suppressions and of the baseline holds no longer: said as findings on the file that has them.

A run speaks only of what it can know: of the files that it checked, by the rules that came to an end in them, and of
the folders that it searched.
"""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from tflint.artifacts.artifact import absolute
from tflint.config.load import shown
from tflint.engine import CRASHED, said
from tflint.findings import FileReport, Hit
from tflint.model.path import Place
from tflint.suppress import expired

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint.baseline import Baseline, Entry, Excess, Key
    from tflint.config.settings import Suppression
    from tflint.engine import Plan
    from tflint.patterns import Glob

UNUSED, EXPIRED, STALE = "TFL002", "TFL003", "TFL004"

Note = tuple[str, str, Hit]  # the file that it is about, the code, and what is said


class Reach:
    """Folders with all that is in them: what a run has seen beside the files that it checked."""

    def __init__(self, folders: Iterable[str]) -> None:
        self.folders = [os.path.realpath(folder) for folder in folders]

    def searched(self, path: str) -> bool:
        """Whether all that may be at a path, or in it, was seen."""
        real = os.path.realpath(path)
        return any(real == folder or real.startswith(os.path.join(folder, "")) for folder in self.folders)

    def covers(self, pattern: Glob, path: str) -> bool:
        """Whether all that a pattern matches was seen; it matches the path, which was."""
        fixed = re.split(r"[*?\[]", pattern.pattern)[0]
        if fixed == pattern.pattern and "/" in fixed.rstrip("/"):
            where = os.path.normpath(os.path.join(pattern.folder, fixed))
            return where == path or self.searched(where)
        return pattern.pattern == glob.escape(path) or self.searched(
            os.path.join(pattern.folder, os.path.dirname(fixed))
        )


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


class Upkeep:
    """What a run says of suppressions and of its baseline, from file after file."""

    def __init__(self, reach: Reach, baseline: Baseline | None = None, *, renew: bool = False) -> None:
        """`renew`: the baseline is to be that of this run."""
        self.reach, self.baseline, self.renew = reach, baseline, renew
        self._uses: dict[tuple[object, ...], _Use] = {}
        self._found: dict[str, dict[Key, Entry]] = {}  # by the baseline's name of a file
        self._seen: dict[str, tuple[frozenset[str], Plan]] = {}  # same; rules that came to an end, and the plan
        self._codes: dict[frozenset[str], frozenset[str]] = {}  # one of each that are equal

    def add(self, plan: Plan, report: FileReport) -> FileReport:
        """The report with what the baseline holds suppressed."""
        codes = ended(report)
        codes = self._codes.setdefault(codes, codes)
        self._use(plan, report, codes)
        if self.baseline is None:
            return report
        name = self.baseline.name(report.path)
        recorded = self.baseline.files.get(name, {})
        if not (self.renew or recorded):
            return report
        self._seen[name] = codes, plan
        mine = self.baseline.found(report)
        self._found.setdefault(name, {}).update(mine)  # a file may be reached by two paths
        return self.baseline.marked(report, mine if self.renew else recorded)

    def renewed(self, baseline: Baseline) -> Baseline:
        """The baseline of what was found."""
        return baseline.renewed(self._found, partial(self._judged, baseline))

    def pruned(self, baseline: Baseline) -> Baseline:
        """The baseline without what was not found any more."""
        return baseline.without(baseline.excess(self._found, partial(self._judged, baseline)))

    def reports(self, baseline: Baseline | None, plan: Plan) -> list[FileReport]:
        """What holds no longer of suppressions and of the baseline, as it is by now, by the file that it stands in."""
        notes = [*self._of_suppressions()]
        if baseline is not None:
            notes += of_baseline(baseline, baseline.excess(self._found, partial(self._judged, baseline)))
        return reports_of(notes, plan)

    def _use(self, plan: Plan, report: FileReport, codes: frozenset[str]) -> None:
        path = absolute(report.path)
        for number, (each, about) in enumerate(plan.suppressions):
            if not each.path.matches(path):
                continue
            key = (each.origin.name, each.path, each.rule, each.where, each.reason)
            use = self._uses.setdefault(key, _Use(each))
            use.matched |= number in report.matched
            use.judged &= about <= codes and self.reach.covers(each.path, path)

    def _judged(self, baseline: Baseline, path: str, entry: Entry) -> bool:
        """Whether the run could have found what a baseline records of a path."""
        if path not in self._seen:
            where = baseline.absolute(path)
            return not os.path.lexists(where) and self.reach.searched(where)
        codes, plan = self._seen[path]
        return entry.code in codes and {profile.id for profile in plan.profiles}.issuperset(entry.targets)

    def _of_suppressions(self) -> Iterator[Note]:
        """Suppressions that match nothing, and those that match and are past their last day."""
        for number, use in enumerate(self._uses.values()):
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
