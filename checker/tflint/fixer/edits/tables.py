"""What edits of the graph have in common: the tables of operators and tensors, by the names of operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.model import schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tflint.fixer.document import Document
    from tflint.model.flatbuf import Table

CODES = {name: code for code, name in schema.ENUMS["BuiltinOperator"].items()}
TYPES = {name.lower(): code for code, name in schema.ENUMS["TensorType"].items()}
PLACEHOLDER = 127  # PLACEHOLDER_FOR_GREATER_OP_CODES: what the old field says of codes beyond it
OPERANDS = ("inputs", "outputs", "intermediates")


def code_of(table: Table) -> int:
    """The operator of an operator code, as TFLite has read it since 2.4."""
    return int(max(table["deprecated_builtin_code"], table["builtin_code"]))


def op_name(document: Document, op: Table) -> str:
    """What an operator is, "" for an unknown one."""
    codes = document.root["operator_codes"] or ()
    index = op["opcode_index"]
    return schema.ENUMS["BuiltinOperator"].get(code_of(codes[index]), "") if index < len(codes) else ""


def opcode(document: Document, name: str, version: int = 1) -> int:
    """The index of an operator code, made where there is none."""
    codes = document.root["operator_codes"] = list(document.root["operator_codes"] or ())
    code = CODES[name]
    for index, table in enumerate(codes):
        if code_of(table) == code and table["version"] == version:
            return index
    codes.append(
        document.table(
            "OperatorCode", deprecated_builtin_code=min(code, PLACEHOLDER), builtin_code=code, version=version
        )
    )
    return len(codes) - 1


def makers(graph: Table, tensor: int) -> list[Table]:
    """Operators that write a tensor."""
    return [op for op in graph["operators"] or () if tensor in (op["outputs"] or ())]


def users(graph: Table, tensor: int) -> list[Table]:
    """Operators that read a tensor."""
    return [op for op in graph["operators"] or () if tensor in (op["inputs"] or ())]


def replaced(vector: Iterable[int] | None, old: int, new: int) -> list[int] | None:
    """A vector of tensors with one in place of another."""
    return None if vector is None else [new if index == old else index for index in vector]


def rows_of(document: Document, graph: int, side: str) -> Iterator[Table]:
    """Rows of all signatures of a subgraph."""
    for signature in document.root["signature_defs"] or ():
        if signature["subgraph_index"] == graph:
            yield from signature[side] or ()


def is_output(document: Document, graph: int, tensor: int) -> bool:
    """Callers read it."""
    named = (row["tensor_index"] for row in rows_of(document, graph, "outputs"))
    return tensor in (document.graph(graph)["outputs"] or ()) or tensor in named


def put_at_border(document: Document, graph: int, side: str, old: int, new: int) -> None:
    """Let callers have another tensor, under the name and at the position of the old one."""
    table = document.graph(graph)
    before, after = table["tensors"][old], table["tensors"][new]
    table[side] = replaced(table[side], old, new)
    for row in rows_of(document, graph, side):
        if row["tensor_index"] == old:
            row["tensor_index"] = new
    before["name"], after["name"] = after["name"], before["name"]
    document.replaced.append((before, after))


def renumbered(document: Document, tensors: Sequence[Mapping[int, int]], graphs: Mapping[int, int]) -> None:
    """Give tensors (by the subgraph they are in) and subgraphs their new numbers wherever they are named."""
    for graph, mine in zip(document.root["subgraphs"] or (), tensors, strict=True):
        for side in ("inputs", "outputs"):
            graph[side] = _mapped(graph[side], mine)
        for op in graph["operators"] or ():
            for field in OPERANDS:
                op[field] = _mapped(op[field], mine)
            _rename_subgraphs(op, graphs)
        for tensor in graph["tensors"] or ():
            details = (tensor["quantization"] or {}).get("details") or {}
            for field in ("scales", "zero_points") if "block_size" in details else ():
                details[field] = mine.get(details[field], details[field])
    for signature in document.root["signature_defs"] or ():
        number = signature["subgraph_index"] = graphs.get(signature["subgraph_index"], signature["subgraph_index"])
        mine = tensors[number] if number < len(tensors) else {}
        for side in ("inputs", "outputs"):
            for row in signature[side] or ():
                row["tensor_index"] = mine.get(row["tensor_index"], row["tensor_index"])


def _mapped(vector: Iterable[int] | None, numbers: Mapping[int, int]) -> list[int] | None:
    return None if vector is None else [numbers.get(index, index) for index in vector]


def _rename_subgraphs(op: Table, graphs: Mapping[int, int]) -> None:
    for union in ("builtin_options", "builtin_options_2"):
        for field, value in (op[union] or {}).items():
            if "subgraph" in field and value is not None:
                op[union][field] = graphs.get(value, value) if isinstance(value, int) else _mapped(value, graphs)
