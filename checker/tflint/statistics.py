"""What was found, counted by rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.report.escape import plain

if TYPE_CHECKING:
    from tflint.findings import FileReport

HEAD = ("findings", "places", "models", "suppressed", "severity", "rule", "")


class Statistics:
    """Counts by rule, of file after file. Suppressed findings are counted apart."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str, str], list[int]] = {}  # severity, code, name -> the first columns

    def add(self, file: FileReport) -> None:
        """Count a file more."""
        with_it = set()
        for finding in file.findings:
            rule = (finding.severity.value, finding.rule.code, finding.rule.name)
            row = self._rows.setdefault(rule, [0, 0, 0, 0])
            if finding.suppressed is not None:
                row[3] += 1
                continue
            row[0] += 1
            row[1] += finding.count
            row[2] += rule not in with_it
            with_it.add(rule)

    def table(self) -> str:
        """A row a rule, the most frequent first."""
        if not self._rows:
            return "no findings\n"
        rows = sorted(self._rows.items(), key=lambda row: (-row[1][0], -row[1][3], row[0][1], row[0][0]))
        cells = [HEAD, *((*map(str, row), severity, code, plain(name)) for (severity, code, name), row in rows)]
        widths = [max(len(row[column]) for row in cells) for column in range(len(HEAD))]
        return "".join(
            "  ".join(
                cell.rjust(width) if column < 4 else cell.ljust(width)
                for column, (cell, width) in enumerate(zip(row, widths, strict=True))
            ).rstrip()
            + "\n"
            for row in cells
        )
