"""A parity report for a terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tflint.parity.words import LAYER_HEADS, definitions, facts, headline, heads, layers_words, rows
from tflint.report.escape import LONGEST_MESSAGE, no_commands, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from tflint.parity.report import ParityReport

WIDTH = 140  # of the table of numbers, where there is no terminal
STYLES = {"FAIL": "bold red", "pass": "green"}


def render(report: ParityReport, *, color: bool) -> str:
    """The verdict with its reasons, what was given to the models, the numbers."""
    from rich.text import Text  # noqa: PLC0415 - 20 ms, for people only

    from tflint.report import terminal  # noqa: PLC0415 - same

    out = io.StringIO()
    console = terminal.console(out, color=color, width=WIDTH)
    console.print(
        Text(f"{short(report.reference)} -> {short(report.candidate)}", style="bold underline"), soft_wrap=True
    )
    console.print(Text(short(headline(report), LONGEST_MESSAGE), style=STYLES["pass" if report.holds else "FAIL"]))
    for reason in report.reasons:
        console.print(Text(f"  {short(reason, LONGEST_MESSAGE)}", style="red"), soft_wrap=True)
    console.print()
    for what, text in facts(report):
        console.print(Text(f"{what:9} ", style="dim") + Text(short(text, LONGEST_MESSAGE)), soft_wrap=True)
    console.print()
    if any(True for _ in rows(report)):
        console.print(_table(heads(report), rows(report)))
        console.print(Text(definitions(report), style="dim"))
    for line, worst in layers_words(report):
        console.print()
        console.print(Text(short(line, LONGEST_MESSAGE), style="bold"), soft_wrap=True)
        if worst:
            console.print(_table(LAYER_HEADS, worst))
    return no_commands("\n".join(line.rstrip() for line in out.getvalue().split("\n")))


def _table(heads: Iterable[str], cells: Iterable[tuple[str, ...]]) -> Table:
    from rich.table import Table  # noqa: PLC0415 - after the console
    from rich.text import Text  # noqa: PLC0415 - same

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in heads:
        table.add_column(Text(head, style="dim"), overflow="fold")
    for row in cells:
        table.add_row(
            *(Text(short(cell), style=STYLES.get(cell, "") if not place else "") for place, cell in enumerate(row))
        )
    return table
