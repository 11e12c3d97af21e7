"""The machine's report, schema-versioned: keys are added, never changed, within a version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tflint import __version__
from tflint.findings import Severity
from tflint.plain import plain_value
from tflint.report.escape import encoded

if TYPE_CHECKING:
    from tflint.findings import FileReport, Finding, Report
    from tflint.report import Style

SCHEMA_VERSION = 1


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - one form for all
    """One JSON object; see docs/json-report.md."""
    return dumped({**run_object(report), "files": [file_object(file) for file in report.files]})


def run_object(report: Report) -> dict[str, Any]:
    """Give what is said of the run as a whole."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "tflite-lint", "version": __version__},
        "targets": list(report.targets),
        "assumed_target": report.assumed_target,
        "summary": {severity.value: report.count(severity) for severity in Severity},
    }


def dumped(document: Any, indent: int | None = 2) -> str:
    """Write strict JSON in ASCII, so that a log or a terminal may print it: no NaN, no control, no lone surrogate."""
    return encoded(json.dumps(plain_value(document), indent=indent, ensure_ascii=True, allow_nan=False)) + "\n"


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
