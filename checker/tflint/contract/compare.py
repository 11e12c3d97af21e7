"""What changed between two interfaces, and whether it breaks a caller.

A caller is someone whose program worked with the old interface: by names through a signature, or by position. An input
is what he fills, an output what he reads, so a new output hurts nobody and a new input everybody. The first interface
may be a contract that states only what it cares about.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from tflint.contract.interface import VARIES, Affine, Interface, Port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tflint.contract.interface import EntryPoint
    from tflint.runtimes.refusal import Located

Kind = Literal["removed", "added", "renamed", "order", "dtype", "shape", "quantization", "tensor"]
Side = Literal["input", "output"]

ABSENT, PRESENT = "absent", "present"
BITS = {"int2": 2, "int4": 4, "uint4": 4, "int8": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `old` and `new` are texts for people; names in them are the file's: not to be trusted."""

    kind: Kind
    breaking: bool
    signature: str | None
    """Key of the entry point; None for the primary subgraph without one."""
    side: Side | None
    """None: the signature itself."""
    name: str
    """The old name of the input, output or signature, the new one of what was added; "" for an order."""
    old: str
    new: str
    at: Located | None = field(default=None, compare=False, repr=False)
    several: bool = field(default=False, compare=False, repr=False)
    """The interface has other entry points too, so that `what` names this one."""

    @property
    def what(self) -> str:
        """What it is that changed: `dtype of input 'x'`."""
        owner = "" if not self.several else f" of signature '{self.signature}'" if self.signature else " by position"
        if self.side is None:
            thing = f"signature '{self.name}'"
        elif self.kind == "order":
            return f"order of the {self.side}s{owner}"
        else:
            thing = f"{self.side} '{self.name}'{owner}"
        if self.kind in ("removed", "added"):
            return thing
        return f"{'name' if self.kind == 'renamed' else self.kind} of {thing}"


def compare(old: Interface, new: Interface) -> list[Change]:
    """All changes from one interface to another, entry point by entry point."""
    renamed = _renamed_entries(old, new)
    changes: list[Change] = []
    for before in old.entries:
        after = new.entry(before.key)
        if before.key is None:
            after = after or new.primary
        elif after is None and before.key in renamed:
            after = renamed[before.key]
            changes.append(
                Change("renamed", True, before.key, None, before.key, _q(before.key), _q(after.key), after.at)
            )
        elif after is None:
            changes.append(Change("removed", True, before.key, None, before.key, PRESENT, ABSENT))
            after = new.entry(None) if before.is_primary else None
        if after is not None:
            changes += (replace(change, several=len(old.entries) > 1) for change in _sides(before, after))
    known = {*old.keys, *(entry.key for entry in renamed.values())}
    changes += [
        Change("added", False, entry.key, None, entry.key, ABSENT, PRESENT, entry.at)
        for entry in new.entries
        if entry.key is not None and entry.key not in known
    ]
    return changes


def _renamed_entries(old: Interface, new: Interface) -> dict[str, EntryPoint]:
    """Old key -> the one new signature whose ports have the same names."""
    free = [entry for entry in new.entries if entry.key is not None and entry.key not in old.keys]
    found: dict[str, EntryPoint] = {}
    for before in old.entries:
        if before.key is None or new.entry(before.key) is not None:
            continue
        alike = [entry for entry in free if _names(entry) == _names(before)]
        if len(alike) == 1:
            found[before.key] = alike[0]
            free.remove(alike[0])
    return found


def _names(entry: EntryPoint) -> tuple[list[str], list[str]]:
    return sorted(p.name for p in entry.inputs or ()), sorted(p.name for p in entry.outputs or ())


def _sides(before: EntryPoint, after: EntryPoint) -> Iterator[Change]:
    crossed = (before.key is None) != (after.key is None)  # names of a signature beside those of tensors
    fed = any(VARIES in (port.shape or ()) for port in after.inputs or ())
    for side, old, new in (("input", before.inputs, after.inputs), ("output", before.outputs, after.outputs)):
        if old is not None:
            yield from _Side(before.key, "input" if side == "input" else "output", crossed, fed).changes(old, new or ())


@dataclass(frozen=True, slots=True)
class _Side:
    """The inputs, or the outputs, of one entry point."""

    key: str | None
    side: Side
    crossed: bool
    fed: bool
    """Some input's dimension varies, so a caller resizes, or does not."""

    def changes(self, old: Sequence[Port], new: Sequence[Port]) -> Iterator[Change]:
        pairs, gone, extra = self._matched(old, new)
        for before, after in pairs:
            if self._called(after) != self._called(before) and not (self.crossed and before.tensor is None):
                called = self._called(before)
                yield self._change("renamed", True, called, _q(called), _q(self._called(after)), after)
            elif before.tensor is not None and after.tensor is not None and before.tensor != after.tensor:
                yield self._change("tensor", False, before.name, _q(before.tensor), _q(after.tensor), after)
            yield from self._facts(before, after)
        for port in gone:
            yield self._change("removed", True, port.name, _described(port), ABSENT, None)
        for port in extra:
            yield self._change("added", self.side == "input", port.name, ABSENT, _described(port), port)
        shifted = not gone and not (extra and self.side == "input")
        if _moved(pairs, absolute=shifted):
            yield self._change("order", True, "", _in_order(old), _in_order(new), None)

    def _change(self, kind: Kind, breaking: bool, name: str, old: str, new: str, port: Port | None) -> Change:
        return Change(kind, breaking, self.key, self.side, name, old, new, port.at if port else None)

    def _called(self, port: Port) -> str:
        """The name by which the two sides can be told to be one."""
        return port.tensor if self.crossed and port.tensor is not None else port.name

    def _matched(
        self, old: Sequence[Port], new: Sequence[Port]
    ) -> tuple[list[tuple[Port, Port]], list[Port], list[Port]]:
        """Pairs, what has no partner in the new interface, and what has none in the old one."""
        pairs: list[tuple[Port, Port]] = []
        gone, extra = list(old), list(new)
        tests: list[Callable[[Port, Port], bool]] = [lambda a, b: self._called(a) == self._called(b)]
        if self.crossed:  # a contract without a signature's key may use the signature's names
            tests.append(lambda a, b: a.tensor is None and a.name == b.name)
        tests.append(lambda a, b: a.position is not None and a.position == b.position and self._alike(a, b))
        tests.append(lambda a, b: len(gone) == len(extra) == 1 and self._alike(a, b))
        for alike in tests:
            for before in list(gone):
                after = next((port for port in extra if alike(before, port)), None)
                if after is not None:
                    pairs.append((before, after))
                    gone.remove(before)
                    extra.remove(after)
        return pairs, gone, extra

    def _alike(self, before: Port, after: Port) -> bool:
        """Nothing but the name differs."""
        return not any(self._facts(before, after))

    def _facts(self, before: Port, after: Port) -> Iterator[Change]:
        name = before.name
        if before.dtype is not None and before.dtype != after.dtype:
            old, new = _stored_as(before), _stored_as(after)
            yield self._change("dtype", True, name, old, new, after)
        elif before.quantization is not None and not _same(before.quantization, after):
            old, new = quantization_text(before.quantization), quantization_text(after.quantization)
            yield self._change("quantization", True, name, old, new, after)
        if before.shape is not None and not _fits(before.shape, after.shape):
            breaking = self._shape_breaks(before.shape, after)
            yield self._change("shape", breaking, name, shape_text(before.shape), shape_text(after.shape), after)

    def _shape_breaks(self, old: tuple[int | None, ...], after: Port) -> bool:
        """A caller who fed or read the old shape is let down.

        Where a fixed dimension may now vary, whoever does not resize is served as before if the tensor is still stored
        with the old size (what `allocate_tensors()` takes); of an output, only if it varies with an input.
        """
        new = after.shape
        if new is None or len(old) != len(new):
            return True
        stored = after.at.shape if after.at is not None and len(after.at.shape) == len(new) else new
        for was, now, kept in zip(old, new, stored, strict=True):
            if was is None or was == now:
                continue
            if was == VARIES and self.side == "output":
                continue
            if now == VARIES and kept == was and (self.side == "input" or self.fed):
                continue
            return True
        return False


def _fits(old: tuple[int | None, ...], new: tuple[int | None, ...] | None) -> bool:
    return (
        new is not None
        and len(old) == len(new)
        and all(was is None or was == now for was, now in zip(old, new, strict=True))
    )


def _same(old: Affine, after: Port) -> bool:
    """No stored value means another number by more than half a step, over the whole range of its dtype."""
    new = after.quantization or Affine()
    tolerance = 0.5 / (1 << BITS.get(after.dtype or "", 24))
    return (
        len(old.scale) == len(new.scale)
        and old.zero_point == new.zero_point
        and all(
            a == b or (math.isnan(a) and math.isnan(b)) or abs(a - b) <= tolerance * min(abs(a), abs(b))
            for a, b in zip(old.scale, new.scale, strict=True)
        )
    )


def _moved(pairs: list[tuple[Port, Port]], *, absolute: bool) -> bool:
    placed = [(a.position, b.position) for a, b in pairs if a.position is not None and b.position is not None]
    ranks = [new for _, new in sorted(placed)]
    return ranks != sorted(ranks) or (absolute and any(was != now for was, now in placed))


def _in_order(ports: Sequence[Port]) -> str:
    placed = sorted((port for port in ports if port.position is not None), key=lambda port: port.position or 0)
    return ", ".join(port.name for port in placed)


def _q(name: str | None) -> str:
    return f"'{name}'"


def _stored_as(port: Port) -> str:
    quantized = port.quantization is not None and port.quantization.scale
    return f"{port.dtype} {quantization_text(port.quantization)}" if quantized else port.dtype or "unknown"


def _described(port: Port) -> str:
    """`float32[1,4]`; PRESENT where nothing is stated."""
    shape = shape_text(port.shape) if port.shape is not None else ""
    return f"{_stored_as(port)}{shape}" if port.dtype or shape else PRESENT


def shape_text(shape: tuple[int | None, ...] | None) -> str:
    """`[-1,224,224,3]`, as sketches have it; `*` where any will do."""
    return "[" + ",".join("*" if dim is None else str(dim) for dim in shape) + "]" if shape is not None else "unknown"


def quantization_text(affine: Affine | None) -> str:
    """`0.00390625-128`; `none`."""
    if affine is None or not affine.scale:
        return "none"
    if len(affine.scale) == len(affine.zero_point) == 1:
        return f"{affine.scale[0]:.7g}{affine.zero_point[0]:+d}"
    return f"{len(affine.scale)} scales from {affine.scale[0]:.7g}"
