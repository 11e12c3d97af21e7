"""Hypothesis strategies of models, built through the project's own writer.

`tables` gives what any table of the schema may hold: structure without a fault, sense or not. `graphs` gives the text
of a model that every current runtime loads. `damaged` gives a graph's file with a few fields that are not what they
were.
"""

from __future__ import annotations

import itertools
import random
import struct
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from fuzz_tables import RANGES, rewritten
from tflint import sketch
from tflint.model import schema
from tflint.model.write import encode

if TYPE_CHECKING:
    from collections.abc import Callable

FEW = 2  # elements of a vector; a model has many vectors
UNARY = ("ABS", "COS", "ELU", "EXP", "FLOOR", "HARD_SWISH", "LOGISTIC", "NEG", "RELU", "RELU6", "ROUND", "SIN", "TANH")
BINARY = ("ADD", "MAXIMUM", "MINIMUM", "MUL", "SQUARED_DIFFERENCE", "SUB")
WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "?": st.booleans(),
    "f": st.floats(width=32).map(lambda value: value + 0.0),  # -0.0 is a default to FlatBuffers, and left out
    "d": st.floats().map(lambda value: value + 0.0),
    **{kind: st.integers(*bounds) | st.integers(0, 4) for kind, bounds in RANGES.items()},
}


@st.composite
def tables(draw: st.DrawFn, name: str = "Model") -> dict[str, Any]:
    """Any table of that name, each field absent or of its type; a union with the table that its type says."""
    made: dict[str, Any] = {}
    fields = schema.TABLES[name]
    unions = {f"{key}_type" for _, key, kind, _ in fields if kind == "u"}
    for _, key, kind, child in fields:
        if key in unions or not draw(st.booleans()):
            continue
        if kind == "u":
            members = {number: member for number, member in schema.ENUMS[str(child)].items() if number}
            made[f"{key}_type"] = draw(st.sampled_from(sorted(members)))
            made[key] = draw(tables(members[made[f"{key}_type"]]))
        elif kind == "t":
            made[key] = draw(tables(str(child)))
        elif kind == "[B":
            made[key] = draw(st.binary(max_size=6))
        elif kind[0] == "[":
            made[key] = draw(st.lists(_element(kind[1], str(child)), max_size=FEW))
        else:
            made[key] = draw(WORDS if kind == "s" else SCALARS[kind])
    return made


def _element(kind: str, child: str) -> st.SearchStrategy[Any]:
    if kind == "t":
        return tables(child)
    return WORDS if kind == "s" else SCALARS[kind]


def plain(name: str, table: dict[str, Any] | None) -> Any:
    """What a table says, in a form to compare: absent scalars at their default, vectors as bytes, NaN as itself."""
    if table is None:
        return None
    said: dict[str, Any] = {}
    for _, key, kind, child in schema.TABLES[name]:
        value = table.get(key)
        if kind == "u":
            members = schema.ENUMS[str(child)]
            said[key] = plain(members[table.get(f"{key}_type") or 0], value) if value is not None else None
        elif kind == "t":
            said[key] = plain(str(child), value)
        elif kind == "[t":
            said[key] = None if value is None else [plain(str(child), one) for one in value]
        elif kind[0] == "[" and kind[1] != "s":
            said[key] = None if value is None else struct.pack(f"<{len(value)}{kind[1]}", *value)
        elif kind in SCALARS:
            said[key] = struct.pack(f"<{kind}", child if value is None else value)
        else:
            said[key] = value
    return said


class _Graph:
    """Lines of a subgraph so far, and the shapes of its float tensors."""

    def __init__(self, draw: st.DrawFn, prefix: str) -> None:
        self.draw, self.prefix = draw, prefix
        self.lines: list[str] = []
        self.shapes: dict[str, tuple[int, ...]] = {}
        self.numbers = itertools.count()

    def name(self) -> str:
        """A fresh one."""
        return f"{self.prefix}{next(self.numbers)}"

    def tensor(self, shape: tuple[int, ...], maker: str = "") -> str:
        """A float tensor, with what makes it."""
        name = self.name()
        self.lines.append(f"{name}: float32{list(shape)}{maker and ' = '}{maker}")
        self.shapes[name] = shape
        return name

    def constant(self, dtype: str, values: list[int]) -> str:
        """A constant vector."""
        name = self.name()
        self.lines.append(f"{name}: {dtype}[{len(values)}] = const {values}")
        return name

    def any(self) -> str:
        """A tensor that is there."""
        return self.draw(st.sampled_from(sorted(self.shapes)))


def _unary(graph: _Graph) -> None:
    of = graph.any()
    graph.tensor(graph.shapes[of], f"{graph.draw(st.sampled_from(UNARY))}({of})")


def _binary(graph: _Graph) -> None:
    of = graph.any()
    equal = sorted(name for name, shape in graph.shapes.items() if shape == graph.shapes[of])
    graph.tensor(graph.shapes[of], f"{graph.draw(st.sampled_from(BINARY))}({of}, {graph.draw(st.sampled_from(equal))})")


def _dense(graph: _Graph) -> None:
    of, units = graph.any(), graph.draw(st.integers(1, 3))
    width = graph.shapes[of][-1]
    kernel = graph.name()
    graph.lines.append(f"{kernel}: float32[{units},{width}] = const {[1] * (units * width)}")
    keeps = "keep_num_dims=true"
    graph.tensor((*graph.shapes[of][:-1], units), f"FULLY_CONNECTED.v5({of}, {kernel}, -) {keeps}")


def _transpose(graph: _Graph) -> None:
    of = graph.any()
    order = graph.draw(st.permutations(range(len(graph.shapes[of]))))
    shape = tuple(graph.shapes[of][axis] for axis in order)
    graph.tensor(shape, f"TRANSPOSE({of}, {graph.constant('int32', list(order))})")


def _reshape(graph: _Graph) -> None:
    of = graph.any()
    shape = (*reversed(graph.shapes[of]), 1)[:4]
    if len(shape) <= len(graph.shapes[of]):
        shape = tuple(reversed(graph.shapes[of]))
    graph.tensor(shape, f"RESHAPE({of}, {graph.constant('int32', list(shape))})")


def _concatenate(graph: _Graph) -> None:
    of, times = graph.any(), graph.draw(st.integers(2, 3))
    shape = graph.shapes[of]
    axis = graph.draw(st.integers(0, len(shape) - 1))
    joined = (*shape[:axis], shape[axis] * times, *shape[axis + 1 :])
    graph.tensor(joined, f"CONCATENATION({', '.join([of] * times)}) axis={axis}")


def _quantized(graph: _Graph) -> None:
    of = graph.any()
    name = graph.name()
    graph.lines.append(f"{name}: int8{list(graph.shapes[of])} q=0.1+0 = QUANTIZE({of})")
    graph.tensor(graph.shapes[of], f"DEQUANTIZE.v2({name})")


STEPS: tuple[Callable[[_Graph], None], ...] = (
    *(_unary, _binary, _dense, _transpose, _reshape, _concatenate, _quantized),
)


def _grown(draw: st.DrawFn, prefix: str, inputs: list[tuple[int, ...]]) -> _Graph:
    graph = _Graph(draw, prefix)
    for shape in inputs:
        graph.tensor(shape)
    for step in draw(st.lists(st.sampled_from(STEPS), min_size=1, max_size=5)):
        step(graph)
    return graph


@st.composite
def graphs(draw: st.DrawFn) -> str:
    """The text of a model: a few ops of float tensors, now and then an IF over two more, signatures, metadata."""
    shapes = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)
    inputs = draw(st.lists(shapes, min_size=1, max_size=2))
    graph = _grown(draw, "t", inputs)
    names = sorted(graph.shapes, key=lambda name: int(name[1:]))
    given, last = names[: len(inputs)], names[-1]
    lines: list[str] = []
    if draw(st.booleans()):
        shape, condition = graph.shapes[last], graph.name()
        graph.lines.append(f"{condition}: bool[1]")
        given, last = (
            [*given, condition],
            graph.tensor(shape, f"IF({condition}, {last}) then_subgraph_index=1 else_subgraph_index=2"),
        )
        for prefix in ("a", "b"):
            op = draw(st.sampled_from(UNARY))
            lines += [f"graph {prefix}({prefix}0) -> ({prefix}1)", f"{prefix}0: float32{list(shape)}"]
            lines += [f"{prefix}1: float32{list(shape)} = {op}({prefix}0)"]
    head = [f"graph main({', '.join(given)}) -> ({last})"]
    pairs = ", ".join(f"in_{name}={name}" for name in given)
    tail = [f"signature serving_default({pairs}) -> (out={last})"] if draw(st.booleans()) else []
    if draw(st.booleans()):
        tail.append('metadata note = "a note"')
    return "\n".join([*head, *graph.lines, *lines, *tail])


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A graph's file with fields changed, dropped, and taken from another graph; a FlatBuffer without a fault."""
    rng = random.Random(draw(st.integers(0, 1 << 32)))  # noqa: S311 - reproducible, not secret
    return rewritten(sketch.build(draw(graphs())), sketch.build(draw(graphs())), rng)


def written(table: dict[str, Any], name: str = "Model") -> bytes:
    """The file of a table."""
    return bytes(encode(table, table=name))
