"""One line a finding, one line a verdict: for terminals without room, for grep and for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.report.escape import no_commands, plain, short
from tflint.report.words import closing, finding_line, shown, verdict_line

if TYPE_CHECKING:
    from tflint.findings import Report
    from tflint.report import Style


def render(report: Report, style: Style) -> str:
    """`path: severity CODE message (place)` and `path: target: verdict`."""
    lines = []
    for file in report.files:
        name = plain(file.path)
        if not style.quiet:
            lines += [f"{name}: {verdict_line(verdict, file)}" for verdict in file.verdicts]
        for finding in shown(file.findings, style):
            severity, code = finding.severity.value, finding.rule.code
            text = finding_line(finding, len(report.targets))
            lines.append(f"{name}: {severity} {code} {text} ({short(finding.place.label)})")
    return no_commands("\n".join([*lines, closing(report)]) + "\n")
