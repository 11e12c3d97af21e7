"""Find rules: the built-in pack and third-party packs come through the same door, the entry point `tflint.rules`.

A pack's module may carry an `INDEX` (generated: code -> Entry fields); then a rule's module is imported when the rule
runs, and not before. A pack without one is walked.
"""

from __future__ import annotations

import importlib
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

    from tflint.rule import Rule

GROUP = "tflint.rules"

Row = tuple[str, str, str, str, tuple[str, ...], str, bool, str, bool]


@dataclass(frozen=True, slots=True)
class Entry:
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
        return (
            self.name,
            self.module,
            self.attribute,
            self.scope,
            self.on,
            self.status,
            self.on_refusal,
            self.reads,
            self.mandatory,
        )

    def load(self) -> Rule:
        """Import the rule."""
        found: Rule = getattr(importlib.import_module(self.module), self.attribute)
        return found


def entry_points(group: str) -> Iterator[tuple[str, str]]:
    """(name, module) of every installed entry point of a group, in the order of sys.path.

    `importlib.metadata` does this in 13 ms, a third of a whole check; reading the files takes 1 ms.
    """
    seen: set[str] = set()
    for folder in sys.path:
        try:
            names = sorted(n for n in os.listdir(folder or ".") if n.endswith((".dist-info", ".egg-info")))  # noqa: PTH208 - 5 ms less
        except OSError:
            continue
        for name in names:
            distribution = name.partition("-")[0].lower()
            if distribution in seen:
                continue
            seen.add(distribution)
            try:
                text = Path(folder, name, "entry_points.txt").read_text(encoding="utf-8")
            except OSError:
                continue
            if f"[{group}]" in text:
                yield from _section(text, group)


def _section(text: str, group: str) -> Iterator[tuple[str, str]]:
    inside = False
    for line in map(str.strip, text.splitlines()):
        if line.startswith("["):
            inside = line == f"[{group}]"
        elif inside and "=" in line:
            name, _, value = line.partition("=")
            yield name.strip(), value.strip()


def catalogue() -> dict[str, Entry]:
    """All rules of all packs by code. Raises TflintError when two packs define one code or a pack cannot be read."""
    found: dict[str, Entry] = {}
    for name, module in entry_points(GROUP):
        for entry in _pack(name, module):
            other = found.setdefault(entry.code, entry)
            if other is not entry:
                raise TflintError(f"rule {entry.code} is defined twice: by {other.pack} and by {name} ({entry.module})")
    return dict(sorted(found.items()))


def _pack(name: str, target: str) -> Iterator[Entry]:
    try:
        module = importlib.import_module(target)
    except Exception as problem:
        raise TflintError(f"rule pack {name!r} ({target}) cannot be imported: {problem}") from problem
    index: dict[str, Row] | None = getattr(module, "INDEX", None)
    if index is not None:
        yield from (Entry(code, *row, name) for code, row in index.items())
    else:
        yield from (Entry.of(rule, name) for rule in _walk(module))


def _walk(pack: ModuleType) -> Iterator[Rule]:
    """Rules of a pack's modules, each once."""
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
    return {rule.code: Entry.of(rule, "").row for rule in sorted(_walk(pack), key=lambda rule: rule.code)}
