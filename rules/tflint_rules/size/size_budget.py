"""TFL801: a model larger than its target's budget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, plan_arena, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    group=("budget",),
    message="{have} {what}, the target's budget is {budget}",
    examples=[(BAD, GOOD, BOARD)],
)
def size_budget(target: Target) -> Iterator[Hit]:
    """The model is larger than its target's profile allows.

    ## Why is this bad?
    The profile says what fits: flash for the file, memory for the activations that live at once, and for an
    interpreter that keeps its tables in memory, operators and tensors.

    ## What to do
    Quantize to int8, which takes a quarter of float32, or raise the budget under `[budgets]` of the TOML profile.

    ## Exceptions
    `max_arena` is held against what the graph needs at its peak. Kernels ask for scratch memory on top, which no file
    tells (an im2col of a large convolution can be ten times as much), and the firmware has its own share.
    Only a TOML profile has budgets; the known runtimes have none.
    """
    model = target.model
    for key, budget in target.profile.budgets.items():
        measure, what = MEASURES[key]
        have = measure(model)
        if have > budget:
            yield hit(model, have=f"{have:,}", what=what, budget=f"{budget:,}")
