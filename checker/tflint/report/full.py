"""The report for a person: what loads where, what is wrong at which place, why, and what to do next."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.text import Text

from tflint.report import colored, terminal
from tflint.report.escape import no_commands, plain, short
from tflint.report.words import closing, finding_line, meaning, needs, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from tflint.findings import FileReport, Finding, Report
    from tflint.report import Style

SEVERITY = {"error": "bold red", "warning": "bold yellow", "info": "bold cyan"}
VERDICT = {"supported": "green", "partial": "yellow", "unsupported": "red", "unknown": "magenta"}
PLACES = 3
NARROWEST = 20  # characters: below that a terminal may as well wrap by itself


def render(report: Report, style: Style) -> Iterator[str]:
    """Verdicts first, then findings, worst first. Plain text where colour is not wanted."""
    out = io.StringIO()
    console = terminal.console(out, color=colored(style.color))
    for file in report.files:
        findings = shown(file.findings, style)
        if findings or not style.quiet:
            _file(console, file, report, findings, style)
            yield _taken(out)
    _print(console, Text(closing(report), style="bold"))
    yield _taken(out)


def _taken(out: io.StringIO) -> str:
    """What was printed since it was taken last."""
    text = out.getvalue()
    out.seek(0)
    out.truncate()
    return no_commands(text)


def _file(console: Console, file: FileReport, report: Report, findings: list[Finding], style: Style) -> None:
    _print(console, Text(plain(file.path), style="bold underline"))
    for verdict in file.verdicts:
        reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
        value = (verdict.value, VERDICT[verdict.value])
        _print(console, Text.assemble(f"{plain(verdict.target)}: ", value, f", {meaning(verdict)}{reasons}"), 2)
    if file.minimum and file.assumed_target:
        text = f"no target named, so judged against the newest LiteRT; {needs(file)}"
        _print(console, Text(text, style="dim"), 2)
    for finding in findings:
        _finding(console, finding, len(report.targets), style)
    console.print()


def _finding(console: Console, finding: Finding, targets: int, style: Style) -> None:
    rule, severity = finding.rule, finding.severity.value
    head = Text.assemble((severity, SEVERITY[severity]), " ", (rule.code, "bold"), f" {rule.name}")
    if finding.suppressed is not None:
        head = Text(f"{severity} {rule.code} {rule.name}", style="dim")
    console.print()
    _print(console, head, 2)
    _row(console, "", finding_line(finding, targets))
    if finding.suppressed is not None:
        return
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
        for line in str(finding.data["trace"]).splitlines():
            _print(console, Text(short(line)), 6)


def _row(console: Console, word: str, text: str) -> None:
    _print(console, Text.assemble((f"{word} ", "dim") if word else "", text), 6 if word else 4)


def _print(console: Console, text: Text, indent: int = 0) -> None:
    """Print wrapped and indented, without the blanks behind that rich's Padding leaves."""
    for line in text.wrap(console, max(console.width - indent, NARROWEST)):
        line.rstrip()
        console.print(Text(" " * indent).append_text(line), soft_wrap=True)
