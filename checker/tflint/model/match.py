"""Find a formula in a graph: patterns are operand trees, written as the formula is and read backwards from an op.

    STEP = made("ADD", made("MUL", made("LOGISTIC"), "c"), made("MUL", made("LOGISTIC"), made("TANH")))

An operand is what an op makes (`made`), a constant (`const`), or a name that captures a tensor: any tensor, and the
same one wherever the name stands again; `"_"` is any tensor and captures none. Operands beyond those written are free.
ADD, MUL and their like match in either order. Ops of `through`, and those that a node is `behind`, are looked through.
Write the rarest operand first: a search in vain then ends soonest.

A graph may be hostile: a search ends after STEPS looks at a tensor, and is as deep as its pattern, not as the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tflint.dataclass import dataclass
from tflint.model.tensor import Tensor

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from tflint.model.view import Model, Op, Subgraph

STEPS = 400  # looks at a tensor in one search; the largest pattern of ours takes 75 where it fits
NEAR = 64  # tensors that are looked at behind one node: what is further away is no part of a formula

VIEWS = frozenset({"CAST", "DEQUANTIZE", "EXPAND_DIMS", "QUANTIZE", "RESHAPE", "SQUEEZE", "TRANSPOSE"})

_COMMUTATIVE = frozenset({"ADD", "MAXIMUM", "MINIMUM", "MUL", "SQUARED_DIFFERENCE"})
_OTHER_JOINS = "BROADCAST_ARGS CONCATENATION DIV EQUAL FLOOR_DIV FLOOR_MOD PACK RANGE SELECT SELECT_V2 SUB"
_JOINS = _COMMUTATIVE | set(_OTHER_JOINS.split())  # any operand's values go on
_DATA = {"SPLIT": 1}  # op -> the operand whose values go on, where that is not the first


class Made(NamedTuple):
    """A tensor that one of `ops` makes out of `operands`."""

    ops: frozenset[str]  # by Op.kind: builtin names, and custom ops by their own
    operands: tuple[Operand, ...]
    name: str  # captures the tensor it makes
    behind: frozenset[str]
    where: Callable[[Op], bool] | None


class Const(NamedTuple):
    """A constant; with `where`, a small one whose values satisfy it."""

    where: Callable[[tuple[Any, ...]], bool] | None


Operand = Made | Const | str
_Captured = dict[str, Tensor]


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """Where a pattern was found."""

    op: Op  # the outermost one
    tensors: Mapping[str, Tensor]  # by the names of the pattern

    def __getitem__(self, name: str) -> Tensor:
        """A captured tensor."""
        return self.tensors[name]


def made(
    ops: str,
    *operands: Operand,
    name: str = "",
    behind: Collection[str] = (),
    where: Callable[[Op], bool] | None = None,
) -> Made:
    """What one of `ops`, "ADD SUB", makes of the operands; `where` judges an op that has them all."""
    return Made(frozenset(ops.split()), operands, name, frozenset(behind), where)


def const(*values: Any, where: Callable[[tuple[Any, ...]], bool] | None = None) -> Const:
    """A constant of these values, or of values that satisfy `where`; any constant, weights too, without both."""
    return Const(where or (values.__eq__ if values else None))


def match(model: Model, at: Tensor | Op, pattern: Made, through: Collection[str] = ()) -> Match | None:
    """The pattern with its outermost op at `at`, or making the tensor `at`; the first way in which it fits."""
    search = _Search(model, frozenset(through))
    if isinstance(at, Tensor):
        found = search.tensor(at, pattern, {})
    else:
        made_first = next((tensor for tensor in at.outputs if tensor is not None), None)
        if made_first is None:
            return None
        found = search.op(at, pattern, {pattern.name: made_first} if pattern.name else {})
    return next((Match(op, captured) for op, captured in found), None)


def matches(model: Model, graph: Subgraph, pattern: Made, through: Collection[str] = ()) -> Iterator[Match]:
    """Each op of the graph at which the pattern is found."""
    found = (match(model, op, pattern, through) for op in graph.ops if op.kind in pattern.ops)
    return (one for one in found if one is not None)


def readers(model: Model, at: Tensor | Op, through: Collection[str] = ()) -> Iterator[Op]:
    """Ops that read a tensor or what an op makes, and, behind ops of `through`, those that read what these make."""
    todo = [at.index] if isinstance(at, Tensor) else list(at.output_indices)
    seen = set(todo)
    while todo and len(seen) < STEPS:
        for op in model.consumers.get((at.subgraph, todo.pop(0)), ()):
            if op.kind in through:
                fresh = [index for index in op.output_indices if index not in seen]
                seen.update(fresh)
                todo += fresh
            else:
                yield op


class _Search:
    """One search, with what it may still spend."""

    def __init__(self, model: Model, through: frozenset[str]) -> None:
        self.model, self.through, self.left = model, through, STEPS

    def op(self, op: Op, pattern: Made, captured: _Captured) -> Iterator[tuple[Op, _Captured]]:
        """Ways in which the pattern fits with this op outermost, and what each captures."""
        if op.kind not in pattern.ops:
            return
        wanted = pattern.operands
        given = tuple(tensor for tensor in op.inputs[: len(wanted)] if tensor is not None)
        if len(given) < len(wanted) or (pattern.where and not pattern.where(op)):
            return
        orders = [given, given[::-1]] if len(wanted) == 2 and op.kind in _COMMUTATIVE else [given]
        for order in orders:
            yield from ((op, found) for found in self._operands(order, wanted, captured))

    def tensor(self, tensor: Tensor, pattern: Made, captured: _Captured) -> Iterator[tuple[Op, _Captured]]:
        """Ways in which the pattern fits with an op outermost that makes the tensor."""
        for op, made_by_it in self._makers(tensor, pattern):
            for _, found in self.op(op, pattern, captured):
                yield from ((op, both) for both in _capture(pattern.name, made_by_it, found))

    def _operands(
        self, given: tuple[Tensor, ...], wanted: tuple[Operand, ...], captured: _Captured
    ) -> Iterator[_Captured]:
        if not wanted:
            yield captured
            return
        for found in self._operand(given[0], wanted[0], captured):
            yield from self._operands(given[1:], wanted[1:], found)

    def _operand(self, tensor: Tensor, wanted: Operand, captured: _Captured) -> Iterator[_Captured]:
        self.left -= 1
        if self.left < 0:
            return
        if isinstance(wanted, Made):
            yield from (found for _, found in self.tensor(tensor, wanted, captured))
        elif isinstance(wanted, str):
            yield from _capture(wanted, self._source(tensor), captured)
        elif (source := self._source(tensor)).is_constant:
            values = source.values() if wanted.where else ()
            if values is not None and (wanted.where is None or wanted.where(values)):
                yield captured

    def _makers(self, tensor: Tensor, wanted: Made) -> Iterator[tuple[Op, Tensor]]:
        """Ops of the wanted kind that make a tensor, nearest first, through those to look through."""
        through = self.through | wanted.behind
        todo, seen = [tensor], {tensor.index}
        while todo and self.left > 0 and len(seen) <= NEAR:
            at = todo.pop(0)
            self.left -= 1
            op = self.model.producers.get((at.subgraph, at.index))
            if op is None:
                continue
            if op.kind in wanted.ops:
                yield op, at
            if op.kind in through:
                fresh = [x for x in _carried(op) if x is not None and x.index not in seen]
                seen.update(x.index for x in fresh)
                todo += fresh

    def _source(self, tensor: Tensor) -> Tensor:
        """The tensor whose values, and no others, these are: behind the ops that are looked through everywhere."""
        while self.left > 0:
            op = self.model.producers.get((tensor.subgraph, tensor.index))
            if op is None or op.kind not in self.through or op.kind in _JOINS or op.kind in _DATA:
                break
            before = op.inputs[0] if op.inputs else None
            if before is None:
                break
            tensor = before
            self.left -= 1
        return tensor


def _capture(name: str, tensor: Tensor, captured: _Captured) -> Iterator[_Captured]:
    if name in ("", "_"):
        yield captured
    elif captured.get(name, tensor) is tensor:
        yield {**captured, name: tensor}


def _carried(op: Op) -> tuple[Tensor | None, ...]:
    """Operands whose values go on into what the op makes."""
    at = _DATA.get(op.kind, 0)
    return op.inputs if op.kind in _JOINS else op.inputs[at : at + 1]
