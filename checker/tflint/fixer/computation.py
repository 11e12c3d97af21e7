"""What a model computes, whatever things are called and wherever they stand: two files compared by their tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.fixer.edits.tables import OPERANDS, code_of
from tflint.model.flatbuf import Reader
from tflint.model.reachable import Reached
from tflint.model.read import mapped, read_model
from tflint.model.write import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tflint.model.flatbuf import Table

SIDES = ("inputs", "outputs")
PLACED = {field for pair in OUTSIDE.values() for field in pair}


def computation(path: Path) -> Any:
    """All that takes part in it, weights included: equal for two models that compute the same by the same operators.

    Names, positions at the border of the primary subgraph and what nothing reaches are no part of it.
    """
    data = mapped(path)
    root = Reader(data, errors="surrogateescape").root("Model")
    alive = Reached(read_model(path))
    graphs = {old: new for new, old in enumerate(sorted(alive.graphs))}
    return [_graph(root, index, alive, graphs, memoryview(data)) for index in graphs]


def _graph(root: Table, index: int, alive: Reached, graphs: Mapping[int, int], data: memoryview) -> Any:
    graph = root["subgraphs"][index]
    tensors = graph["tensors"] or ()
    used = sorted(number for at, number in alive.tensors if at == index and 0 <= number < len(tensors))
    numbers = {old: new for new, old in enumerate(used)}
    ops = sorted(op.index for op in alive.ops if op.subgraph == index)
    border = [[numbers.get(number, -1) for number in graph[side] or ()] for side in SIDES]
    return (
        [sorted(side) for side in border] if index == 0 else border,
        [_operator(root, graph["operators"][op], numbers, graphs, data) for op in ops],
        [_tensor(root, tensors[number], numbers, data) for number in used],
    )


def _operator(root: Table, op: Table, numbers: Mapping[int, int], graphs: Mapping[int, int], data: memoryview) -> Any:
    codes = root["operator_codes"] or ()
    code = codes[op["opcode_index"]] if op["opcode_index"] < len(codes) else None
    plain = {key: value for key, value in op.items() if key not in (*OPERANDS, "opcode_index", *PLACED)}
    for union in ("builtin_options", "builtin_options_2"):
        options = {key: _renamed(key, value, graphs) for key, value in (op[union] or {}).items()}
        plain[union] = None if op[union] is None else options
    return (
        code and (code_of(code), code["version"], code["custom_code"]),
        [[numbers.get(number, -1) for number in op[side] or ()] for side in OPERANDS],
        _bare(plain),
        _outside("Operator", op, data),
    )


def _renamed(key: str, value: Any, graphs: Mapping[int, int]) -> Any:
    """Subgraphs by their new numbers."""
    if "subgraph" not in key or value is None:
        return value
    return graphs.get(value, -1) if isinstance(value, int) else [graphs.get(each, -1) for each in value]


def _tensor(root: Table, tensor: Table, numbers: Mapping[int, int], data: memoryview) -> Any:
    plain = _bare({key: value for key, value in tensor.items() if key not in ("name", "buffer")})
    details = (plain["quantization"] or {}).get("details") or {}
    for field in ("scales", "zero_points") if "block_size" in details else ():
        details[field] = numbers.get(details[field], -1)
    buffers = root["buffers"] or ()
    buffer = buffers[tensor["buffer"]] if tensor["buffer"] < len(buffers) else {"data": None, "offset": 0, "size": 0}
    return plain, buffer["data"], _outside("Buffer", buffer, data)


def _outside(kind: str, table: Table, data: memoryview) -> Any:
    """Bytes behind the FlatBuffer."""
    position, size = (table[field] for field in OUTSIDE[kind])
    return data[position : position + size] if position > 1 else None


def _bare(value: Any) -> Any:
    """Tables without the places of their bytes."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if not key.endswith("_start")}
    return [_bare(item) for item in value] if isinstance(value, list) else value
