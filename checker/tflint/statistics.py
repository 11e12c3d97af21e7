"""What was found, counted by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.report.escape import plain

if TYPE_CHECKING:
    from tflint.findings import Finding, Report

HEAD = ("findings", "places", "models", "suppressed", "severity", "rule", "")


def table(report: Report) -> str:
    """A row a rule, the most frequent first. Suppressed findings are counted apart."""
    by_rule: dict[tuple[str, str], list[Finding]] = {}
    for finding in report.findings:
        by_rule.setdefault((finding.rule.code, finding.severity.value), []).append(finding)
    rows = sorted((_row(found) for found in by_rule.values()), key=lambda row: (-row[0], -row[3], row[5], row[4]))
    if not rows:
        return "no findings\n"
    cells = [HEAD, *(tuple(map(str, row)) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
    return "".join(
        "  ".join(
            cell.rjust(width) if column < 4 else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        + "\n"
        for row in cells
    )


def _row(found: list[Finding]) -> tuple[int, int, int, int, str, str, str]:
    open_ones = [finding for finding in found if finding.suppressed is None]
    return (
        len(open_ones),
        sum(finding.count for finding in open_ones),
        len({finding.file for finding in open_ones}),
        len(found) - len(open_ones),
        found[0].severity.value,
        found[0].rule.code,
        plain(found[0].rule.name),
    )
