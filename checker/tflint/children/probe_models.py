"""The models that probe.py asks a runtime with: a FlatBuffers writer in a page, and one function a part.

A table is {slot: (kind, value)}; kind "ref" is for what is stored by offset: tables, str, bytes, [tables], (ints,).
Runs on CPython 3.6 and needs nothing but the standard library. Slots: tflite/schema/schema.fbs.
"""
# ruff: noqa: UP006, UP031, UP035 - must run on CPython 3.6

import struct
from typing import Any, Dict, List, Sequence, Tuple

Table = Dict[int, Tuple[str, Any]]
FORMATS = {"i8": "<b", "u8": "<B", "i32": "<i", "u32": "<I", "u64": "<Q", "ref": "<I"}
FLOAT32, INT4 = 0, 17
ABS, CUSTOM, PLACEHOLDER = 101, 32, 127


class Writer:
    """Writes parents before children, so every offset points forward and is patched when the child lands."""

    def __init__(self) -> None:
        self.out = bytearray(b"\0\0\0\0TFL3")

    def finish(self, root: Table) -> bytes:
        """Give the file with this root table."""
        struct.pack_into("<I", self.out, 0, self.put(root))
        return bytes(self.out)

    def pad(self, alignment: int, ahead: int) -> None:
        """Pad until what starts `ahead` bytes further is aligned."""
        self.out += bytes(-(len(self.out) + ahead) % alignment)

    def put(self, value: Any) -> int:
        """Append a value and give its position."""
        if isinstance(value, dict):
            return self.table(value)
        if isinstance(value, list):
            return self.tables(value)
        count = len(value)
        if isinstance(value, str):
            value = value.encode()
        elif not isinstance(value, bytes):
            value = struct.pack("<%di" % count, *value)
        self.pad(16, ahead=4)
        position = len(self.out)
        self.out += struct.pack("<I", count) + value + b"\0"
        return position

    def tables(self, tables: List[Table]) -> int:
        """Append a vector of tables."""
        self.pad(4, ahead=0)
        position = len(self.out)
        self.out += struct.pack("<I", len(tables)) + bytes(4 * len(tables))
        for index, table in enumerate(tables):
            self.patch(position + 4 + 4 * index, table)
        return position

    def table(self, fields: Table) -> int:
        """Append a table, its vtable in front."""
        offsets, size = [0] * (max(fields) + 1 if fields else 0), 4
        for slot in sorted(fields):
            width = struct.calcsize(FORMATS[fields[slot][0]])
            size += -size % width
            offsets[slot] = size
            size += width
        head = 4 + 2 * len(offsets)
        self.pad(8, ahead=head)
        position = len(self.out) + head
        self.out += struct.pack("<%dH" % (2 + len(offsets)), head, size, *offsets)
        self.out += struct.pack("<i", head) + bytes(size - 4)
        for slot, (kind, value) in fields.items():
            if kind == "ref":
                self.patch(position + offsets[slot], value)
            else:
                struct.pack_into(FORMATS[kind], self.out, position + offsets[slot], value)
        return position

    def patch(self, at: int, child: Any) -> None:
        """Append a child and point the offset at `at` to it."""
        struct.pack_into("<I", self.out, at, self.put(child) - at)


def opcode(code: int, version: int = 1, custom: str = "", deprecated: int = -1) -> Table:
    """Give one OperatorCode, both code fields filled as writers do unless `deprecated` says otherwise."""
    small = min(code, PLACEHOLDER) if deprecated < 0 else deprecated
    fields = {0: ("i8", small), 2: ("i32", version), 3: ("i32", code)}  # type: Table
    if custom:
        fields[1] = ("ref", custom)
    return fields


def tensor(name: str, kind: int = FLOAT32, buffer: int = 0) -> Table:
    """Give a Tensor of four elements."""
    return {0: ("ref", (4,)), 1: ("i8", kind), 2: ("u32", buffer), 3: ("ref", name)}


def node(source: int, target: int) -> Table:
    """Give an Operator of operator code 0."""
    return {0: ("u32", 0), 1: ("ref", (source,)), 2: ("ref", (target,))}


def model(graph: Table, codes: Sequence[Table] = (), buffers: Sequence[Table] = (), more: Any = None) -> bytes:
    """Give a file with one subgraph; buffer 0 is the empty one of the format."""
    fields = {0: ("u32", 3), 1: ("ref", list(codes)), 2: ("ref", [graph]), 4: ("ref", [{}] + list(buffers))}  # type: Table  # noqa: RUF005
    fields.update(more or {})
    return Writer().finish(fields)


def subgraph(tensors: Sequence[Table] = (), nodes: Sequence[Table] = ()) -> Table:
    """Give a SubGraph; with nodes, tensor 0 goes in and tensor 1 comes out."""
    inputs, outputs = ((0,), (1,)) if nodes else ((), ())
    return {
        0: ("ref", list(tensors)),
        1: ("ref", inputs),
        2: ("ref", outputs),
        3: ("ref", list(nodes)),
    }


def code_only(code: Table) -> bytes:
    """Give a model that has one operator code and does not use it."""
    return model(subgraph(), [code])


def unary(code: Table) -> bytes:
    """Give a model of one node, x -> y, both float32[4]."""
    return model(subgraph([tensor("x"), tensor("y")], [node(0, 1)]), [code])


def typed(kind: int) -> bytes:
    """Give a model of one tensor of a type."""
    return model(subgraph([tensor("t", kind)]))


def constant(kind: int, size: int) -> bytes:
    """Give a model of a constant of four elements with `size` bytes of data."""
    return model(subgraph([tensor("c", kind, buffer=1)]), buffers=[{0: ("ref", bytes(size))}])


def outside() -> bytes:
    """Give a model of a constant whose data lies behind the end of the file."""
    return model(subgraph([tensor("c", buffer=1)]), buffers=[{1: ("u64", 1 << 20), 2: ("u64", 16)}])


def without_operators() -> bytes:
    """Give a model whose subgraph has no operators vector."""
    graph = subgraph([tensor("x")])
    del graph[3]
    return model(graph)


def signed(fields: Table) -> bytes:
    """Give a model with a SignatureDef of these fields: 0 inputs, 1 outputs, 2 key."""
    return model(subgraph([tensor("x")]), more={7: ("ref", [fields])})
