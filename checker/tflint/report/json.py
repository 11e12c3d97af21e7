"""The machine's report, schema-versioned: keys are added, never changed, within a version."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tflint import __version__
from tflint.findings import Severity

if TYPE_CHECKING:
    from tflint.findings import FileReport, Finding, Report
    from tflint.report import Style

SCHEMA_VERSION = 1


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - one form for all
    """One JSON object; see docs/json-report.md."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "tflite-lint", "version": __version__},
        "targets": list(report.targets),
        "assumed_target": report.assumed_target,
        "summary": {severity.value: report.count(severity) for severity in Severity},
        "files": [_file(file) for file in report.files],
    }
    return json.dumps(document, indent=2, ensure_ascii=True, default=str, allow_nan=False) + "\n"


def _file(file: FileReport) -> dict[str, Any]:
    return {
        "path": file.path,
        "verdicts": {v.target: {"verdict": v.value, "reasons": list(v.reasons)} for v in file.verdicts},
        "minimum_runtimes": list(file.minimum),
        "findings": [finding_object(finding) for finding in file.findings],
    }


def finding_object(finding: Finding) -> dict[str, Any]:
    """A finding as JSON has it."""
    return {
        "code": finding.rule.code,
        "name": finding.rule.name,
        "severity": finding.severity.value,
        "message": finding.message,
        "location": {"path": finding.place.path, "label": finding.place.label},
        "locations": [{"path": place.path, "label": place.label} for place in finding.places],
        "related": [{"path": place.path, "label": place.label} for place in finding.related],
        "data": {key: _value(value) for key, value in finding.data.items()},
        "count": finding.count,
        "targets": list(finding.targets),
        "suppressed": finding.suppressed,
        "url": finding.rule.url,
    }


def _value(value: Any) -> Any:
    """Data of a finding as JSON holds it: NaN and infinities as text, tuples as lists, bytes as hex."""
    if isinstance(value, float):
        return value if value - value == 0 else str(value)
    if isinstance(value, dict):
        return {str(key): _value(item) for key, item in value.items()}
    if isinstance(value, (tuple, list, set, frozenset)):
        return [_value(item) for item in value]
    if isinstance(value, (bytes, memoryview)):
        return bytes(value).hex()
    return value if value is None or isinstance(value, (bool, int, str)) else str(value)
