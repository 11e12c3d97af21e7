"""Bytes to Model: open a file, see what it is, decode it, and give it the form that rules see."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

from tflint.model import schema, sniff
from tflint.model.flatbuf import MalformedModelError, Reader
from tflint.model.tensor import Buffer, Dimension, Quant, Sparsity, Tensor
from tflint.model.view import Metadata, Model, Op, OperatorCode, Signature, Subgraph

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tflint.model.flatbuf import Table

MAX_RANK = 64  # no kernel takes more than 8; a longer shape is an attack on whoever decodes it
MAX_NAME = 65_536  # bytes
PADDING = 16  # bytes: what a writer may leave behind the last buffer to align it

_OPS = schema.ENUMS["BuiltinOperator"]
_DTYPES = {code: name.lower() for code, name in schema.ENUMS["TensorType"].items()}
_UNIONS = (("builtin_options", schema.ENUMS["BuiltinOptions"]), ("builtin_options_2", schema.ENUMS["BuiltinOptions2"]))
_NOTHING: frozenset[str] = frozenset()


def read_model(path: Path) -> Model:
    """Map the file and decode it.

    Raises MalformedModelError for what is not a model, and OSError for what cannot be read.
    """
    return decode(mapped(path))


def mapped(path: Path) -> mmap.mmap:
    """The file's bytes, read when they are touched. Raises MalformedModelError for an empty one, and OSError."""
    with path.open("rb") as file:
        if file.seek(0, 2) == 0:
            raise MalformedModelError("the file is empty")
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def decode(data: Any) -> Model:
    """Decode a model from anything with the buffer protocol. Raises MalformedModelError."""
    foreign = sniff.foreign(data)
    if foreign:
        raise MalformedModelError(foreign)
    reader = Reader(data)
    return _Builder(reader, reader.root("Model")).model()


def viewed(reader: Reader, root: Table) -> Model:
    """The view of tables that a reader gave, or of such as they were edited since; options are changed in place."""
    return _Builder(reader, root).model()


class _Builder:
    """One pass over the decoded tables."""

    def __init__(self, reader: Reader, root: Table) -> None:
        self.reader = reader
        self.root = root
        self.size = len(reader.data)
        self.buffers = tuple(self._buffer(i, t) for i, t in enumerate(root["buffers"] or ()))
        self.codes = tuple(_opcode(i, t) for i, t in enumerate(root["operator_codes"] or ()))

    def model(self) -> Model:
        root = self.root
        metadata = tuple(
            Metadata(i, t["name"] or "", t["buffer"], self._buffer_at(t["buffer"]))
            for i, t in enumerate(root["metadata"] or ())
        )
        subgraphs = tuple(self._subgraph(i, t) for i, t in enumerate(root["subgraphs"] or ()))
        end = max([self.reader.end, *(b.start + b.size for b in self.buffers if b.in_file)])
        end = max(end, *(sum(op.large_custom_options) for g in subgraphs for op in g.ops), 0)
        end = min(end, self.size)
        if self.size - end <= PADDING and not bytes(self.reader.data[end:]).strip(b"\0"):
            end = self.size
        return Model(
            file_size=self.size,
            version=root["version"],
            description=root["description"] or "",
            operator_codes=self.codes,
            subgraphs=subgraphs,
            buffers=self.buffers,
            signatures=tuple(_signature(i, t) for i, t in enumerate(root["signature_defs"] or ())),
            metadata=metadata,
            external_buffers=tuple(root["external_buffers"] or ()),
            external_buffer_groups=tuple(t["name"] or "" for t in root["external_buffer_groups"] or ()),
            metadata_buffer=self.reader.ints(root["metadata_buffer"]),
            structure_end=self.reader.end,
            tail=Buffer(-1, end, self.size - end, True, 0, (0, 0), True, self.reader.data),
            absent=_absent(root, ("subgraphs", "buffers", "operator_codes", "signature_defs", "metadata")),
        )

    def _buffer(self, index: int, table: Table) -> Buffer:
        data, offset, size = table["data"], table["offset"], table["size"]
        inline = len(data) if data is not None else 0
        if inline and "data_start" not in table:  # bytes of an edit, which no file has yet
            return Buffer(index, 0, inline, False, inline, (offset, size), True, data)
        outside = not inline and offset > 1
        start = offset if outside else table.get("data_start", 0)
        length = size if outside else inline
        in_file = start + length <= self.size
        return Buffer(index, start, length, outside, inline, (offset, size), in_file, self.reader.data)

    def _buffer_at(self, index: int) -> Buffer | None:
        return self.buffers[index] if index < len(self.buffers) else None

    def _subgraph(self, index: int, table: Table) -> Subgraph:
        tensors = tuple(self._tensor(index, i, t) for i, t in enumerate(table["tensors"] or ()))
        inputs, outputs = self.reader.ints(table["inputs"]), self.reader.ints(table["outputs"])
        return Subgraph(
            index,
            table["name"] or "",
            tensors,
            _pick(tensors, inputs),
            _pick(tensors, outputs),
            inputs,
            outputs,
            tuple(self._op(index, i, t, tensors) for i, t in enumerate(table["operators"] or ())),
            _absent(table, ("tensors", "inputs", "outputs", "operators")),
        )

    def _tensor(self, subgraph: int, index: int, table: Table) -> Tensor:
        shape, signature = table["shape"], table["shape_signature"]
        for vector in (shape, signature):
            if vector is not None and len(vector) > MAX_RANK:
                raise MalformedModelError(f"tensor {index} has {len(vector):,} dimensions")
        name, code, buffer = table["name"] or "", table["type"], table["buffer"]
        if len(name) > MAX_NAME:
            raise MalformedModelError(f"the name of tensor {index} has {len(name):,} characters")
        quantization, sparsity = table["quantization"], table["sparsity"]
        return Tensor(
            subgraph,
            index,
            name,
            _DTYPES.get(code) or f"type {code}",
            code,
            self.reader.ints(shape),
            self.reader.ints(signature) if signature is not None else None,
            shape is not None,
            table["has_rank"],
            _quant(quantization) if quantization else None,
            buffer,
            self._buffer_at(buffer),
            table["is_variable"],
            _sparsity(sparsity) if sparsity else None,
            table["external_buffer"],
            tuple(_DTYPES.get(t["type"]) or f"type {t['type']}" for t in table["variant_tensors"] or ()),
        )

    def _op(self, subgraph: int, index: int, table: Table, tensors: tuple[Tensor, ...]) -> Op:
        ints = self.reader.ints
        inputs, outputs, between = ints(table["inputs"]), ints(table["outputs"]), ints(table["intermediates"])
        code = table["opcode_index"]
        options_type, options = _options(table)
        return Op(
            subgraph,
            index,
            code,
            self.codes[code] if code < len(self.codes) else None,
            _pick(tensors, inputs),
            _pick(tensors, outputs),
            _pick(tensors, between) if between else (),
            inputs,
            outputs,
            between,
            options_type,
            options,
            table["custom_options"],
            (table["large_custom_options_offset"], table["large_custom_options_size"]),
            ints(table["mutating_variable_inputs"]),  # type: ignore[arg-type] # booleans, by their own vector kind
            _NOTHING if table["inputs"] is not None and table["outputs"] is not None else _absent(table, _IO),
        )


_IO = ("inputs", "outputs")


def _pick(tensors: tuple[Tensor, ...], indices: tuple[int, ...]) -> tuple[Tensor | None, ...]:
    count = len(tensors)
    return tuple([tensors[i] if 0 <= i < count else None for i in indices])


def _absent(table: Table, names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(name for name in names if table[name] is None)


def _opcode(index: int, table: Table) -> OperatorCode:
    deprecated, new = table["deprecated_builtin_code"], table["builtin_code"]
    code = max(deprecated, new)
    name = _OPS.get(code) or f"BUILTIN_{code}"
    return OperatorCode(index, name, code, new, deprecated, table["version"], table["custom_code"])


def _signature(index: int, table: Table) -> Signature:
    def tensor_map(rows: list[Table] | None) -> tuple[tuple[str | None, int], ...] | None:
        return None if rows is None else tuple((row["name"], row["tensor_index"]) for row in rows)

    inputs, outputs = tensor_map(table["inputs"]), tensor_map(table["outputs"])
    return Signature(index, table["signature_key"], inputs, outputs, table["subgraph_index"], table["tag"])


def _quant(table: Table) -> Quant | None:
    kind = table["details_type"]
    name = schema.ENUMS["QuantizationDetails"].get(kind, f"type {kind}") if kind else ""
    absent = _absent(table, ("scale", "zero_point", "min", "max"))
    if len(absent) == 4 and not kind:
        return None
    empty: tuple[()] = ()
    return Quant(
        table["scale"] if table["scale"] is not None else empty,
        table["zero_point"] if table["zero_point"] is not None else empty,
        table["min"] if table["min"] is not None else empty,
        table["max"] if table["max"] is not None else empty,
        table["quantized_dimension"],
        name,
        table["details"] or {},
        absent,
    )


def _sparsity(table: Table) -> Sparsity:
    rows = table["dim_metadata"]

    def level(row: Table) -> Dimension:
        segments, indices = row["array_segments"], row["array_indices"]
        return Dimension(
            row["format"], row["dense_size"], segments and segments["values"], indices and indices["values"]
        )

    dims = None if rows is None else tuple(level(row) for row in rows)
    return Sparsity(table["traversal_order"], table["block_map"], dims)


def _options(table: Table) -> tuple[str, Mapping[str, Any]]:
    for field, members in _UNIONS:
        kind, options = table[field + "_type"], table[field]
        if kind and kind not in members:
            return f"type {kind}", {}
        if kind and options is not None:  # a file may name a type of options and have none
            return members[kind], _named(members[kind], options)
    return "", {}


def _named(table: str, options: Table) -> Mapping[str, Any]:
    """Options with enum fields by name; in place, for the table is nobody else's."""
    for field, enum in _ENUM_FIELDS.get(table, ()):
        options[field] = schema.ENUMS[enum].get(options[field], options[field])
    return options


def _enum_fields() -> dict[str, tuple[tuple[str, str], ...]]:
    named = schema.FIELD_ENUMS
    return {
        table: tuple(
            (field, named.get(f"{table}.{field}") or named[field])
            for _, field, kind, _ in fields
            if kind[0] != "[" and (field in named or f"{table}.{field}" in named)
        )
        for table, fields in schema.TABLES.items()
    }


_ENUM_FIELDS = _enum_fields()
