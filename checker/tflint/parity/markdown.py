"""A parity report for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.parity.words import LAYER_HEADS, definitions, facts, headline, heads, layers_words, rows
from tflint.report.escape import LONGEST_MESSAGE, markdown, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.parity.report import ParityReport


def render(report: ParityReport) -> str:
    """A heading, the verdict in bold with its reasons, the numbers, what was given to the models."""
    lines = [f"### {_cell(report.reference)} → {_cell(report.candidate)}", "", f"**{_cell(headline(report))}**", ""]
    lines += [f"- {_cell(reason)}" for reason in report.reasons]
    table = list(rows(report))
    if table:
        lines += ["", *_table(heads(report), table), "", _cell(definitions(report))]
    for line, worst in layers_words(report):
        lines += ["", f"**{_cell(line)}**", *(["", *_table(LAYER_HEADS, worst)] if worst else [])]
    lines += ["", "<details><summary>Samples and gates</summary>", ""]
    lines += [f"- {_cell(f'{what}: {text}' if what else text)}" for what, text in facts(report)]
    return "\n".join([*lines, "", "</details>"]) + "\n"


def _table(heads: tuple[str, ...], cells: Iterable[tuple[str, ...]]) -> list[str]:
    return [_row(heads), _row(["---"] * len(heads)), *(_row(map(_cell, row)) for row in cells)]


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return markdown(short(text, LONGEST_MESSAGE))
