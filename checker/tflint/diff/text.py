"""A difference for a terminal."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from tflint.diff.sections import headline, sections
from tflint.report.escape import LONGEST_MESSAGE, no_commands, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

    from tflint.diff.sections import Section

STYLES = {"breaks": "bold red", "lost": "bold red", "gained": "green", "+": "green", "-": "red"}


def render(report: Mapping[str, Any], *, color: bool) -> str:
    """The files, the headline, the tables."""
    from rich.text import Text  # noqa: PLC0415 - 20 ms, for people only

    from tflint.report import terminal  # noqa: PLC0415 - same

    out = io.StringIO()
    console = terminal.console(out, color=color)
    style = "bold red" if report["breaking"] else "bold"
    console.print(Text(title(report), style="bold underline"), soft_wrap=True)
    console.print(Text(short(headline(report), LONGEST_MESSAGE), style=style), soft_wrap=True)
    for section in sections(report):
        console.print()
        console.print(_table(section))
    console.print()
    return no_commands("\n".join(line.rstrip() for line in out.getvalue().split("\n")))


def title(report: Mapping[str, Any]) -> str:
    """`old.tflite -> new.tflite`, one path where both are one file's."""
    paths = dict.fromkeys(report[side]["path"] for side in ("old", "new"))
    return " -> ".join(short(path) for path in paths)


def _table(section: Section) -> Table:
    from rich.table import Table  # noqa: PLC0415 - 20 ms, for people only
    from rich.text import Text  # noqa: PLC0415 - same

    table = Table(title=section.title, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.title_justify, table.title_style = "left", "bold"
    for head in section.heads:
        table.add_column(Text(head, style="dim"), overflow="fold")
    for row in section.rows:
        mark, *cells = (Text(short(cell, LONGEST_MESSAGE)) for cell in row)
        mark.stylize(STYLES.get(row[0], ""))
        table.add_row(mark, *cells)
    return table
