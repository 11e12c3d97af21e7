"""How much memory the activations of a subgraph take: the arena, as TFLite's planner lays it out.

Source: tflite/arena_planner.cc and simple_memory_arena.cc (TensorFlow 0e44793): a tensor lives from the operator that
makes it to the last that reads it; inputs, outputs and variables live for the whole call; the long-lived are placed
first, then the largest, each into the smallest gap that takes it. Held against the addresses that LiteRT 2.3.0 gives
without its default delegate (tests/test_arena.py). What kernels ask for themselves (scratch tensors, an XNNPACK
workspace) is not in the file and so not counted; shapes are those stored.
"""

from __future__ import annotations

from bisect import insort
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tflint.model.tensor import Tensor
    from tflint.model.view import Op, Subgraph

ALIGNMENT = 64  # bytes: kDefaultTensorAlignment
MOST = 5_000  # tensors whose places are computed: each is held against all placed before it


class Arena(NamedTuple):
    """Bytes of activations. `peak` is the most that lives at once, `at` the operator where it does."""

    peak: int
    at: Op | None
    planned: int | None  # with the gaps that the planner leaves; None: more than MOST tensors
    variables: int  # held from call to call, in an arena of their own


class _Life(NamedTuple):
    tensor: Tensor
    first: int
    last: int
    always: bool
    size: int


def plan_arena(graph: Subgraph) -> Arena:
    """Plan the activations of one subgraph."""
    lives = _lives(graph)
    peak, at = _peak(graph, lives)
    variables = sum(_aligned(tensor.byte_size) for tensor in graph.tensors if tensor.is_variable)
    return Arena(peak, at, _plan(lives) if len(lives) <= MOST else None, variables)


def _lives(graph: Subgraph) -> list[_Life]:
    """Lifetimes of what stands in the arena, as positions of operators."""
    end = len(graph.ops)
    first: dict[int, int] = dict.fromkeys(graph.input_indices, 0)
    last: dict[int, int] = {}
    for position, op in enumerate(graph.ops):
        for index in op.output_indices:
            first.setdefault(index, position)
        for index in op.input_indices:
            last[index] = position
    kept = {*graph.input_indices, *graph.output_indices}
    lives = []
    for index, start in first.items():
        tensor = graph.tensors[index] if 0 <= index < len(graph.tensors) else None
        if tensor is None or tensor.is_constant or tensor.is_variable or not tensor.byte_size:
            continue
        stop = end if index in kept else last.get(index, end)
        lives.append(_Life(tensor, start, stop, start == 0 and stop == end, tensor.byte_size))
    return lives


def _peak(graph: Subgraph, lives: list[_Life]) -> tuple[int, Op | None]:
    change = [0] * (len(graph.ops) + 2)
    for life in lives:
        change[life.first] += life.size
        change[life.last + 1] -= life.size
    best, at, now = 0, None, 0
    for position, delta in enumerate(change[: max(len(graph.ops), 1)]):
        now += delta
        if now > best:
            best, at = now, graph.ops[position] if graph.ops else None
    return best, at


def _plan(lives: list[_Life]) -> int:
    """Size of the arena: every tensor at the best gap among those that live while it does."""
    order = sorted(
        lives, key=lambda t: (not t.always, t.tensor.index) if t.always else (True, -t.size, t.first, t.tensor.index)
    )
    placed: list[tuple[int, int, int, int]] = []  # offset, end, first, last
    top = 0
    for life in order:
        at = _place(life, placed)
        insort(placed, (at, at + life.size, life.first, life.last))
        top = max(top, at + life.size)
    return top


def _place(life: _Life, placed: list[tuple[int, int, int, int]]) -> int:
    best, fit, here = -1, 0, 0
    for offset, end, first, last in placed:
        if last < life.first or first > life.last:
            continue
        gap = offset - _aligned(here)
        if gap >= life.size and (best < 0 or gap < fit):
            best, fit = _aligned(here), gap
        here = max(here, end)
    return best if best >= 0 else _aligned(here)


def _aligned(size: int) -> int:
    return -(-size // ALIGNMENT) * ALIGNMENT
