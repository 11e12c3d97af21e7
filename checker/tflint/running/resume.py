"""What a report has to say of a model for a later run to take it as it is, and the report back from what it said.

A model is taken for the same by where it is, its size and its time of change, for its weights are never read; a check
by all that a plan and contracts hold, and by the release of tflint. What is remembered is remembered from before the
check.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from tflint import __version__
from tflint.config.settings import Suppression
from tflint.dataclass import fields, replace
from tflint.engine import UNFINISHED, UNREADABLE
from tflint.findings import FileReport, Finding, Severity
from tflint.model.path import Place
from tflint.plain import plain_value
from tflint.registry import CORE
from tflint.report.json import file_object
from tflint.running.job import UNOPENED, State
from tflint.runtimes.verdict import Verdict
from tflint.suppress import expired

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tflint.engine import Plan
    from tflint.fixer.edits.edit import Edit
    from tflint.registry import Entry
    from tflint.running.job import Job

DIGITS = 32  # of a key
DIGEST = "digest"  # of a line


class Keys:
    """What models and the checks of them are known again by."""

    def __init__(self) -> None:
        self._plans: dict[int, str] = {}

    def of(self, job: Job) -> State | None:
        """As it is now; None for what cannot be known again."""
        if job.artifact.is_url:
            return None
        try:
            found = os.stat(job.artifact.where)  # noqa: PTH116 - a path is text here
        except OSError:
            return None
        key = self._plans.get(id(job.plan)) or self._plans.setdefault(id(job.plan), _key(job.plan))
        contracts = repr(job.contracts) if job.contracts else ""
        where = os.path.abspath(job.artifact.where)  # noqa: PTH100 - same
        return State(found.st_size, found.st_mtime_ns, _digest([key, contracts, where, *job.artifact]))


def _key(plan: Plan) -> str:
    packs = {entry.module: _source(entry) for entry in plan.entries if entry.pack != CORE}
    return _digest([__version__, _plain(plan), packs])


def _source(entry: Entry) -> list[int]:
    """A rule of a pack changes without a release of ours."""
    try:
        spec = importlib.util.find_spec(entry.module)
        found = os.stat(spec.origin or "") if spec else None  # noqa: PTH116 - same
    except (ImportError, ValueError, OSError):
        return []
    return [found.st_size, found.st_mtime_ns] if found else []


def _digest(value: object) -> str:
    text = json.dumps(plain_value(value), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _plain(value: object) -> object:
    """All that a plan holds, as JSON has it, the same in every process."""
    if isinstance(value, Suppression):
        names = [name for name in Suppression.__slots__ if name != "origin"]
        return [*(_plain(getattr(value, name)) for name in names), expired(value)]
    if hasattr(value, "__dataclass_fields__"):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(cast("Any", value))}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return plain_value(value)


def finished(job: Job, report: FileReport) -> FileReport:
    """The report with what a later run needs beside what JSON says of it, unless the model is to be checked again.

    That is one whose check did not finish, or that could not be opened, which may be otherwise next time; and one with
    a name that JSON has not as it is.
    """
    if job.state is None or _passing(report) or not _is_text("".join(_texts(report))):
        return report
    known = {
        **job.state._asdict(),
        "stages": [verdict.stage for verdict in report.verdicts],
        "findings": [[finding.kind, finding.suppressed] for finding in report.findings],
        "matched": sorted(report.matched),
        "left_out": [code for code in job.plan.ran() if code not in report.ran],
    }
    return replace(report, resume={**known, DIGEST: _said({**file_object(report), "resume": known})})


def state_of(row: Any) -> State | None:
    """What the model of a line was known by; None where that is not told, or where the line is damaged."""
    try:
        known = dict(row["resume"])
        if known.pop(DIGEST) == _said({**row, "resume": known}):
            return State(*(known[name] for name in State._fields))
    except (LookupError, TypeError, ValueError, RecursionError):
        pass
    return None


def _said(row: Mapping[str, Any]) -> str:
    """The digest of what a line says, but for the marks of a baseline, which are made anew."""
    return _digest({**row, "findings": [{**finding, "suppressed": None} for finding in row["findings"]]})


def _passing(report: FileReport) -> bool:
    """It speaks of the run more than of the model."""
    reasons = {reason for verdict in report.verdicts for reason in verdict.reasons}
    problems = [str(f.data.get("problem")) for f in report.findings if f.rule.code == UNREADABLE]
    unread = UNREADABLE in reasons and not problems
    return UNFINISHED in reasons or unread or any(problem.startswith(UNOPENED) for problem in problems)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character
        return False
    return True


def _texts(report: FileReport) -> Iterable[str]:
    """Those of a report that come from a model, a rule or a file's name."""
    yield report.path
    for finding in report.findings:
        yield finding.message
        yield finding.kind
        yield from (text for place in (finding.place, *finding.places, *finding.related) for text in place)
        yield from (edit.title for edit in finding.fix)


class _Told(NamedTuple):
    """Of an edit, what reports say."""

    title: str
    applicability: str


def restored(row: Mapping[str, Any], job: Job, rules: Mapping[str, Entry]) -> FileReport:
    """The report that a line was made of. Raises LookupError, TypeError, ValueError or AttributeError for another."""
    known = row["resume"]
    left_out = set(known["left_out"])
    name = job.artifact.name
    verdicts = zip(row["verdicts"].items(), known["stages"], strict=True)
    return FileReport(
        name,
        tuple(Verdict(target, v["verdict"], tuple(v["reasons"]), stage) for (target, v), stage in verdicts),
        tuple(
            _finding(each, name, rules[each["code"]], kind, suppressed)
            for each, (kind, suppressed) in zip(row["findings"], known["findings"], strict=True)
        ),
        tuple(row["minimum_runtimes"]),
        {code: rule for code, rule in job.plan.ran().items() if code not in left_out},
        job.plan.assumed_target,
        frozenset(known["matched"]),
        resume=known,
    )


def _finding(row: Mapping[str, Any], name: str, entry: Entry, kind: str, suppressed: str | None) -> Finding:
    edits = tuple(_Told(edit["edit"], edit["applicability"]) for edit in row["fix"])
    return Finding(
        rule=entry.load(),
        file=name,
        place=Place(**row["location"]),
        severity=Severity(row["severity"]),
        message=row["message"],
        data=row["data"],
        kind=kind,
        count=row["count"],
        places=tuple(Place(**place) for place in row["locations"]),
        related=tuple(Place(**place) for place in row["related"]),
        targets=tuple(row["targets"]),
        suppressed=suppressed,
        fix=cast("tuple[Edit, ...]", edits),
    )
