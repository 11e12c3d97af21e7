"""The report for a person: what loads where, what is wrong at which place, why, and what to do next."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from tflint.report.escape import plain, short
from tflint.report.words import closing, finding_line, meaning, needs, shown

if TYPE_CHECKING:
    from tflint.findings import FileReport, Finding, Report
    from tflint.report import Style

SEVERITY = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
VERDICT = {"supported": "green", "partial": "yellow", "unsupported": "red", "unknown": "magenta"}
PLACES = 3


def render(report: Report, style: Style) -> str:
    """Verdicts first, then findings, worst first. Plain text where colour is not wanted."""
    console = Console(
        file=io.StringIO(),
        force_terminal=_colored(style.color),
        no_color=not _colored(style.color),
        highlight=False,
        markup=False,
        emoji=False,
        width=None if sys.stdout.isatty() else 120,
    )
    for file in report.files:
        findings = shown(file.findings, style)
        if findings or not style.quiet:
            _file(console, file, report, findings, style)
    console.print(Text(closing(report), style="bold"))
    text = console.file.getvalue()  # type: ignore[attr-defined] # the StringIO above
    return str(text)


def _colored(choice: str) -> bool:
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return choice == "always"


def _file(console: Console, file: FileReport, report: Report, findings: list[Finding], style: Style) -> None:
    console.print(Text(plain(file.path), style="bold underline"))
    for verdict in file.verdicts:
        reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
        line = Text.assemble(
            f"  {verdict.target}: ", (verdict.value, VERDICT[verdict.value]), f", {meaning(verdict)}{reasons}"
        )
        console.print(line)
    if file.minimum and report.assumed_target:
        console.print(Text(f"  no target named, so judged against the newest LiteRT; {needs(file)}", style="dim"))
    for finding in findings:
        _finding(console, finding, len(report.targets), style)
    console.print()


def _finding(console: Console, finding: Finding, targets: int, style: Style) -> None:
    rule, severity = finding.rule, finding.severity.value
    head = Text.assemble((severity, SEVERITY[severity]), " ", (rule.code, "bold"), f" {rule.name}")
    console.print()
    console.print(Padding(head, (0, 0, 0, 2)))
    _row(console, "", finding_line(finding, targets))
    many = len(finding.places) if style.verbose else PLACES
    for place in finding.places[:many]:
        _row(console, "at", f"{short(place.label)}  {place.path}")
    if finding.count > min(many, len(finding.places)):
        _row(console, "at", f"and {finding.count - min(many, len(finding.places))} more")
    for place in finding.related[:PLACES]:
        _row(console, "see", f"{short(place.label)}  {place.path}")
    _row(console, "why", rule.summary)
    if rule.remedy:
        _row(console, "do", rule.remedy)
    if style.verbose and finding.data.get("trace"):
        console.print(Padding(Text("\n".join(map(plain, str(finding.data["trace"]).splitlines()))), (0, 0, 0, 6)))


def _row(console: Console, word: str, text: str) -> None:
    line = Text.assemble((f"{word} ", "dim") if word else "", text)
    console.print(Padding(line, (0, 0, 0, 6 if word else 4)))
