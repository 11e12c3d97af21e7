"""Find rules: the built-in pack and third-party packs come through the same door, the entry point `tflint.rules`.

A pack's module may carry an `INDEX` (generated: code -> Entry fields); then a rule's module is imported when the rule
runs, and not before. A pack without one is walked.
"""

from __future__ import annotations

import importlib
import time
from typing import TYPE_CHECKING, NamedTuple

from tflint.entry_points import entry_points
from tflint.errors import warn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import ModuleType

    from tflint.entry_points import EntryPoint
    from tflint.rule import Rule

GROUP = "tflint.rules"
CORE = "core"  # the pack that comes with tflint
RESERVED = "TFL"
SLOW = 0.5  # seconds, several times what a whole check takes

Row = tuple[str, str, str, str, tuple[str, ...], str, bool, str, bool]


class Entry(NamedTuple):
    """What is known of a rule before its module is imported."""

    code: str
    name: str
    module: str
    attribute: str
    scope: str
    on: tuple[str, ...]
    status: str
    on_refusal: bool
    reads: str
    mandatory: bool
    pack: str

    @classmethod
    def of(cls, rule: Rule, pack: str) -> Entry:
        """What is known of a rule that has been imported."""
        return cls(
            code=rule.code,
            name=rule.name,
            module=rule.check.__module__,
            attribute=rule.check.__name__,
            scope=rule.scope,
            on=tuple(sorted(rule.on)),
            status=rule.status,
            on_refusal=rule.on_refusal,
            reads=rule.reads,
            mandatory=rule.mandatory,
            pack=pack,
        )

    @property
    def row(self) -> Row:
        """Its row of an INDEX: all but the code and the pack."""
        return self[1:-1]

    def load(self) -> Rule:
        """Import the rule."""
        from tflint.rule import named  # noqa: PLC0415 - for who runs rules

        return named(self.module, self.attribute)


def notices() -> dict[str, Entry]:
    """Rules of the checker itself by code."""
    return {entry.code: entry for entry in _entries(importlib.import_module("tflint.notices"), CORE)}


def catalogue() -> dict[str, Entry]:
    """All rules of all packs by code.

    What is wrong with a third-party pack is said on stderr and left out, a rule or the whole pack: one pack cannot take
    down the run of the others. Whoever selects a rule of it meets the error of a rule that does not exist.
    """
    found = notices()
    for point in entry_points(GROUP):
        for entry in _pack(point):
            flaw = "" if point.own else _flaw(entry, found)
            if flaw:
                warn(f"rule {entry.code} of pack {point} is left out: {flaw}")
            else:
                found[entry.code] = entry
    return dict(sorted(found.items()))


def loaded(entries: Iterable[Entry]) -> Iterator[Rule]:
    """The rules themselves; one whose module cannot be imported is said on stderr and left out."""
    for entry in entries:
        try:
            yield entry.load()
        except (Exception, SystemExit) as problem:  # noqa: BLE001, PERF203 - each rule is a plug-in
            warn(f"rule {entry.code} of pack {entry.pack!r} is left out: {type(problem).__name__}: {problem}")


def _flaw(entry: Entry, found: Mapping[str, Entry]) -> str:
    """Say why a rule of a third-party pack cannot be taken; empty when it can."""
    from tflint.rule import CODE  # noqa: PLC0415 - only where there are such packs

    if not CODE.fullmatch(entry.code):
        return "a code is two to five capitals and three digits"
    if entry.code.startswith(RESERVED):
        return f"{RESERVED} is the prefix of tflint's own rules"
    return f"pack {found[entry.code].pack!r} has that code" if entry.code in found else ""


def _pack(point: EntryPoint) -> list[Entry]:
    """Entries of a pack; none, and a line on stderr, when it is broken. A slow one is named too."""
    if point.name == CORE and not point.own:
        warn(f"rule pack {point} is left out: {CORE!r} is the pack that comes with tflint")
        return []
    began = time.perf_counter()
    try:
        entries = _entries(importlib.import_module(point.module), point.name)
    except KeyboardInterrupt:
        raise
    except BaseException as problem:
        if point.own:
            raise
        warn(f"rule pack {point} is left out: {type(problem).__name__}: {problem}")
        return []
    took = time.perf_counter() - began
    if took > SLOW:
        warn(f"rule pack {point} took {took:.1f} s to import: import heavy modules where they are used")
    return entries


def _entries(module: ModuleType, pack: str) -> list[Entry]:
    index: dict[str, Row] | None = getattr(module, "INDEX", None)
    if index is None:
        return [Entry.of(rule, pack) for rule in rules_of(module)]
    columns = len(Entry._fields) - 2
    if any(len(row) != columns for row in index.values()):
        raise ValueError(f"its INDEX is not of this tflint: rows have {columns} fields")
    return [Entry(code, *row, pack) for code, row in index.items()]


def rules_of(pack: ModuleType) -> Iterator[Rule]:
    """Rules of a pack's modules, each once; all of it is imported."""
    import pkgutil  # noqa: PLC0415 - only for packs without an index

    from tflint.rule import Rule  # noqa: PLC0415 - same

    found = pkgutil.walk_packages(getattr(pack, "__path__", ()), f"{pack.__name__}.")
    modules = [pack, *(importlib.import_module(info.name) for info in found)]
    seen: set[int] = set()
    for module in modules:
        for value in vars(module).values():
            if isinstance(value, Rule) and id(value) not in seen:
                seen.add(id(value))
                yield value


def index_of(pack: ModuleType) -> dict[str, Row]:
    """The INDEX of a pack, made by importing all of it: what scripts/generate_index.py writes."""
    return {rule.code: Entry.of(rule, "").row for rule in sorted(rules_of(pack), key=lambda rule: rule.code)}
