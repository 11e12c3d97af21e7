"""Annotations of a GitHub Actions run, by workflow commands.

GitHub shows at most 10 errors, 10 warnings and 10 notices of a step, so the worst come first and one notice counts the
rest. A binary has no lines: all stand on line 1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.report.escape import command_data, command_property, plain
from tflint.report.repository import holder
from tflint.report.words import closing, located_line, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.findings import Finding, Report
    from tflint.report import Style

SHOWN = 10
COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}


def render(report: Report, style: Style) -> Iterator[str]:
    """Workflow commands, then the closing line for the log."""
    style = style._replace(suppressed=False)  # an annotation is there to be acted upon
    first: dict[str, list[Finding]] = {severity: [] for severity in COMMANDS}
    count = 0
    full = False
    for finding in (finding for file in report.files for finding in shown(file.findings, style)):
        count += 1
        mine = first[finding.severity.value]
        if len(mine) < SHOWN:
            mine.append(finding)
        else:
            full = True
    lines: list[str] = []
    for severity, command in COMMANDS.items():
        room = SHOWN - 1 if full and command == "notice" else SHOWN
        lines += [_line(command, finding, len(report.targets)) for finding in first[severity][:room]]
    left = count - len(lines)
    if left:
        lines.append(f"::notice title=tflite-lint::{left} more finding{'s are' if left > 1 else ' is'} in the report")
    yield "\n".join([*lines, closing(report)]) + "\n"


def _line(command: str, finding: Finding, targets: int) -> str:
    title = command_property(f"{finding.rule.code} {finding.rule.name}")
    file = command_property(plain(holder(finding.file)))
    return f"::{command} file={file},line=1,title={title}::{command_data(located_line(finding, targets))}"
