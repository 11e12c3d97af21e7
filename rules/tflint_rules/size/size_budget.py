"""TFL801: a model larger than its budget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.api import Severity, Target, hit, plan_arena, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tflint.api import Hit, Model

BOARD = str(Path(__file__).with_name("small_board.toml"))

BAD = """
x: float32[1,8]
w: float32[100,8] = const
y: float32[1,100] = FULLY_CONNECTED(x, w, -)
"""
GOOD = """
x: float32[1,8]
w: float32[4,8] = const
y: float32[1,4] = FULLY_CONNECTED(x, w, -)
"""

LEAST_WEIGHT = 4096  # bytes: 1024 float32 elements; smaller constants stay as they are
MEASURES: dict[str, tuple[Callable[[Model], int], str]] = {  # by the keys of `[budgets]`
    "max_size": (lambda model: model.file_size, "bytes"),
    "max_ops": (lambda model: sum(len(graph.ops) for graph in model.subgraphs), "operators"),
    "max_tensors": (lambda model: sum(len(graph.tensors) for graph in model.subgraphs), "tensors"),
    "max_arena": (
        lambda model: max((plan_arena(graph).peak for graph in model.entry_graphs), default=0),
        "bytes of activations alive at once",
    ),
}


@rule(
    "TFL801",
    "size-budget",
    Severity.ERROR,
    since="0.1.0",
    options=dict.fromkeys(MEASURES, 0),
    group=("budget",),
    message="{have} {what}, the budget is {budget}{estimate}",
    examples=[(BAD, GOOD, BOARD)],
)
def size_budget(target: Target, options: Mapping[str, Any]) -> Iterator[Hit]:
    """The model is larger than its target or the configuration allows.

    ## Why is this bad?
    The profile says what fits: flash for the file, memory for the activations that live at once, and for an
    interpreter that keeps its tables in memory, operators and tensors.

    ## What to do
    Quantize: float16 weights take half of float32 ones, int8 a quarter, and the message says what the file would take.
    Or raise the budget: `[budgets]` of the TOML profile, or the options of this rule, which win over it: `max-size`
    and `max-arena` in bytes, `max-ops` and `max-tensors`, as in `-x TFL801.max-size=5000000`.

    ## Exceptions
    `max_arena` is held against what the graph needs at its peak. Kernels ask for scratch memory on top, which no file
    tells (an im2col of a large convolution can be ten times as much), and the firmware has its own share.
    Without a TOML profile and without options there is no budget. An option of 0 is none.
    The estimate halves and quarters the float32 constants of 1024 elements and more, which is what converters do.
    """
    model = target.model
    given = {key: int(options[key]) for key in MEASURES if options[key]}
    for key, budget in {**target.profile.budgets, **given}.items():
        measure, what = MEASURES[key]
        have = measure(model)
        if have > budget:
            estimate = _estimate(model) if key == "max_size" else ""
            yield hit(model, have=f"{have:,}", what=what, budget=f"{budget:,}", estimate=estimate)


def _estimate(model: Model) -> str:
    """Say what the file would take with smaller weights."""
    weights = {t.buffer_index: t.byte_size for t in model.tensors if t.is_constant and t.dtype == "float32"}
    wide = sum(size for size in weights.values() if size >= LEAST_WEIGHT)
    if not wide:
        return ""
    half, quarter = model.file_size - wide // 2, model.file_size - 3 * wide // 4
    return f"; about {half:,} with float16 weights, {quarter:,} with int8"
