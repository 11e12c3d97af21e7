"""Results as an SVG: time and memory as models grow, four panels of logarithmic axes.

Text and lines stand on a card of their own, light or dark as the reader's system is: legible on any page.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WIDTH, HEIGHT, TOP = 900, 640, 60
PANEL = 330, 210  # of the axes
LEFT, GAP = 75, 105  # of a panel; between two
INK = {"light": ("#ffffff", "#1f2328", "#d0d7de"), "dark": ("#1c2128", "#e6edf3", "#444c56")}  # card, text, grid
LINES = {  # by series: colours on the light and the dark card, and dashes
    "tflint check, concise": ("#bc4c00", "#ffa657", ""),
    "tflint, the read": ("#8250df", "#d2a8ff", "6 3"),
    "flatbuffer_utils.read_model": ("#0969da", "#79c0ff", "2 3"),
    "LiteRT load + allocate": ("#116329", "#7ee787", "9 3 2 3"),
}


class Panel(NamedTuple):
    """What is drawn over what."""

    title: str
    section: str
    key: str
    unit: Callable[[float], str]


def _duration(value: float) -> str:
    return f"{value:g} ms" if value < 1000 else f"{value / 1000:g} s"


def _memory(value: float) -> str:
    return f"{value:g} MB" if value < 1000 else f"{value / 1000:g} GB"


PANELS = (
    Panel("time by operators", "operators", "ms", _duration),
    Panel("time by bytes of weights", "weights", "ms", _duration),
    Panel("peak memory by operators", "operators", "mb", _memory),
    Panel("peak memory by bytes of weights", "weights", "mb", _memory),
)


def svg(sections: Sequence[Mapping[str, Any]]) -> str:
    """The whole picture."""
    named = {section["name"]: section for section in sections}
    parts = [f'<rect class="card" width="{WIDTH}" height="{HEIGHT}" rx="8"/>', *_legend()]
    for number, panel in enumerate(PANELS):
        left = LEFT + number % 2 * (PANEL[0] + GAP)
        top = TOP + 30 + number // 2 * (PANEL[1] + 80)
        groups = [group for group in named[panel.section]["groups"] if "x" in group]
        parts.append(f'<g transform="translate({left} {top})">')
        parts += [f'<text x="0" y="-12" class="title">{escape(panel.title)}</text>', *_drawn(panel, groups), "</g>"]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
    title = "<title>Time and peak memory of tflint and its peers, by operators and by bytes of weights</title>"
    return "\n".join((head, title, f"<style>{_style()}</style>", *parts, "</svg>", ""))


def _style() -> str:
    rules = ["text { font: 13px sans-serif } .title { font-weight: bold } polyline { fill: none; stroke-width: 2 }"]
    for place, scheme in enumerate(INK):
        card, text, grid = INK[scheme]
        colors = f".card {{ fill: {card} }} text {{ fill: {text} }} .grid {{ stroke: {grid} }} " + " ".join(
            f".s{number} {{ stroke: {line[place]} }}" for number, line in enumerate(LINES.values())
        )
        rules.append(colors if scheme == "light" else f"@media (prefers-color-scheme: {scheme}) {{ {colors} }}")
    return "\n".join(rules)


def _legend() -> list[str]:
    parts = []
    for number, (name, (_, _, dashes)) in enumerate(LINES.items()):
        left = 30 + number * 215
        parts.append(f'<polyline class="s{number}" stroke-dasharray="{dashes}" points="{left},29 {left + 28},29"/>')
        parts.append(f'<text x="{left + 35}" y="33">{escape(name)}</text>')
    return parts


def _drawn(panel: Panel, groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """Axes, and a line for each series."""
    width, height = PANEL
    points = {
        name: [(group["x"], row[panel.key]) for group in groups for row in group["rows"] if row["name"] == name]
        for name in LINES
    }
    places = [group["x"] for group in groups]
    values = [value for line in points.values() for _, value in line]
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    high = max(high, low + 1)

    def across(x: float) -> float:
        return round(math.log(x / places[0]) / math.log(places[-1] / places[0]) * width, 1)

    def up(value: float) -> float:
        return round((high - math.log10(value)) / (high - low) * height, 1)

    parts = []
    for power in range(low, high + 1):
        y = up(10.0**power)
        parts.append(f'<line class="grid" x1="0" x2="{width}" y1="{y}" y2="{y}"/>')
        parts.append(f'<text x="-8" y="{y + 4}" text-anchor="end">{panel.unit(10.0**power)}</text>')
    for group in groups:
        label = group["title"].replace(" operators", "").replace(",000", "k")
        parts.append(f'<text x="{across(group["x"])}" y="{height + 20}" text-anchor="middle">{escape(label)}</text>')
    for number, (name, line) in enumerate(points.items()):
        drawn = " ".join(f"{across(x)},{up(value)}" for x, value in line)
        parts.append(f'<polyline class="s{number}" stroke-dasharray="{LINES[name][2]}" points="{drawn}"/>')
    return parts
