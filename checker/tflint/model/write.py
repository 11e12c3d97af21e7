"""Tables to a file: the inverse of `flatbuf.Reader`. The structure is built anew, weights are copied as bytes.

`encode` takes what the reader gives: a dict by field name, scalars as they are, strings as `str`, vectors as
sequences (byte vectors as anything with the buffer protocol), tables as dicts, unions as a dict beside their
`<field>_type` number. Fields left out or None are not written, and neither are scalars at their default, as in every
TFLite writer. The `outside` bytes of a buffer or an operator are stored behind the FlatBuffer, where its offset
and size say.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import flatbuffers
from flatbuffers import number_types

from tflint.model import schema
from tflint.model.flatbuf import MAX_STRUCTURE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ALIGNMENT = 16  # bytes; schema.fbs: Buffer.data (force_align: 16), and TFLite's writers align what lies outside as well
CHUNK = 1 << 22  # bytes copied at once
_UNSET = 0xFFFFFFFF  # of an offset until the place of its data is known
_BEYOND = 2  # as an offset until the place is known: 0 and 1 mean unset
OUTSIDE = {  # tables with bytes behind the FlatBuffer: the fields of their position and size
    "Buffer": ("offset", "size"),
    "Operator": ("large_custom_options_offset", "large_custom_options_size"),
}

_FLAGS = {
    "?": number_types.BoolFlags,
    "b": number_types.Int8Flags,
    "B": number_types.Uint8Flags,
    "h": number_types.Int16Flags,
    "H": number_types.Uint16Flags,
    "i": number_types.Int32Flags,
    "I": number_types.Uint32Flags,
    "q": number_types.Int64Flags,
    "Q": number_types.Uint64Flags,
    "f": number_types.Float32Flags,
    "d": number_types.Float64Flags,
}


class ModelTooLargeError(Exception):
    """What lies inside a FlatBuffer is reached by 31-bit offsets; more of it cannot be written."""


@dataclass(slots=True)
class Encoded:
    """A model as the pieces of its file: the structure in memory, the weights still where they came from."""

    structure: bytearray
    weights: list[tuple[int, Any]] = field(default_factory=list)  # (position in the file, bytes), ascending

    def pieces(self) -> Iterator[Any]:
        """The file from start to end, a weight in pieces of CHUNK bytes."""
        at = len(self.structure)
        yield self.structure
        for start, data in self.weights:
            if start > at:
                yield bytes(start - at)
            view = memoryview(data).cast("B")
            for begin in range(0, len(view), CHUNK):
                yield view[begin : begin + CHUNK]
            at = start + len(view)

    def __bytes__(self) -> bytes:
        """The whole file."""
        return b"".join(self.pieces())


def encode(root: Mapping[str, Any], identifier: bytes = b"TFL3", table: str = "Model") -> Encoded:
    """Lay a model out, or what another root table holds.

    Raises KeyError for a field or union member that the schema does not know, and ModelTooLargeError.
    """
    writer = _Writer()
    writer.builder.Finish(writer.table(table, root), file_identifier=identifier)
    return writer.laid_out()


class _Writer:
    """One FlatBuffer. Positions are kept as distances from the end, as the builder works from the end."""

    def __init__(self) -> None:
        self.builder = flatbuffers.Builder(1024)
        self.inside: list[tuple[int, Any]] = []  # (slot of an offset, bytes)
        self.outside: list[tuple[int, Any]] = []  # (slot of a 64-bit position, bytes)

    def table(self, name: str, values: Mapping[str, Any]) -> int:
        builder = self.builder
        fields = {field: (slot, kind, argument) for slot, field, kind, argument in schema.TABLES[name]}
        references: list[tuple[int, int]] = []
        scalars: list[tuple[int, str, Any, Any]] = []
        weights = values.get("data") if name == "Buffer" else None
        beyond, position, size = None, "", ""
        if name in OUTSIDE and (beyond := values.get("outside")) is not None:
            position, size = OUTSIDE[name]
            values = {**values, position: _BEYOND, size: len(beyond)}
        for key in sorted(values, key=_order(fields)):
            value = values[key]
            if value is None or key.endswith("_start") or key == "outside" or value is weights:
                continue
            slot, kind, argument = fields[key]
            if kind in _FLAGS:
                scalars.append((slot, kind, value, argument))
            elif kind == "u":
                member = schema.ENUMS[str(argument)][values[key + "_type"]]
                references.append((slot, self.table(member, value)))
            else:
                references.append((slot, self._reference(kind, str(argument), value)))
        builder.StartObject(1 + max((slot for slot, *_ in fields.values()), default=-1))
        for slot, kind, value, default in sorted(scalars, key=lambda s: -_FLAGS[s[1]].bytewidth):
            builder.PrependSlot(_FLAGS[kind], slot, value, default)
            if beyond is not None and slot == fields[position][0]:
                self.outside.append((builder.Offset(), beyond))
        for slot, at in references:
            builder.PrependUOffsetTRelativeSlot(slot, at, 0)
        if weights is not None:
            builder.PrependUint32Slot(fields["data"][0], _UNSET, 0)
            self.inside.append((builder.Offset(), weights))
        return int(builder.EndObject())

    def laid_out(self) -> Encoded:
        """Give every weight its place behind the structure, in the order of the model's buffers."""
        encoded = Encoded(bytearray(self.builder.Output()))
        structure, end = encoded.structure, len(encoded.structure)
        for slot, data in self.inside:
            start = _aligned(end + 4)
            struct.pack_into("<I", structure, len(structure) - slot, start - 4 - (len(structure) - slot))
            encoded.weights += [(start - 4, struct.pack("<I", len(data))), (start, data)]
            end = start + len(data)
            if end > MAX_STRUCTURE:
                raise ModelTooLargeError("a FlatBuffer holds less than 2 GB")
        for slot, data in self.outside:
            start = _aligned(end)
            struct.pack_into("<Q", structure, len(structure) - slot, start)
            encoded.weights.append((start, data))
            end = start + len(data)
        return encoded

    def _reference(self, kind: str, child: str, value: Any) -> int:
        builder = self.builder
        if kind == "s":
            return int(builder.CreateString(value, errors="surrogateescape"))
        if kind == "t":
            return self.table(child, value)
        element = kind[1]
        if element in _FLAGS:
            width = _FLAGS[element].bytewidth
            raw = bytes(value) if element == "B" else struct.pack(f"<{len(value)}{element}", *value)
            builder.StartVector(width, len(value), ALIGNMENT if element == "B" else width)
            builder.head -= len(raw)
            builder.Bytes[builder.head : builder.head + len(raw)] = raw
            return int(builder.EndVector())
        offsets = [self._reference(element, child, item) for item in value]
        builder.StartVector(4, len(offsets), 4)
        for at in reversed(offsets):
            builder.PrependUOffsetTRelative(at)
        return int(builder.EndVector())


def _order(fields: Mapping[str, tuple[int, Any, Any]]) -> Callable[[str], int]:
    """The schema's, so that the same tables give the same bytes, whoever made them."""
    return lambda key: fields[key][0] if key in fields else -1


def _aligned(position: int) -> int:
    return -(-position // ALIGNMENT) * ALIGNMENT
