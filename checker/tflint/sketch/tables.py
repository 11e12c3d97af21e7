"""Parts of the schema's tables out of a sketch line: tensor facts, operator codes, options, constants."""

from __future__ import annotations

import math
import struct
from typing import Any

from tflint.errors import nearest
from tflint.model import schema
from tflint.model.tensor import DTYPES
from tflint.sketch.text import SketchError, Tokens

Table = dict[str, Any]

OP_NAMES = schema.ENUMS["BuiltinOperator"]
_CODES = {name: code for code, name in OP_NAMES.items()}
TYPES = {name.lower(): code for code, name in schema.ENUMS["TensorType"].items()}
_UNIONS = {
    field: {name: code for code, name in schema.ENUMS[enum].items()}
    for field, enum in (("builtin_options", "BuiltinOptions"), ("builtin_options_2", "BuiltinOptions2"))
}
_DETAILS = {name: code for code, name in schema.ENUMS["QuantizationDetails"].items()}
_SEGMENTS = 1  # SparseIndexVector.Int32Vector
MAX_CONSTANT = 1 << 28  # bytes that a sketch line may ask for
SATURATED = 127  # what writers put into the int8 code field for later ops


def read_facts(tokens: Tokens, tensor: Table) -> None:
    """Facts of a tensor line, up to its `=`."""
    quant: Table = {}
    while not tokens.done and not tokens.peek("="):
        fact = tokens.next("word")
        if fact in ("variable", "has_rank"):
            tensor["is_variable" if fact == "variable" else fact] = True
            continue
        tokens.expect("=")
        if fact == "q":
            _quant(tokens, quant)
        elif fact == "details":
            quant["details_type"] = _DETAILS[kind] if (kind := tokens.name()) in _DETAILS else int(kind[5:])
            quant["details"] = tokens.value() if quant["details_type"] in _DETAILS.values() else None
        elif fact in ("min", "max"):
            quant[fact] = tokens.vector()
        elif fact == "sparse":
            tensor["sparsity"] = _sparsity(tokens.value())
        elif fact == "subtypes":
            tensor["variant_tensors"] = [{"type": TYPES[t]} for t in tokens.vector()]
        elif fact in ("sig", "external", "buffer"):
            key = {"sig": "shape_signature", "external": "external_buffer", "buffer": "buffer"}[fact]
            tensor[key] = tokens.value()
        else:
            raise SketchError(f"no fact {fact!r}" + nearest(fact, ("q", "sig", "variable", "min", "max", "buffer")))
    if quant:
        tensor["quantization"] = quant


def _quant(tokens: Tokens, quant: Table) -> None:
    scale = tokens.value()
    vector = isinstance(scale, list)
    quant["scale"] = scale if vector else [scale]
    if tokens.peek_kind("number") or tokens.take("+"):
        zero = tokens.value()
        quant["zero_point"] = zero if isinstance(zero, list) else [zero]
    if tokens.take("@"):
        quant["quantized_dimension"] = int(tokens.next("number"))


def read_opcode(tokens: Tokens) -> Table:
    """An operator code: `NAME.vN:custom`."""
    name, _, version = tokens.next("word").partition(".v")
    code = int(name[8:]) if name.startswith("BUILTIN_") else _CODES.get(name, -1)
    if code < 0:
        raise SketchError(f"no op {name!r}" + nearest(name, _CODES))
    entry: Table = {"deprecated_builtin_code": min(code, SATURATED), "builtin_code": code}
    entry["version"] = int(version or 1)
    if tokens.take(":"):
        entry["custom_code"] = tokens.name()
    return entry


def constant_bytes(tokens: Tokens, tensor: Table) -> bytes:
    """Bytes of `const [values]`, or zeros for `const`."""
    dtype = schema.ENUMS["TensorType"][tensor["type"]].lower()
    bits, character = DTYPES[dtype]
    count = math.prod(tensor["shape"] or ())
    if tokens.peek("["):
        values = tokens.vector()
        data = _strings(values) if dtype == "string" else _pack(character, values, dtype)
    else:
        size = (count * bits + 7) // 8
        if not 0 <= size <= MAX_CONSTANT:
            raise SketchError(f"a constant of {size:,} bytes")
        data = bytes(size)
    return data


def set_options(op: Table, table: str, options: Table) -> None:
    """Put an options table into an operator, enums by number."""
    if table.startswith("type "):
        op["builtin_options_type"] = int(table[5:])
        return
    fields = {name: kind for _, name, kind, _ in schema.TABLES.get(table, ())}
    for key, value in options.items():
        if key not in fields:
            raise SketchError(f"{table} has no option {key!r}" + nearest(key, fields))
        enum = schema.FIELD_ENUMS.get(f"{table}.{key}") or schema.FIELD_ENUMS.get(key)
        if enum and isinstance(value, str):
            names = {name: code for code, name in schema.ENUMS[enum].items()}
            if value not in names:
                raise SketchError(f"{key} is no {value!r}" + nearest(value, names))
            options[key] = names[value]
    for union, members in _UNIONS.items():
        if table in members:
            op[union + "_type"], op[union] = members[table], options


def _pack(character: str, values: list[Any], dtype: str) -> bytes:
    if not character:
        raise SketchError(f"values of {dtype} cannot be written: use raw")
    try:
        return struct.pack(f"<{len(values)}{character}", *values)
    except struct.error as problem:
        raise SketchError(f"a {dtype} constant: {problem}") from None


def _strings(values: list[str]) -> bytes:
    """A string tensor: count, offsets, bytes (tflite/string_util.h)."""
    raw = [value.encode() for value in values]
    offsets, at = [], 4 * (len(raw) + 2)
    for item in raw:
        offsets.append(at)
        at += len(item)
    return struct.pack(f"<{len(raw) + 2}i", len(raw), *offsets, at) + b"".join(raw)


def _sparsity(parts: Table) -> Table:
    def level(row: Table) -> Table:
        entry: Table = {"format": row["format"], "dense_size": row["dense_size"]}
        for short in ("segments", "indices"):
            if short in row:
                entry[f"array_{short}_type"], entry[f"array_{short}"] = _SEGMENTS, {"values": row[short]}
        return entry

    levels = [level(row) for row in parts.get("levels", ())]
    return {"traversal_order": parts.get("order"), "block_map": parts.get("blocks"), "dim_metadata": levels}
