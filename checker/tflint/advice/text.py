"""Advice as text: what runs best, every scheme and why, what to run next, and the sources by number."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from tflint.report.escape import LONGEST_MESSAGE, short
from tflint.report.terminal import console

if TYPE_CHECKING:
    from collections.abc import Iterable

STYLES = {"supported": "green", "partial": "yellow", "unknown": "yellow", "unsupported": "red"}


def render(advice: dict[str, Any], *, color: bool) -> str:
    """The advice for one target."""
    out = io.StringIO()
    page = console(out, color=color)
    cited = _Cited()
    page.print(Text(_headline(advice), style="bold"), soft_wrap=True)
    for step in advice["because"]:
        page.print(Text(f"  {'yes' if step['answer'] else 'no ':3}  {step['question']} {cited(step['sources'])}"))
    page.print()
    page.print(_schemes(advice, cited))
    if advice["next"]:
        page.print(Text("\nnext", style="bold"))
        for step in advice["next"]:
            why = f"  # {step['why']}" if step["why"] else ""
            page.print(Text(f"  {step.get('command') or step['setting']}{why}"), soft_wrap=True)
    for note in advice["notes"]:
        page.print(Text(f"\nnote: {short(note['text'], LONGEST_MESSAGE)} {cited(note['sources'])}"))
    page.print(Text("\nsources", style="bold"))
    for number, url in enumerate(cited.urls, 1):
        page.print(Text(f"  [{number}] {url}"), soft_wrap=True)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


class _Cited:
    """Sources, numbered as they come."""

    def __init__(self) -> None:
        self.urls: list[str] = []

    def __call__(self, urls: Iterable[str]) -> str:
        self.urls += [url for url in urls if url not in self.urls]
        return "".join(f"[{self.urls.index(url) + 1}]" for url in urls)


def _headline(advice: dict[str, Any]) -> str:
    """`litert-2.3.0, a CPU: int8 runs best (dynamic, without calibration data)`."""
    best, free, model = advice["best"], advice["without_calibration"], advice["model"]
    text = f"{short(advice['target'])}, {advice['kind']}: "
    if best is None:
        return f"{text}no scheme is known to run"
    text += f"{best} runs best"
    if model is not None and model["scheme"] != "float32":
        return f"{text}; the model is {model['scheme']} already"
    if free != best:
        text += f" (needs calibration data; without: {free})" if free else " (needs calibration data)"
    return text


def _schemes(advice: dict[str, Any], cited: _Cited) -> Table:
    sized = any(row["size"] is not None for row in advice["schemes"])
    table = Table("scheme", "verdict", *(["about"] if sized else []), "why", box=None, pad_edge=False)
    for row in advice["schemes"]:
        why = "; ".join(short(text, LONGEST_MESSAGE) for text in row["obstacles"] or [row["why"]])
        marks = "" if row["obstacles"] and row["verdict"] == "unsupported" else cited(row["sources"])
        size = [f"{row['size']:,}" if row["size"] is not None else ""] if sized else []
        cells = [row["scheme"], Text(row["verdict"], STYLES[row["verdict"]]), *size, Text(f"{why} {marks}".rstrip())]
        table.add_row(*cells)
    return table
