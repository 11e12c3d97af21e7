"""The machine's report, schema-versioned: keys are added, never changed, within a version."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING, Any

from tflint import __version__
from tflint.plain import plain_value
from tflint.report.escape import encoded

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint.findings import FileReport, Finding, Report
    from tflint.report import Style

SCHEMA_VERSION = 1
TOOL = "tflite-lint"
OPENING = f'{{"schema_version": {SCHEMA_VERSION}, "tool": {{"name": "{TOOL}", '.encode()  # of a line for the head


def render(report: Report, style: Style) -> Iterator[str]:  # noqa: ARG001 - one form for all
    """One JSON object; see docs/json-report.md."""
    deque(report.files, maxlen=0)  # what they come to stands first
    yield dumped({**head_object(report), **end_object(report)}).removesuffix("\n}\n") + ',\n  "files": '
    yield from listed(map(file_object, report.files), "  ")
    yield "\n}\n"


def head_object(report: Report) -> dict[str, Any]:
    """Give what is known of a run before it begins."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": TOOL, "version": __version__},
        "targets": list(report.targets),
        "assumed_target": report.assumed_target,
    }


def end_object(report: Report) -> dict[str, Any]:
    """Give what is known of a run when it is over."""
    run = report.summary
    counts = {severity.value: count for severity, count in run.counts.items()}
    return {"summary": counts, "interrupted": run.interrupted, "excluded": run.excluded}


def dumped(document: Any, indent: int | None = 2) -> str:
    """Write strict JSON in ASCII, so that a log or a terminal may print it: no NaN, no control, no lone surrogate."""
    return encoded(json.dumps(plain_value(document), indent=indent, ensure_ascii=True, allow_nan=False)) + "\n"


def listed(items: Iterable[Any], indent: str = "") -> Iterator[str]:
    """An array, an item at a time, in the words of `dumped`; `indent`: of the line that it begins in."""
    before = "["
    for item in items:
        text = dumped(item).removesuffix("\n").replace("\n", f"\n{indent}  ")
        yield f"{before}\n{indent}  {text}"
        before = ","
    yield "[]" if before == "[" else f"\n{indent}]"


def file_object(file: FileReport) -> dict[str, Any]:
    """Give a file as JSON has it."""
    return {
        "path": file.path,
        "verdicts": {v.target: {"verdict": v.value, "reasons": list(v.reasons)} for v in file.verdicts},
        "minimum_runtimes": list(file.minimum),
        "findings": [finding_object(finding) for finding in file.findings],
    }


def finding_object(finding: Finding) -> dict[str, Any]:
    """Give a finding as JSON has it."""
    return {
        "code": finding.rule.code,
        "name": finding.rule.name,
        "severity": finding.severity.value,
        "message": finding.message,
        "location": {"path": finding.place.path, "label": finding.place.label},
        "locations": [{"path": place.path, "label": place.label} for place in finding.places],
        "related": [{"path": place.path, "label": place.label} for place in finding.related],
        "data": dict(finding.data),
        "count": finding.count,
        "targets": list(finding.targets),
        "suppressed": finding.suppressed,
        "fix": [{"edit": edit.title, "applicability": edit.applicability} for edit in finding.fix],
    }
