"""Remote bytes as memory: what is looked at is fetched first, in few and short ranges, and weights never are.

A model's structure is gathered before it is decoded: tables are followed breadth first, and whatever the tables of one
round wait for is fetched together. The reader then finds in memory all that it looks at, as it does in a mapped file,
and checks it all; here an offset that leads nowhere is just not followed.
"""

from __future__ import annotations

import itertools
import mmap
import struct
from typing import TYPE_CHECKING, Any

from tflint.model import schema
from tflint.model.flatbuf import MAX_TABLES, MalformedModelError
from tflint.model.tensor import CONSTANT_LIMIT

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    Span = tuple[int, int]  # first byte, and the one behind the last
    Fetch = Callable[[list[Span]], list[bytes]]
    Walk = Generator[Span, None, None]

BLOCK = 1 << 10  # bytes: what is fetched is whole blocks
FIRST = 1 << 16  # bytes from the start: the root, and all of a small model
LEAST_SLACK, MOST_SLACK, SHARE = 1 << 17, 1 << 21, 64  # bytes, bytes, part: see Ranged.slack
MAX_FETCHED = 1 << 28  # bytes of a model's structure; who has more has not come by it honestly
MAX_WHOLE = 1 << 30  # bytes of a model of which all are wanted
AT_ONCE = 1 << 23  # bytes of a range where all are wanted

_I32, _U32, _U16 = (struct.Struct(form).unpack_from for form in ("<i", "<I", "<H"))
_SIZES = {character: struct.calcsize("<" + character) for character in "?bBhHiIqQfd"}


class Ranged(mmap.mmap):
    """The bytes of something remote. A slice is fetched when it is taken; a view shows what was fetched before."""

    _fetch: Fetch
    _have: bytearray  # a byte for each block
    confirm: Callable[[], None]
    """Asks whether it is still what it was. Raises OSError."""
    fetched = 0  # bytes
    requests = 0
    slack = 0
    """Bytes between ranges that may yet be fetched for nothing, to join them: a request takes longer than 10 kB do."""

    @classmethod
    def of(cls, size: int, fetch: Fetch, confirm: Callable[[], None] = lambda: None) -> Ranged:
        """Memory for `size` bytes, none of them fetched; it takes no room but for those that are."""
        flags = {name: getattr(mmap, f"MAP_{name}", 0) for name in ("PRIVATE", "ANONYMOUS", "NORESERVE")}
        self = cls(-1, size, flags=sum(flags.values())) if flags["PRIVATE"] else cls(-1, size)
        self._fetch, self._have, self.confirm = fetch, bytearray(-(-size // BLOCK)), confirm
        self.slack = min(max(size // SHARE, LEAST_SLACK), MOST_SLACK)
        return self

    def part(self, start: int, stop: int) -> Ranged:
        """A member of an archive: the bytes from `start` to `stop` as memory of their own."""
        return Ranged.of(
            stop - start,
            lambda spans: self._fetch([(start + first, start + last) for first, last in spans]),
            self.confirm,
        )

    def __getitem__(self, key: Any) -> Any:
        """The bytes of a slice, or one byte, fetched where they are not there yet."""
        start, stop, _ = key.indices(len(self)) if isinstance(key, slice) else (key, key + 1, 1)
        self.gather([(start, stop)])
        return super().__getitem__(key)

    def has(self, start: int, stop: int) -> bool:
        """Whether those bytes have been fetched."""
        return self._have.find(0, start // BLOCK, -(-stop // BLOCK)) < 0

    def gather(self, spans: Iterable[Span]) -> None:
        """Fetch what of these spans is not there, those that lie close together as one range."""
        wanted = [span for span in spans if not self.has(*span)]
        if not wanted:
            return
        joined = self._joined(wanted)
        for (start, stop), data in zip(joined, self._fetch(joined), strict=True):
            self[start:stop] = data
            first, last = start // BLOCK, -(-stop // BLOCK)
            self._have[first:last] = b"\1" * (last - first)
            self.fetched += stop - start
            self.requests += 1

    def gather_all(self) -> None:
        """Fetch all bytes. Raises MalformedModelError where they are too many to be had in memory."""
        if len(self) > MAX_WHOLE:
            raise MalformedModelError(f"all of its {len(self):,} bytes are wanted: download it first")
        for start in range(0, len(self), AT_ONCE):
            self.gather([(start, min(start + AT_ONCE, len(self)))])
        self.confirm()

    def _joined(self, spans: list[Span]) -> list[Span]:
        """Whole blocks, and the smallest gaps between them as far as the slack goes."""
        ranges: list[list[int]] = []
        for first, last in sorted((start // BLOCK * BLOCK, -(-stop // BLOCK) * BLOCK) for start, stop in spans):
            if ranges and first <= ranges[-1][1]:
                ranges[-1][1] = max(ranges[-1][1], last)
            else:
                ranges.append([first, last])
        gaps = sorted((after[0] - before[1], after[0]) for before, after in itertools.pairwise(ranges))
        joins = set()
        for gap, at in gaps:
            if gap > self.slack:
                break
            self.slack -= gap
            joins.add(at)
        joined: list[Span] = []
        for first, last in ranges:
            start = joined.pop()[0] if first in joins else first
            joined.append((start, min(last, len(self))))
        return joined


def gather_structure(data: Ranged) -> None:
    """Fetch the structure of the model in `data`, and constants of up to CONSTANT_LIMIT bytes."""
    size = len(data)
    data.gather([(0, min(FIRST, size)), (max(0, size - BLOCK), size)])
    walker = _Walker(data)
    ready: list[Walk] = [walker.root()] if size >= 8 else []
    while ready:
        waiting: list[tuple[Walk, Span]] = []
        while ready:
            walk = ready.pop()
            for start, stop in walk:
                if not 0 <= start <= stop <= size:
                    break  # it leads nowhere, which the reader says
                if not data.has(start, stop):
                    waiting.append((walk, (start, stop)))
                    break
            ready += walker.found
            walker.found.clear()
        data.gather(span for _, span in waiting)
        if data.fetched > MAX_FETCHED:
            raise MalformedModelError(f"its structure is over {MAX_FETCHED:,} bytes: download it first")
        ready = [walk for walk, _ in waiting]
    data.confirm()


class _Walker:
    """What is to be followed of a structure. Each walk yields the span that it looks at next."""

    def __init__(self, data: Ranged) -> None:
        self.data = data
        self.found: list[Walk] = []
        self.seen: set[tuple[int, str]] = set()

    def root(self) -> Walk:
        yield 0, 4
        self._table(_U32(self.data, 0)[0], "Model")

    def _table(self, pos: int, name: str) -> None:
        """Follow a table, or the string "s", that was not seen before."""
        if (pos, name) not in self.seen:
            self.seen.add((pos, name))
            if len(self.seen) > 2 * MAX_TABLES:
                raise MalformedModelError(f"more than {2 * MAX_TABLES:,} tables and strings")
            self.found.append(self._vector(pos, "s", "") if name == "s" else self._fields(pos, name))

    def _fields(self, pos: int, name: str) -> Walk:
        data = self.data
        yield pos, pos + 4
        vtable = pos - _I32(data, pos)[0]
        yield vtable, vtable + 4
        size = max(_U16(data, vtable)[0], 4)
        yield vtable, vtable + size
        entries = struct.unpack_from(f"<{(size - 4) // 2}H", data, vtable + 4)
        yield pos, min(pos + max([4, *(at + 8 for at in entries)]), len(data))
        present = [
            (entries[slot], field, kind, str(child))
            for slot, field, kind, child in schema.TABLES[name]
            if slot < len(entries) and entries[slot] and pos + entries[slot] < len(data)
        ]
        kinds = {field: data[pos + at] for at, field, kind, _ in present if kind == "B"}
        for at, field, kind, child in present:
            if kind in _SIZES or pos + at + 4 > len(data):
                continue
            target = pos + at + _U32(data, pos + at)[0]
            if kind == "t":
                self._table(target, child)
            elif kind == "u":
                member = schema.ENUMS[child].get(kinds.get(f"{field}_type", 0), "NONE")
                if member != "NONE":
                    self._table(target, member)
            else:
                self.found.append(self._vector(target, kind, child, weights=name == "Buffer"))

    def _vector(self, pos: int, kind: str, child: str, *, weights: bool = False) -> Walk:
        data = self.data
        yield pos, pos + 4
        count = _U32(data, pos)[0]
        element = kind[-1]
        stop = pos + 4 + count * (1 if kind == "s" else _SIZES.get(element, 4)) + (kind == "s")
        if weights and count > CONSTANT_LIMIT:
            return
        yield pos, stop
        if kind in ("[s", "[t"):
            for at in range(pos + 4, stop, 4):
                self._table(at + _U32(data, at)[0], "s" if element == "s" else child)
