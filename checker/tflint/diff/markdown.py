"""A difference for a comment on a pull request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.diff.sections import headline, sections
from tflint.diff.text import title
from tflint.report.escape import LONGEST_MESSAGE, markdown, short

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.diff.sections import Section

FOLDED = ("Graph", "Findings")  # below what a reviewer must see


def render(report: Mapping[str, Any]) -> str:
    """A heading, the headline in bold, tables."""
    lines = [f"### {markdown(title(report))}", "", f"**{_cell(headline(report))}**"]
    for section in sections(report):
        lines += ["", *(_folded(section) if section.title in FOLDED else _open(section))]
    return "\n".join(lines) + "\n"


def _open(section: Section) -> list[str]:
    return [f"#### {section.title}", "", *_table(section)]


def _folded(section: Section) -> list[str]:
    summary = f"<details><summary>{section.title} ({len(section.rows)})</summary>"
    return [summary, "", *_table(section), "", "</details>"]


def _table(section: Section) -> list[str]:
    return [_row(section.heads), _row(["---"] * len(section.heads)), *(_row(map(_cell, row)) for row in section.rows)]


def _row(cells: Any) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(text: str) -> str:
    return markdown(short(text, LONGEST_MESSAGE))
