"""Where the parts of a FlatBuffer stand, found without the reader that is tested; copies with some of them damaged."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tflint.model import schema

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

ODD = (0, 1, 2, 4, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC, 0x10000)
STEPS = (-8, -4, -2, -1, 1, 2, 4, 8)
MOST_ELEMENTS = 256  # of one vector that are worth damaging: indices and shapes, not weights


@dataclass(slots=True)
class Layout:
    """Byte positions of the parts of one file."""

    offsets: list[int] = field(default_factory=list)  # that lead to tables, vectors, strings
    lengths: list[int] = field(default_factory=list)  # of vectors and strings
    tables: list[int] = field(default_factory=list)
    vtables: list[int] = field(default_factory=list)
    entries: list[int] = field(default_factory=list)  # of vtables
    scalars: list[tuple[int, str]] = field(default_factory=list)  # and the struct character
    targets: list[int] = field(default_factory=list)  # tables, vectors, strings


def layout_of(data: bytes) -> Layout:
    """The parts of a model that is whole. Raises struct.error or IndexError for one that is not."""
    found = Layout()
    seen: set[tuple[int, str]] = set()
    waiting: list[tuple[int, str]] = []

    def follow(at: int) -> int:
        found.offsets.append(at)
        target = at + _word(data, at)
        found.targets.append(target)
        return int(target)

    def vector(at: int, element: str, child: Any) -> None:
        found.lengths.append(at)
        count = min(_word(data, at), MOST_ELEMENTS)
        for index in range(count):
            if element in "st":
                target = follow(at + 4 + 4 * index)
                if element == "t":
                    waiting.append((target, child))
                else:
                    found.lengths.append(target)
            else:
                found.scalars.append((at + 4 + index * struct.calcsize(element), element))

    waiting.append((follow(0), "Model"))
    while waiting:
        if (here := waiting.pop()) in seen:
            continue
        seen.add(here)
        pos, name = here
        found.tables.append(pos)
        vtable = pos - struct.unpack_from("<i", data, pos)[0]
        slots = struct.unpack_from("<H", data, vtable)[0] // 2 - 2
        found.vtables.append(vtable)
        found.entries += range(vtable + 4, vtable + 4 + 2 * slots, 2)
        values: dict[str, int] = {}
        for slot, key, kind, child in schema.TABLES[name]:
            entry = struct.unpack_from("<H", data, vtable + 4 + 2 * slot)[0] if slot < slots else 0
            at = pos + entry
            if not entry:
                continue
            if kind == "s":
                found.lengths.append(follow(at))
            elif kind == "t":
                waiting.append((follow(at), str(child)))
            elif kind == "u":
                member = schema.ENUMS[str(child)].get(values.get(f"{key}_type", 0), "NONE")
                target = follow(at)
                if member != "NONE":
                    waiting.append((target, member))
            elif kind[0] == "[":
                vector(follow(at), kind[1], child)
            else:
                values[key] = data[at]
                found.scalars.append((at, kind))
    return found


def damaged(data: bytes, layout: Layout, rng: random.Random) -> bytes:
    """A copy in which a few parts are not what they were."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        rng.choice(DAMAGES)(out, layout, rng)
    return bytes(out)


def _offset(out: bytearray, layout: Layout, rng: random.Random) -> None:
    """An offset that leads to another part, a few bytes beside its own, or far away."""
    at = rng.choice(layout.offsets)
    ways = (rng.choice(layout.targets) - at, _word(out, at) + rng.choice(STEPS), rng.choice(ODD))
    _put(out, at, "I", rng.choice(ways))


def _length(out: bytearray, layout: Layout, rng: random.Random) -> None:
    if layout.lengths:
        at = rng.choice(layout.lengths)
        _put(out, at, "I", rng.choice((_word(out, at) + rng.choice(STEPS), rng.randrange(64), rng.choice(ODD))))


def _vtable(out: bytearray, layout: Layout, rng: random.Random) -> None:
    """A table that is read by the vtable of another one, or of nothing."""
    pos = rng.choice(layout.tables)
    _put(out, pos, "I", pos - rng.choice(layout.vtables) if rng.random() < 0.7 else rng.choice(ODD))


def _entry(out: bytearray, layout: Layout, rng: random.Random) -> None:
    """A field that is absent, stands elsewhere, or has the place of another one; or a vtable of another size."""
    if layout.entries:
        at, other = rng.choice(layout.entries), rng.choice(layout.entries)
        _put(out, at, "H", rng.choice((0, 0, _half(out, other), rng.randrange(0, 64, 2), rng.choice(ODD))))
    if rng.randrange(8) == 0:
        _put(out, rng.choice(layout.vtables) + rng.choice((0, 2)), "H", rng.choice((0, 2, 4, 6, 64, rng.choice(ODD))))


def _scalar(out: bytearray, layout: Layout, rng: random.Random) -> None:
    if layout.scalars:
        at, kind = rng.choice(layout.scalars)
        size = struct.calcsize(kind)
        value = int.from_bytes(out[at : at + size], "little")
        changed = rng.choice((value + rng.choice(STEPS), rng.randrange(256), rng.choice(ODD), rng.getrandbits(64)))
        out[at : at + size] = (changed % (1 << 8 * size)).to_bytes(size, "little")


DAMAGES: tuple[Callable[[bytearray, Layout, random.Random], None], ...] = (
    *(_offset, _length, _vtable, _entry),
    *(_scalar, _scalar, _scalar, _scalar),
)


def _word(data: bytes | bytearray, at: int) -> int:
    return int(struct.unpack_from("<I", data, at)[0])


def _half(data: bytes | bytearray, at: int) -> int:
    return int(struct.unpack_from("<H", data, at)[0])


def _put(out: bytearray, at: int, kind: str, value: int) -> None:
    size = struct.calcsize(kind)
    if 0 <= at <= len(out) - size:
        struct.pack_into("<" + kind, out, at, value % (1 << 8 * size))
