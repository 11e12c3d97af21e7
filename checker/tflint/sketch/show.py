"""Model to text."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tflint.model import schema
from tflint.report.escape import encoded
from tflint.sketch.text import float_text, name_text, value_text, vector_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.model.tensor import Quant, Tensor
    from tflint.model.view import Metadata, Model, Op, Signature, Subgraph

SMALL = 16  # elements: constants up to this are shown by value
METADATA_SHOWN = 64  # bytes
STRUCTURAL = ("int32", "int64", "bool")  # shapes, axes and indices, where they are not quantized
RAW = 256  # bytes: constants whose size is not their shape's, shown whole up to this


def show(model: Model, *, weights: bool = True) -> str:
    """The sketch of a model; `parse` reads it back. Without `weights`, no value that a layer computes with is shown."""
    lines: list[str] = []
    if model.version != 3:
        lines.append(f"version {model.version}")
    if model.description:
        lines.append(f"description {json.dumps(model.description)}")
    for graph in model.subgraphs:
        if lines and len(model.subgraphs) > 1:
            lines.append("")
        lines += _Graph(graph, model, weights=weights).lines()
    if model.signatures or model.metadata:
        lines.append("")
    lines += [_signature(signature, model) for signature in model.signatures]
    lines += [_metadata(entry) for entry in model.metadata]
    lines += [f"unused {_opcode(c)}" for c in model.operator_codes if c.index not in model.used_opcodes]
    return encoded("\n".join(lines)) + "\n"


def handles(graph: Subgraph) -> list[str]:
    """One text per tensor: its name, and in the order of the lines a number too where the name is taken or empty."""
    count: dict[str, int] = {}
    out = [""] * len(graph.tensors)
    for index in _line_order(graph):
        name = graph.tensors[index].name
        count[name] = count.get(name, 0) + 1
        out[index] = name_text(name) + (f"~{count[name]}" if count[name] > 1 or not name else "")
    return out


def _line_order(graph: Subgraph) -> Iterator[int]:
    """Tensors as their lines follow each other: sources where they are first needed, outputs with their operator."""
    made = {index for op in graph.ops for index in op.output_indices}
    order = [i for i in graph.input_indices if i not in made]
    for op in graph.ops:
        order += [i for i in (*op.input_indices, *op.intermediate_indices) if i not in made]
        order += op.output_indices
    order += range(len(graph.tensors))
    return (i for i in dict.fromkeys(order) if 0 <= i < len(graph.tensors))


class _Graph:
    def __init__(self, graph: Subgraph, model: Model, *, weights: bool) -> None:
        self.graph, self.model, self.weights = graph, model, weights
        self.names = handles(graph)
        self.made = {index for op in graph.ops for index in op.output_indices}
        self.printed: set[int] = set()
        self.buffers: dict[int, str] = {}

    def lines(self) -> Iterator[str]:
        graph = self.graph
        if not self._plain():
            inputs, outputs = self._list(graph.input_indices), self._list(graph.output_indices)
            yield f"graph {name_text(graph.name)}({inputs}) -> ({outputs})"
        for index in graph.input_indices:
            yield from self._source(index)
        for op in graph.ops:
            for index in (*op.input_indices, *op.intermediate_indices):
                yield from self._source(index)
            yield from self._op(op)
        for tensor in graph.tensors:
            yield from self._source(tensor.index)

    def _plain(self) -> bool:
        """Inputs and outputs are those that `parse` finds by itself."""
        graph = self.graph
        if len(self.model.subgraphs) > 1 or graph.name not in ("", "main"):
            return False
        used = {i for op in graph.ops for i in (*op.input_indices, *op.intermediate_indices)}
        free = [t.index for t in graph.tensors if t.index not in self.made]
        inputs = [i for i in free if not graph.tensors[i].is_constant and not graph.tensors[i].is_variable]
        order = [i for op in graph.ops for i in op.output_indices]
        outputs = [i for i in dict.fromkeys(order) if i not in used]
        sources = set(graph.input_indices) == set(inputs) and len(graph.input_indices) == len(inputs)
        return sources and list(graph.output_indices) == outputs and not graph.absent

    def _source(self, index: int) -> Iterator[str]:
        """A tensor that no operator makes, once."""
        if index in self.printed or index in self.made or not 0 <= index < len(self.names):
            return
        self.printed.add(index)
        tensor = self.graph.tensors[index]
        yield self._head(tensor) + self._constant(tensor)

    def _op(self, op: Op) -> Iterator[str]:
        call = f"{_opcode(op.opcode)}({self._list(op.input_indices)})" + "".join(_attributes(op))
        if op.intermediate_indices:
            call += f" intermediates=({self._list(op.intermediate_indices)})"
        call += _custom(op)
        if not op.output_indices:
            yield f"() = {call}"
        for position, index in enumerate(op.output_indices):
            maker = call if position == 0 else f"^{position}"
            if index in self.printed or not 0 <= index < len(self.names):
                yield f"{self._ref(index)} = {maker}"
                continue
            self.printed.add(index)
            yield f"{self._head(self.graph.tensors[index])} = {maker}"

    def _ref(self, index: int) -> str:
        if index == -1:
            return "-"
        return self.names[index] if 0 <= index < len(self.names) else f"?{index}"

    def _list(self, indices: tuple[int, ...]) -> str:
        return ", ".join(self._ref(index) for index in indices)

    def _head(self, tensor: Tensor) -> str:
        shape = ",".join(map(str, tensor.shape))
        return " ".join([f"{self.names[tensor.index]}: {name_text(tensor.dtype)}[{shape}]", *_facts(tensor)])

    def _constant(self, tensor: Tensor) -> str:
        buffer = tensor.buffer
        if not tensor.is_constant or buffer is None:
            return ""
        if tensor.buffer_index in self.buffers:
            return f" = const @{self.buffers[tensor.buffer_index]}"
        self.buffers[tensor.buffer_index] = self.names[tensor.index]
        values = tensor.values() if buffer.size == tensor.byte_size else None
        shown = self.weights or (tensor.dtype in STRUCTURAL and tensor.quant is None)
        if shown and values is not None and len(values) <= SMALL:
            return f" = const {vector_text(values)}"
        dense = buffer.size == tensor.byte_size and tensor.bits
        if dense:
            return " = const"
        return f" = raw 0x{buffer.read().hex()}" if shown and buffer.size <= RAW else f" = raw {buffer.size}"


def _facts(tensor: Tensor) -> Iterator[str]:
    if tensor.shape_signature is not None and tensor.shape_signature != tensor.shape:
        yield f"sig={vector_text(tensor.shape_signature)}"
    if tensor.quant:
        yield from _quant(tensor.quant)
    if tensor.is_variable:
        yield "variable"
    if tensor.has_rank:
        yield "has_rank"
    if tensor.buffer_index and tensor.buffer is None:
        yield f"buffer={tensor.buffer_index}"
    if tensor.external_buffer:
        yield f"external={tensor.external_buffer}"
    if tensor.variant_types:
        yield f"subtypes={vector_text(tensor.variant_types)}"
    if tensor.sparsity:
        levels = [
            {"format": d.format, "dense_size": d.dense_size, "segments": d.segments, "indices": d.indices}
            for d in tensor.sparsity.dimensions or ()
        ]
        parts = {"order": tensor.sparsity.traversal_order, "blocks": tensor.sparsity.block_map, "levels": levels}
        yield f"sparse={value_text(_present(parts))}"


def _present(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _present(v) for k, v in value.items() if v is not None}
    return [_present(item) for item in value] if isinstance(value, (list, memoryview)) else value


def _quant(quant: Quant) -> Iterator[str]:
    if quant.pair and not quant.dimension:
        yield f"q={float_text(quant.scale[0])}{quant.zero_point[0]:+d}"
    elif quant.scale or quant.zero_point:
        zeros = f"+{vector_text(quant.zero_point, cut=True)}" if "zero_point" not in quant.absent else ""
        yield f"q={vector_text(quant.scale, cut=True)}{zeros}@{quant.dimension}"
    for field in ("min", "max"):
        if len(getattr(quant, field)):
            yield f"{field}={vector_text(getattr(quant, field), cut=True)}"
    if quant.details_type:
        yield f"details={name_text(quant.details_type)}{value_text(_in_order(quant.details_type, quant.details))}"


def _in_order(table: str, values: Mapping[str, Any]) -> dict[str, Any]:
    return {key: values[key] for _, key, *_ in schema.TABLES.get(table, ()) if values.get(key) is not None}


def _opcode(code: Any) -> str:
    if code is None:
        return "UNKNOWN"
    version = "" if code.version == 1 else f".v{code.version}"
    custom = f":{name_text(code.custom_code)}" if code.custom_code is not None else ""
    return f"{code.name}{version}{custom}"


def _attributes(op: Op) -> Iterator[str]:
    table = schema.OP_OPTIONS.get(op.name, "")
    if not op.options_type:
        if table and any(kind[0] != "[" for _, _, kind, _ in schema.TABLES[table]):
            yield " no_options"
        return
    if op.options_type != table:
        yield f" options={name_text(op.options_type)}"
    for _, key, _, default in schema.TABLES.get(op.options_type, ()):
        value = op.options.get(key)
        if value is not None and value != _named_default(op.options_type, key, default):
            yield f" {key}={value_text(value)}"


def nameless(op: Op) -> str:
    """An operator by what it does to what: `RELU(float32[1,4]) -> float32[1,4]`. Not a line of a sketch."""
    inputs, outputs = (", ".join(map(_kind, tensors)) for tensors in (op.inputs, op.outputs))
    return f"{_opcode(op.opcode)}({inputs}){''.join(_attributes(op))}{_custom(op)} -> {outputs}"


def _custom(op: Op) -> str:
    blob = op.custom_options
    return f" custom={value_text(blob)}" if blob is not None and len(blob) else ""


def _kind(tensor: Tensor | None) -> str:
    if tensor is None:
        return "-"
    return f"{'const ' * tensor.is_constant}{tensor.dtype}[{','.join(map(str, tensor.dims))}]"


def _named_default(table: str, field: str, default: Any) -> Any:
    enum = schema.FIELD_ENUMS.get(f"{table}.{field}") or schema.FIELD_ENUMS.get(field)
    return schema.ENUMS[enum].get(default, default) if enum else default


def _signature(signature: Signature, model: Model) -> str:
    index = signature.subgraph_index
    names = handles(model.subgraphs[index]) if index < len(model.subgraphs) else []

    def side(rows: tuple[tuple[str | None, int], ...] | None) -> str:
        if rows is None:
            return "-"
        refs = ((name, names[i] if i < len(names) else f"?{i}") for name, i in rows)
        return "(" + ", ".join(f"{name_text(name) if name is not None else '-'}={ref}" for name, ref in refs) + ")"

    key = name_text(signature.key) if signature.key is not None else "-"
    where = f"@{index}" if index else ""
    return f"signature {key}{where}{side(signature.inputs)} -> {side(signature.outputs)}"


def _metadata(entry: Metadata) -> str:
    if entry.buffer is None:
        return f"metadata {name_text(entry.name)} = ?{entry.buffer_index}"
    data = entry.buffer.read(METADATA_SHOWN)
    text = data.rstrip(b"\0")
    if entry.buffer.size > METADATA_SHOWN:
        shown = f"{entry.buffer.size} bytes"
    elif text.isascii() and text.decode("ascii").isprintable():
        shown = json.dumps(text.decode("ascii")) + (f" {len(data)} bytes" if len(data) != len(text) else "")
    else:
        shown = "0x" + data.hex()
    return f"metadata {name_text(entry.name)} = {shown}"
