"""The zip archive that TFLite Metadata appends to a model: its directory, and members up to a limit.

Most models for task libraries have one, and `zipfile` takes 6 ms to import, a third of a bare interpreter's start:
archives that models come in are read with it (`tflint.model.zipped`), this one without.

Nothing is extracted: a name is a word to compare, never a path, and no member is inflated beyond what its reader asks
for. Layout: PKWARE APPNOTE.TXT 6.3.10, 4.3.7 (local header), 4.3.12 (central directory), 4.3.16 (its end).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tflint.model.tensor import Buffer

MAX_MEMBERS = 1000
LONGEST_COMMENT = 0xFFFF
STORED, DEFLATED = 0, 8

_LOCAL = struct.Struct("<4s22xHH")  # signature; lengths of name and extra field
_ENTRY = struct.Struct("<4s6xH8xIIHHH8xI")  # signature; method; sizes; lengths of name, extra, comment; local header
_END = struct.Struct("<4s6xHIIH")  # signature; entries; size and offset of the directory; length of the comment


class Member(NamedTuple):
    """A file of the archive, as the central directory has it: not to be trusted."""

    name: str
    size: int  # bytes, inflated
    packed: int  # bytes in the file
    method: int  # STORED, DEFLATED or another
    header: int  # byte offset of its local header in the model file
    tail: Buffer

    def read(self, limit: int) -> bytes | None:
        """Its bytes, None where it is longer than `limit`, damaged or packed in another way."""
        data = self.tail.source
        if self.size > limit or self.packed > limit or not self.tail.start <= self.header <= len(data) - _LOCAL.size:
            return None
        signature, name, extra = _LOCAL.unpack(data[self.header : self.header + _LOCAL.size])
        start = self.header + _LOCAL.size + name + extra
        raw = bytes(data[start : start + self.packed])
        if signature != b"PK\3\4" or len(raw) != self.packed:
            return None
        if self.method == DEFLATED:
            import zlib  # noqa: PLC0415 - few archives are compressed

            try:
                raw = zlib.decompressobj(-zlib.MAX_WBITS).decompress(raw, self.size + 1)
            except zlib.error:
                return None
        return raw if self.method in (STORED, DEFLATED) and len(raw) == self.size else None


def members(tail: Buffer) -> dict[str, Member] | None:
    """The files of the archive behind a model by name; None where there is none that can be read."""
    data, stop = tail.source, tail.start + tail.size
    floor = max(tail.start, stop - LONGEST_COMMENT - _END.size)
    last = bytes(data[floor:stop])
    at = last.rfind(b"PK\5\6")
    if at < 0 or floor + at + _END.size > stop:
        return None
    _, count, size, offset, _ = _END.unpack_from(last, at)
    place = floor + at - size
    shift = place - offset  # offsets count from the file's start, or from the archive's
    if place < tail.start or count > MAX_MEMBERS:
        return None
    found = {}
    for _ in range(count):
        if place + _ENTRY.size > floor + at:
            return None
        entry = _ENTRY.unpack(data[place : place + _ENTRY.size])
        signature, method, packed, whole, name, extra, comment, header = entry
        if signature != b"PK\1\2":
            return None
        start = place + _ENTRY.size
        text = str(data[start : start + name], "utf-8", "backslashreplace")
        found[text] = Member(text, whole, packed, method, header + shift, tail)
        place = start + name + extra + comment
    return found
