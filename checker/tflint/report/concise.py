"""One line a finding, one line a verdict: for terminals without room, for grep and for editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.report.escape import no_commands, plain, short
from tflint.report.words import closing, finding_line, shown, verdict_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.findings import Report
    from tflint.report import Style


def render(report: Report, style: Style) -> Iterator[str]:
    """`path: severity CODE message (place)` and `path: target: verdict`."""
    for file in report.files:
        name = plain(file.path)
        lines = [] if style.quiet else [f"{name}: {verdict_line(verdict, file)}" for verdict in file.verdicts]
        for finding in shown(file.findings, style):
            severity, code = finding.severity.value, finding.rule.code
            text = finding_line(finding, len(report.targets))
            lines.append(f"{name}: {severity} {code} {text} ({short(finding.place.label)})")
        yield no_commands("".join(f"{line}\n" for line in lines))
    yield no_commands(f"{closing(report)}\n")
