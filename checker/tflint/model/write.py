"""Tables to bytes: the inverse of `flatbuf.Reader`, through the `flatbuffers` builder.

`encode` takes what the reader gives: a dict by field name, scalars as they are, strings as `str`, vectors as
sequences (byte vectors as `bytes`), tables as dicts, unions as a dict beside their `<field>_type` number. Fields left
out or None are not written, and neither are scalars at their default, as in every TFLite writer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import flatbuffers
from flatbuffers import number_types

from tflint.model import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA_ALIGNMENT = 16  # schema.fbs: Buffer.data (force_align: 16)

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


def encode(root: Mapping[str, Any], identifier: bytes = b"TFL3") -> bytes:
    """Bytes of a model. Raises KeyError for a field or union member that the schema does not know."""
    builder = flatbuffers.Builder(1024)
    builder.Finish(_table(builder, "Model", root), file_identifier=identifier)
    return bytes(builder.Output())


def _table(builder: Any, name: str, values: Mapping[str, Any]) -> int:
    fields = {field: (slot, kind, argument) for slot, field, kind, argument in schema.TABLES[name]}
    references: list[tuple[int, int]] = []
    scalars: list[tuple[int, str, Any, Any]] = []
    for field, value in values.items():
        if value is None or field.endswith("_start"):
            continue
        slot, kind, argument = fields[field]
        if kind in _FLAGS:
            scalars.append((slot, kind, value, argument))
        elif kind == "u":
            member = schema.ENUMS[str(argument)][values[field + "_type"]]
            references.append((slot, _table(builder, member, value)))
        else:
            references.append((slot, _reference(builder, kind, str(argument), value)))
    builder.StartObject(1 + max((slot for slot, *_ in fields.values()), default=-1))
    for slot, kind, value, default in sorted(scalars, key=lambda s: -_FLAGS[s[1]].bytewidth):
        builder.PrependSlot(_FLAGS[kind], slot, value, default)
    for slot, at in references:
        builder.PrependUOffsetTRelativeSlot(slot, at, 0)
    return int(builder.EndObject())


def _reference(builder: Any, kind: str, child: str, value: Any) -> int:
    if kind == "s":
        return int(builder.CreateString(value))
    if kind == "t":
        return _table(builder, child, value)
    element = kind[1]
    if element == "B":
        return _bytes(builder, bytes(value))
    if element in _FLAGS:
        flags = _FLAGS[element]
        builder.StartVector(flags.bytewidth, len(value), flags.bytewidth)
        for item in reversed(list(value)):
            builder.Prepend(flags, item)
        return int(builder.EndVector())
    offsets = [_reference(builder, element, child, item) for item in value]
    builder.StartVector(4, len(offsets), 4)
    for at in reversed(offsets):
        builder.PrependUOffsetTRelative(at)
    return int(builder.EndVector())


def _bytes(builder: Any, data: bytes) -> int:
    builder.StartVector(1, len(data), DATA_ALIGNMENT)
    builder.head = builder.head - len(data)
    builder.Bytes[builder.head : builder.head + len(data)] = data
    return int(builder.EndVector())
