"""float16 weights, as TFLite's converter stores them: float16 constants that a DEQUANTIZE reads before use.

The kernels compute in float32 as before, and GPU delegates take the constants as they are. Values are rounded to the
nearest float16, ties to even.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.fixer.document import Document
    from tflint.model.flatbuf import Table

FLOAT32, FLOAT16 = 0, 1  # TensorType of schema.fbs
DEQUANTIZE, VERSION = 6, 3  # its code; the version that op_version.cc gives it for float16
CUSTOM = 32
BODIES = frozenset({103, 117, 118, 119, 126})  # CALL, CALL_ONCE, IF, WHILE: their operands are another subgraph's
SMALLEST = 128  # elements: below, the operator and its tensor take more bytes than they save
LARGEST = 65504.0  # of float16


def halve(document: Document) -> int:
    """Turn float32 constants into float16; give the number of those that were turned.

    Left alone: small ones, those that hold a finite value which float16 cannot, and what is read by custom operators,
    as an output, or by control flow.
    """
    root = document.root
    uses = list(_uses(root))
    blocked = {buffer for buffer, _, _, fits in uses if not fits}
    halves: dict[int, Any] = {}
    for buffer in {buffer for buffer, _, _, fits in uses if fits} - blocked:
        half = _half(root["buffers"][buffer])
        if half is not None:
            halves[buffer] = half
    places: dict[int, set[int]] = {}
    for buffer, graph, tensor, _ in uses:
        if buffer in halves:
            places.setdefault(graph, set()).add(tensor)
    for buffer, half in halves.items():
        root["buffers"][buffer] = document.table("Buffer", data=half)
    for graph, tensors in places.items():
        _dequantize(document, root["subgraphs"][graph], sorted(tensors))
    return len(halves)


def _uses(root: Table) -> Iterator[tuple[int, int, int, bool]]:
    """(buffer, subgraph, tensor, whether a DEQUANTIZE can stand before all that reads it) of each tensor with data."""
    whole = {CUSTOM, DEQUANTIZE} | BODIES
    taken = [code for code, entry in enumerate(root["operator_codes"]) if code_of(entry) in whole]
    for index, graph in enumerate(root["subgraphs"]):
        fixed = {
            *(graph["inputs"] if graph["inputs"] is not None else ()),
            *(graph["outputs"] if graph["outputs"] is not None else ()),
        }
        read = set()
        for op in graph["operators"] or ():
            inputs = set(op["inputs"] if op["inputs"] is not None else ())
            read |= inputs
            if op["opcode_index"] in taken:
                fixed |= inputs
        for place, tensor in enumerate(graph["tensors"] or ()):
            if 0 < tensor["buffer"] < len(root["buffers"]):
                yield tensor["buffer"], index, place, place in read - fixed and plain_constant(tensor)


def plain_constant(tensor: Table) -> bool:
    """A float32 constant of known shape and of some size."""
    quantization = tensor["quantization"] or {}
    odd = (
        tensor["is_variable"]
        or tensor["sparsity"]
        or tensor["external_buffer"]
        or quantization.get("scale") is not None
    )
    shape = tensor["shape"] if tensor["shape"] is not None else ()
    return tensor["type"] == FLOAT32 and not odd and prod(shape) >= SMALLEST


def _half(buffer: Table) -> memoryview | None:
    """The bytes of a buffer as float16; None when it has none, or values beyond float16."""
    values = floats(buffer)
    if values is None:
        return None
    finite = values[np.isfinite(values)]
    if finite.size and np.abs(finite).max() > LARGEST:
        return None
    half: memoryview = values.astype("<f2").view("u1").data
    return half


def floats(buffer: Table) -> Any:
    """The values of a buffer; None when it has none."""
    data = buffer["data"] if buffer["data"] is not None else buffer.get("outside")
    return None if data is None or not len(data) or len(data) % 4 else np.frombuffer(data, dtype="<f4")


def _dequantize(document: Document, graph: Table, tensors: list[int]) -> None:
    """Give the tensors a float16 twin that holds the constant, and an operator that reads it, before their readers."""
    code = operator_code(document, DEQUANTIZE, VERSION)
    graph["tensors"] = list(graph["tensors"])
    made = []
    for place in tensors:
        tensor = graph["tensors"][place]
        twin = {**tensor, "type": FLOAT16, "name": f"{tensor['name'] or ''}/float16"}
        graph["tensors"][place] = {**tensor, "buffer": 0}
        made.append(document.table("Operator", opcode_index=code, inputs=[len(graph["tensors"])], outputs=[place]))
        graph["tensors"].append(twin)
    graph["operators"] = [*made, *graph["operators"]]


def operator_code(document: Document, operator: int, version: int) -> int:
    """The index of an operator code, which is made where there is none."""
    codes = list(document.root["operator_codes"])
    for index, entry in enumerate(codes):
        if code_of(entry) == operator and entry["version"] == version:
            return index
    fields = {"builtin_code": operator, "deprecated_builtin_code": operator, "version": version}
    codes.append(document.table("OperatorCode", **fields))
    document.root["operator_codes"] = codes
    return len(codes) - 1


def code_of(entry: Table) -> int:
    """The builtin operator of an operator code."""
    return int(max(entry["builtin_code"], entry["deprecated_builtin_code"]))
