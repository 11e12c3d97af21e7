"""Which rules run: the longest matching prefix wins, and ignore wins over select of the same length."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from tflint.errors import TflintError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tflint.config import Settings
    from tflint.registry import Entry

ALL = "ALL"
T = TypeVar("T")


def chosen(catalogue: Mapping[str, Entry], settings: Settings) -> tuple[Entry, ...]:
    """Entries of the rules that run. Raises TflintError for a selector that matches no rule."""
    select = _lengths(catalogue, (*settings.select, *settings.extend_select), "select")
    ignore = _lengths(catalogue, settings.ignore, "ignore")
    return tuple(
        entry
        for code, entry in catalogue.items()
        if select.get(code, -1) > ignore.get(code, -1)
        and (entry.status == "stable" or settings.preview or select[code] == len(code))
    )


def codes_of(catalogue: Mapping[str, Entry], selector: str, where: str) -> list[str]:
    """Codes that a selector (a code, a prefix, a rule's name or ALL) stands for. Raises TflintError when none."""
    if selector == ALL:
        return list(catalogue)
    found = [code for code, entry in catalogue.items() if code.startswith(selector) or entry.name == selector]
    if not found or not selector:
        known = [*catalogue, *(entry.name for entry in catalogue.values())]
        raise TflintError(f"{where}: no rule {selector!r}{nearest(selector, known)}")
    return found


def by_code(catalogue: Mapping[str, Entry], table: Mapping[str, T]) -> dict[str, T]:
    """A table by code, prefix or name as one by code; the longest selector wins."""
    found: dict[str, T] = {}
    for selector in sorted(table, key=len):
        found.update(dict.fromkeys(codes_of(catalogue, selector, "the configuration"), table[selector]))
    return found


def _lengths(catalogue: Mapping[str, Entry], selectors: Iterable[str], where: str) -> dict[str, int]:
    """Code -> length of the longest selector that matches it; a rule's name counts as its whole code."""
    lengths: dict[str, int] = {}
    for selector in selectors:
        for code in codes_of(catalogue, selector, where):
            length = 0 if selector == ALL else len(selector) if code.startswith(selector) else len(code)
            lengths[code] = max(lengths.get(code, 0), length)
    return lengths
