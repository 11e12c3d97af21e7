"""Tables that GATHER takes rows of, as TFLite's converter stores them for dynamic range: int8 with one scale.

ai-edge-quantizer leaves them float, and in a model of text they are most of the bytes. A DEQUANTIZE stands behind each
GATHER, so that only the rows that were taken become float.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.fixer.half import DEQUANTIZE, code_of, floats, operator_code, plain_constant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.fixer.document import Document
    from tflint.model.flatbuf import Table

GATHER, INT8 = 36, 9  # BuiltinOperator and TensorType of schema.fbs
VERSIONS = {GATHER: 2, DEQUANTIZE: 2}  # that op_version.cc gives them for int8
SMALLEST = 1024  # elements: what TFLite's converter takes for dynamic range


def narrow(document: Document) -> int:
    """Turn float32 tables that GATHER alone reads into int8; give the number of those that were turned."""
    root = document.root
    codes = list(root["operator_codes"] or ())
    uses = list(_uses(root, {index for index, entry in enumerate(codes) if code_of(entry) == GATHER}))
    blocked = {buffer for buffer, _, _, readers in uses if not readers}
    scales: dict[int, float] = {}
    for buffer in {buffer for buffer, _, _, _ in uses} - blocked:
        found = _narrow(root["buffers"][buffer])
        if found is not None:
            scales[buffer], data = found
            root["buffers"][buffer] = document.table("Buffer", data=data)
    for buffer, graph, tensor, readers in uses:
        if buffer in scales:
            _behind(document, graph, tensor, readers, scales[buffer])
    return len(scales)


def _uses(root: Table, gathers: set[int]) -> Iterator[tuple[int, Table, int, list[Table]]]:
    """(buffer, subgraph, tensor, GATHER operators that read it as a table: none if anything else does)."""
    for graph in root["subgraphs"] or ():
        readers: dict[int, list[Table]] = {}
        others = {index for side in ("inputs", "outputs") for index in _listed(graph[side])}
        for op in graph["operators"] or ():
            for place, index in enumerate(_listed(op["inputs"])):
                if place == 0 and op["opcode_index"] in gathers:
                    readers.setdefault(index, []).append(op)
                else:
                    others.add(index)
        for index, tensor in enumerate(graph["tensors"] or ()):
            if 0 < tensor["buffer"] < len(root["buffers"]):
                fits = index not in others and plain_constant(tensor)
                yield tensor["buffer"], graph, index, readers.get(index, []) if fits else []


def _listed(indices: Any) -> list[int]:
    return [] if indices is None else list(indices)


def _narrow(buffer: Table) -> tuple[float, memoryview] | None:
    """The scale of a table, and its bytes; None for one that is small or has no such scale."""
    values = floats(buffer)
    if values is None or values.size < SMALLEST or not np.isfinite(values).all() or not values.any():
        return None
    scale = np.float32(max(values.max(), -values.min())) / np.float32(127)
    return float(scale), np.rint(values / scale).astype("i1").view("u1").data


def _behind(document: Document, graph: Table, tensor: int, readers: list[Table], scale: float) -> None:
    """Let operators take rows of int8, and put a DEQUANTIZE between them and what reads those."""
    quantization = document.table("QuantizationParameters", scale=[scale], zero_point=[0])
    tensors, operators = list(graph["tensors"]), list(graph["operators"])
    tensors[tensor] = {**tensors[tensor], "type": INT8, "quantization": quantization}
    for op in readers:
        code = document.root["operator_codes"][op["opcode_index"]]
        code["version"] = max(code["version"], VERSIONS[GATHER])
        [output] = op["outputs"]
        rows = {**tensors[output], "type": INT8, "quantization": quantization}
        op["outputs"] = [len(tensors)]
        back = operator_code(document, DEQUANTIZE, VERSIONS[DEQUANTIZE])
        made = document.table("Operator", opcode_index=back, inputs=[len(tensors)], outputs=[output])
        operators.insert(next(place for place, each in enumerate(operators) if each is op) + 1, made)
        tensors.append({**rows, "name": f"{rows['name'] or ''}/int8"})
    graph["tensors"], graph["operators"] = tensors, operators
