"""Markdown for the job summary of GitHub and for comments: the headline, then per model its verdicts and findings.

Models with the worst findings come first, and what is over GitHub's limit is counted, for it drops a longer summary
whole. Targets of the same outcome share a row, so that forty of them still read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.findings import Severity
from tflint.model.path import WHOLE
from tflint.report.escape import code, markdown, short
from tflint.report.words import closing, finding_line, meaning, needs, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.findings import FileReport, Finding, Report
    from tflint.report import Style

LIMIT = 1_000_000  # bytes; GitHub takes 1024 KiB as the summary of a step
MOST = 50  # findings in one list, and names of models without any
MARKS = {
    "error": "❌",
    "warning": "⚠️",
    "info": "ℹ️",  # noqa: RUF001 - the sign for information, an emoji
    "supported": "✅",
    "partial": "⚠️",
    "unsupported": "❌",
    "unknown": "❔",
}


def render(report: Report, style: Style) -> Iterator[str]:
    """One page; its lines hold no markup but ours."""
    pages = [_Page() for _ in range(len(Severity) + 1)]
    clean: list[str] = []
    count = 0
    for file in report.files:
        findings = shown(file.findings, style)
        if findings or not (style.quiet or all(verdict.value == "supported" for verdict in file.verdicts)):
            pages[_worst(file)].add(_model(file, findings, report), len(findings))
            continue
        count += 1
        if len(clean) < MOST:
            clean.append(code(short(file.path)))
    mark = MARKS["error" if report.summary.fails(style.threshold) else "supported"]
    whole = _Page()
    whole.add(f"# {mark} tflint: {markdown(closing(report))}\n", 0)
    for page in pages:
        whole.extend(page)
    yield from (block for block, _ in whole.blocks)
    if whole.left:
        found = _number(whole.findings, "finding")
        yield f"\n**{_models(whole.left)} more with {found} did not fit in here.**\n"
    if clean and not style.quiet:
        yield _details(f"{_models(count)} without a finding", clean, count)


class _Page:
    """Blocks one after the other as far as there is room, each with how many findings it has, and what is left."""

    def __init__(self) -> None:
        self.blocks: list[tuple[str, int]] = []
        self.size = self.left = self.findings = 0

    def add(self, block: str, findings: int) -> None:
        self.size += len(block.encode())
        if self.size > LIMIT:
            self.left += 1
            self.findings += findings
        else:
            self.blocks.append((block, findings))

    def extend(self, page: _Page) -> None:
        for block, findings in page.blocks:
            self.add(block, findings)
        if page.left:
            self.size = max(self.size, page.size)
        self.left += page.left
        self.findings += page.findings


def _worst(file: FileReport) -> int:
    return min((f.severity.rank for f in file.findings if f.suppressed is None), default=len(Severity))


def _model(file: FileReport, findings: list[Finding], report: Report) -> str:
    parts = [f"\n### {code(short(file.path))}\n"]
    if file.verdicts:
        parts.append(_verdicts(file))
    if file.minimum and file.assumed_target:
        parts.append(f"No target named, so judged against the newest LiteRT; {markdown(needs(file))}.\n")
    told = [_line(f, len(report.targets)) for f in findings if f.severity is not Severity.INFO]
    infos = [_line(f, len(report.targets)) for f in findings if f.severity is Severity.INFO]
    if told:
        parts.append(_list(told, len(told)))
    if infos:
        parts.append(_details(f"{len(infos)} info", infos, len(infos)).lstrip("\n"))
    return "\n".join(parts)


def _verdicts(file: FileReport) -> str:
    rows: dict[str, list[str]] = {}
    for verdict in file.verdicts:
        reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
        outcome = f"{MARKS[verdict.value]} {verdict.value} | {meaning(verdict)}{reasons}"
        rows.setdefault(outcome, []).append(markdown(short(verdict.target)))
    lines = [f"| {outcome} | {', '.join(targets)} |" for outcome, targets in rows.items()]
    if not lines:  # a configuration or baseline, with what is out of date in it
        return ""
    return "\n".join(["| verdict | | targets |", "|---|---|---|", *lines]) + "\n"


def _line(finding: Finding, targets: int) -> str:
    severity = finding.severity.value
    head = f"{MARKS[severity]} {severity} **{finding.rule.code}** {finding.rule.name}"
    where = f", at {code(short(finding.place.label))}" if finding.place.path != WHOLE.path else ""
    return f"{head}: {markdown(finding_line(finding, targets))}{where}"


def _list(lines: list[str], count: int) -> str:
    """The first of so many lines."""
    more = [f"and {count - MOST} more"] if count > MOST else []
    return "".join(f"- {line}\n" for line in [*lines[:MOST], *more])


def _details(summary: str, lines: list[str], count: int) -> str:
    return f"\n<details><summary>{summary}</summary>\n\n{_list(lines, count)}\n</details>\n"


def _models(count: int) -> str:
    return _number(count, "model")


def _number(count: int, word: str) -> str:
    return f"{count} {word}{'s' if count != 1 else ''}"
