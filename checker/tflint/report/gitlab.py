"""GitLab's Code Quality report: what a merge request shows beside its changes.

GitLab keeps one finding of a fingerprint, and drops the rest of a report after the first that its schema refuses
(`CodequalityReports`, `Parsers::Codequality::CodeClimate` of GitLab). A binary has no lines: all stand on line 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.report.json import listed
from tflint.report.repository import holder, identified
from tflint.report.words import located_line, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.findings import Finding, Report
    from tflint.report import Style

SEVERITIES = {"error": "critical", "warning": "major", "info": "info"}


def render(report: Report, style: Style) -> Iterator[str]:
    """One JSON array; suppressed findings are not in it, for GitLab has no mark for them."""
    style = style._replace(suppressed=False)
    findings = (finding for file in report.files for finding in shown(file.findings, style))
    yield from listed(_issue(finding, identity, len(report.targets)) for finding, identity in identified(findings))
    yield "\n"


def _issue(finding: Finding, identity: str, targets: int) -> dict[str, Any]:
    return {
        "description": located_line(finding, targets),
        "check_name": f"{finding.rule.code} {finding.rule.name}",
        "fingerprint": identity,
        "severity": SEVERITIES[finding.severity.value],
        "location": {"path": holder(finding.file), "lines": {"begin": 1}},
    }
