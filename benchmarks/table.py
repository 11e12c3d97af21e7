"""Results as Markdown: what a run prints, and what docs/performance.md shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Row = dict[str, Any]


def of_section(section: Mapping[str, Any]) -> str:
    """One table, with a line between groups that names the peer of their ratios."""
    rows = [row for group in section["groups"] for row in group["rows"]]
    columns = [(head, cell) for head, key, cell in COLUMNS if any(key in row for row in rows)]
    empty = " |" * len(columns)
    lines = [f"| |{'|'.join(f' {head} ' for head, _ in columns)}|", f"|---|{'--:|' * len(columns)}"]
    for group in section["groups"]:
        lines.append(f"| **{group['title']}**; ratios to *{group['peer']}* |{empty}")
        lines += [f"| {row['name']} | {' | '.join(cell(row) for _, cell in columns)} |" for row in group["rows"]]
    noted = {(row["name"], row["note"]): None for row in rows if "note" in row}
    notes = "".join(f"\n- {name}: {note}" for name, note in noted)
    return f"## {section['title']}\n\n" + "\n".join(lines) + f"\n{notes and chr(10)}{notes[1:]}{notes and chr(10)}"


def summary(about: Mapping[str, Any]) -> str:
    """What a reader has to know of how figures were made."""
    machine, versions = about["machine"], about["versions"]
    before, after = about["load"]
    busy = max(before, after - machine["cores"]) > machine["cores"] / 2
    return (
        f"{about['date']}, commit {about['commit']}, {machine['processor']}, {machine['cores']} cores, "
        f"{machine['memory_gb']} GB, {machine['system']}, Python {about['python']}; "
        + ", ".join(f"{name} {number}" for name, number in versions.items())
        + f". {about['seconds']} s; load average {before:.1f} before, {after:.1f} after."
        + (" **Provisional: the machine had other work.** Only ratios say something." if busy else "")
        + (" **A quick run: of no use but to see that all works.**" if about["quick"] else "")
    )


def _milliseconds(value: float) -> str:
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.3g} ms"


def _times(value: float) -> str:
    return f"{value:.2f}x" if value >= 0.1 else f"{value:.2g}x"


def _cell(key: str, form: Callable[[Any], str], spread: str = "") -> Callable[[Row], str]:
    def cell(row: Row) -> str:
        if key not in row:
            return ""
        around = f" ±{form(row[spread] / 2)}" if row.get(spread) else ""
        return form(row[key]) + around

    return cell


COLUMNS: tuple[tuple[str, str, Callable[[Row], str]], ...] = (  # head, key, text of a row
    ("time", "ms", _cell("ms", _milliseconds, "spread_ms")),
    ("ratio", "ratio", _cell("ratio", _times, "ratio_spread")),
    ("with what it imports", "cumulative_ms", _cell("cumulative_ms", _milliseconds)),
    ("models/s", "per_second", _cell("per_second", "{:,.0f}".format)),
    ("peak memory", "mb", _cell("mb", "{:,.0f} MB".format)),
    ("ratio of memory", "mb_ratio", _cell("mb_ratio", _times)),
    ("runs", "runs", _cell("runs", str)),
)
