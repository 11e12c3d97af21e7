"""Bounds-checked FlatBuffers, driven by the schema tables: the only file that touches a model's bytes.

Checks are those of the official C++ verifier (flatbuffers/verifier.h with TFLite's options: alignment on, 1,000,000
tables), so that what LiteRT refuses as "not a valid Flatbuffer" is refused here and nothing more; its depth of 64 needs
none, for no table of the schema leads to one of its own kind. The Python `flatbuffers` runtime has no verifier: a bad
offset there is a `struct.error`, a wrapped index or an endless loop.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tflint.model import schema

if TYPE_CHECKING:
    from collections.abc import Callable

UNIONS = (
    *("BuiltinOptions", "BuiltinOptions2", "QuantizationDetails", "SparseIndexVector"),  # of a model
    *("ContentProperties", "ProcessUnitOptions"),  # of TFLite Metadata
    "VData",  # of LiteRT-LM
)
MAX_TABLES = 1_000_000
SMALLEST = 8  # bytes of a table that is not shared: the offset that leads to it, and the one that leads to its vtable
SHARED_TABLES = 10_000  # that many whatever the file's size, for offsets may lead to one table again and again
MAX_STRUCTURE = 0x7FFFFFFE  # FLATBUFFERS_MAX_BUFFER_SIZE: what lies behind is weights, reached by offset and size
MAX_ELEMENTS = 10_000_000  # values decoded in all, ten for each table
CHARACTERS = 8  # of a string, or bytes of it, count as one value
LONG = 256  # bytes of a vtable count as one value: hostile ones have 64 kB and lie over one another
SHARED = 1_000_000  # that many of them whatever the file's size, for vectors and strings may share bytes

_U32 = struct.Struct("<I").unpack_from
_I32 = struct.Struct("<i").unpack_from
_U16 = struct.Struct("<H").unpack_from
MANY = 100_000  # tables in the vectors of one, from which on all are counted before any is decoded
PLACES = 10_000  # vtables remembered by where they are; writers share one among all tables of its form

_SIZE = {c: struct.calcsize("<" + c) for c in "?bBhHiIqQfd"}
_MEMBERS = {union: {code: name for code, name in schema.ENUMS[union].items() if code} for union in UNIONS}
_VECTORS = {f"[{c}": size for c, size in _SIZE.items()}

Table = dict[str, Any]
Buffer = bytes | memoryview | Any  # or an mmap; anything with the buffer protocol and slicing


class MalformedModelError(Exception):
    """The bytes are not a FlatBuffer that a runtime would accept; `where` is the byte offset."""

    def __init__(self, reason: str, where: int = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.where = where


class _Layout:
    """What one vtable says about one table type: scalars behind one `struct`, the rest by position."""

    __slots__ = ("absent", "aligned8", "end", "names", "references", "tables", "unions", "unpack", "vectors")

    def __init__(self, entries: tuple[int, ...], fields: tuple[tuple[int, str, str, object], ...], vtable: int) -> None:
        scalars: list[tuple[int, str, str]] = []
        self.absent: Table = {}
        self.references: list[tuple[str, str, Any, int]] = []
        self.aligned8: list[int] = []
        for slot, name, kind, argument in fields:
            at = entries[slot] if slot < len(entries) else 0
            if kind in _SIZE:
                if at == 0:
                    self.absent[name] = argument
                    continue
                size = _SIZE[kind]
                if size == 8:
                    self.aligned8.append(at)
                elif at % size:
                    raise MalformedModelError(f"field {name} is not aligned to {size} bytes", vtable)
                scalars.append((at, kind, name))
            elif at == 0:
                self.absent[name] = None
            else:
                if at % 4:
                    raise MalformedModelError(f"field {name} is not aligned to 4 bytes", vtable)
                self.references.append((name, kind, argument, at))
        scalars.sort()
        self.names = [name for _, _, name in scalars]
        self.end = max([at + _SIZE[kind] for at, kind, _ in scalars] + [at + 4 for *_, at in self.references] + [4])
        self.unpack = _combined(scalars)
        self.vectors = [(child, at) for _, kind, child, at in self.references if kind == "[t"]
        self.unions = [(f"{name}_type", _MEMBERS[child]) for name, kind, child, _ in self.references if kind == "u"]
        self.tables = sum(kind == "t" for _, kind, *_ in self.references)


def _combined(scalars: list[tuple[int, str, str]]) -> Callable[[Buffer, int], tuple[Any, ...]]:
    """One reader for all scalars of a table; a hostile vtable may overlap them, then one reader each."""
    form, at = ["<"], 0
    for offset, kind, _ in scalars:
        if offset < at:
            readers = [(offset, struct.Struct("<" + kind).unpack_from) for offset, kind, _ in scalars]
            return lambda data, pos: tuple(read(data, pos + offset)[0] for offset, read in readers)
        form.append(f"{offset - at}x{kind}" if offset > at else kind)
        at = offset + _SIZE[kind]
    return struct.Struct("".join(form)).unpack_from


class Reader:
    """One FlatBuffer. `table` decodes and verifies a table and all that hangs off it.

    A decoded table is a dict by field name: scalars as they are, absent ones at their default; strings as `str`;
    scalar vectors as a `memoryview` cast to the element type; tables as dicts; vectors of tables as lists; a union
    as a dict, or None when its type is unknown to the schema. Absent references are None. Where a byte vector `x`
    starts in the file is `x_start`.
    """

    __slots__ = (
        *("_errors", "_layouts", "_most", "_most_tables", "_places", "_view"),
        *("data", "elements", "end", "newer", "size", "tables"),
    )

    def __init__(self, data: Buffer, errors: str = "backslashreplace") -> None:
        self.data = data
        self._errors = errors  # for strings that are not UTF-8
        self.newer: set[str] = set()  # tables with fields, and unions with members, that the schema does not know
        self.size = min(len(data), MAX_STRUCTURE)
        self._view = memoryview(data)
        self.tables = 0
        self.elements = 0
        self._most_tables = min(MAX_TABLES, SHARED_TABLES + self.size // SMALLEST)
        self._most = min(MAX_ELEMENTS, SHARED + self.size)  # four times what lies in the file, if none is shared
        self.end = 0  # furthest byte reached: what lies behind it is a tail
        self._layouts: dict[tuple[bytes, str], _Layout] = {}
        self._places: dict[tuple[int, str], _Layout] = {}

    def root(self, name: str) -> Table:
        """Decode the root table. Raises MalformedModelError."""
        if self.size < 8:
            raise MalformedModelError("the file ends before the root table")
        return self.table(self._follow(0), name)

    def table(self, pos: int, name: str) -> Table:
        """Decode the table `name` at byte `pos`."""
        self.tables += 1
        if self.tables > self._most_tables:
            raise MalformedModelError(f"more than {self._most_tables:,} tables", pos)
        data, size = self.data, self.size
        layout = self._layout(pos, name)
        end = pos + layout.end
        if end > self.end:  # noqa: PLR1730 - a third of the time of `max`
            self.end = end
        for at in layout.aligned8:
            if (pos + at) % 8:
                raise MalformedModelError(f"an 8-byte field of {name} is not aligned", pos)
        values = layout.absent.copy()
        values.update(zip(layout.names, layout.unpack(data, pos)))  # noqa: B905 - as many as the layout says
        if layout.vectors:
            self._count(pos, layout)
        for field, kind, child, at in layout.references:
            offset = _U32(data, pos + at)[0]
            target = pos + at + offset
            if not offset or target >= size:
                raise MalformedModelError("an offset points outside the file", pos + at)
            if kind in _VECTORS:
                start, count = self._vector(target, _VECTORS[kind])
                values[field] = self._view[start : start + count * _VECTORS[kind]].cast(kind[1])  # type: ignore[call-overload] # one of _SIZE
                if kind == "[B":
                    values[field + "_start"] = start
            elif kind == "s":
                values[field] = self.string(target)
            else:
                values[field] = self._reference(target, field, kind, child, values)
        return values

    def strings(self, pos: int, count: int) -> list[str]:
        """Strings behind `count` offsets at `pos`."""
        return [self.string(at) for at in self._offsets(pos, count)]

    def string(self, pos: int) -> str:
        """A string: bounds and the NUL behind it checked; bytes that are not UTF-8 are escaped."""
        start, count = self._vector(pos, 1)
        end = start + count
        if end >= self.size or self._view[end]:
            raise MalformedModelError("a string is not NUL terminated", pos)
        if end >= self.end:
            self.end = end + 1
        self.spend(count // CHARACTERS)
        return str(self._view[start:end], "utf-8", self._errors)

    def _layout(self, pos: int, name: str) -> _Layout:
        """The form of the table at `pos`, which lies in the file as a whole."""
        if pos % 4 or pos + 4 > self.size:
            raise MalformedModelError(f"table {name} starts outside the file or unaligned", pos)
        vtable = pos - _I32(self.data, pos)[0]
        layout = self._places.get((vtable, name)) or self._form(vtable, pos, name)
        if pos + layout.end > self.size:
            raise MalformedModelError(f"table {name} runs past the end of the file", pos)
        return layout

    def _form(self, vtable: int, pos: int, name: str) -> _Layout:
        if vtable % 2 or vtable < 0 or vtable + 2 > self.size:
            raise MalformedModelError(f"the vtable of {name} lies outside the file or unaligned", pos)
        size = _U16(self.data, vtable)[0]
        if size % 2 or vtable + size > self.size:
            raise MalformedModelError(f"the vtable of {name} has a bad size", vtable)
        self.end = max(self.end, vtable + size)
        self.spend(size // LONG)
        raw = bytes(self._view[vtable + 4 : vtable + size])
        layout = self._layouts.get((raw, name))
        if layout is None:
            self.spend(size // CHARACTERS)  # it is kept
            entries = struct.unpack(f"<{len(raw) // 2}H", raw)
            fields = schema.TABLES[name]
            layout = self._layouts[raw, name] = _Layout(entries, fields, vtable)
            if {slot for slot, at in enumerate(entries) if at} - {slot for slot, *_ in fields}:
                self.newer.add(name)
        if len(self._places) < PLACES:
            self._places[vtable, name] = layout
        return layout

    def _count(self, pos: int, layout: _Layout) -> None:
        """Refuse a table in whose vectors, and right under whose members, are too many tables: a model with millions.

        Where there are few, they are counted as they are decoded.
        """
        vectors = [(child, *self._vector(self._follow(pos + at), 4)) for child, at in layout.vectors]
        total = self.tables + sum(count for *_, count in vectors)
        if total > MANY:
            for child, start, count in vectors if total <= self._most_tables else ():
                total += sum(self._under(at, child) for at in self._targets(start, count))
            if total > self._most_tables:
                raise MalformedModelError(f"more than {self._most_tables:,} tables", pos)

    def _under(self, pos: int, name: str) -> int:
        """How many tables hang right under a table."""
        layout = self._layout(pos, name)
        kinds = dict(zip(layout.names, layout.unpack(self.data, pos), strict=True)) if layout.unions else {}
        return layout.tables + sum(kinds.get(kind, 0) in members for kind, members in layout.unions)

    def _reference(self, pos: int, field: str, kind: str, child: str, values: Table) -> Any:
        if kind == "t":
            return self.table(pos, child)
        if kind == "u":
            member = _MEMBERS[child].get(values[field + "_type"])
            if member is None:
                self.newer.add(child)
                return None
            return self.table(pos, member)
        start, count = self._vector(pos, 4)
        if kind == "[s":
            return self.strings(start, count)
        table = self.table
        return [table(at, child) for at in self._offsets(start, count)]

    def _follow(self, at: int) -> int:
        offset = _U32(self.data, at)[0]
        pos = at + offset
        if not offset or pos >= self.size:
            raise MalformedModelError("an offset points outside the file", at)
        return int(pos)

    def _vector(self, pos: int, size: int) -> tuple[int, int]:
        if pos % 4 or pos + 4 > self.size:
            raise MalformedModelError("a vector starts outside the file or unaligned", pos)
        count = _U32(self.data, pos)[0]
        end = pos + 4 + count * size
        if end > self.size:
            raise MalformedModelError("a vector runs past the end of the file", pos)
        if end > self.end:  # noqa: PLR1730 - a third of the time of `max`
            self.end = end
        return pos + 4, count

    def _offsets(self, pos: int, count: int) -> list[int]:
        self.spend(count)
        return self._targets(pos, count)

    def _targets(self, pos: int, count: int) -> list[int]:
        return [pos + 4 * i + offset for i, offset in enumerate(struct.unpack_from(f"<{count}I", self.data, pos))]

    def spend(self, count: int) -> None:
        """Account for `count` values about to be decoded."""
        self.elements += count
        if self.elements > self._most:
            raise MalformedModelError(f"vectors and strings hold more than {self._most:,} values in all")

    def ints(self, vector: memoryview | None) -> tuple[int, ...]:
        """Values of an int32 vector field."""
        if vector is None:
            return ()
        self.spend(len(vector))
        return tuple(vector)


def scalars(raw: bytes, character: str) -> tuple[Any, ...]:
    """Little-endian values of one struct character: those of a small constant."""
    return struct.unpack(f"<{len(raw) // struct.calcsize(character)}{character}", raw)
