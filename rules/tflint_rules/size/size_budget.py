"""TFL801: a model larger than its target's budget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

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
    The profile says what fits: flash for the file, and for an interpreter that keeps its tables in memory, operators
    and tensors.

    ## What to do
    Quantize to int8, which takes a quarter of float32, or raise the budget under `[budgets]` of the TOML profile.

    ## Exceptions
    Only a TOML profile has budgets; the known runtimes have none.
    """
    model, budgets = target.model, target.profile.budgets
    sizes = {
        "max_size": (model.file_size, "bytes"),
        "max_ops": (sum(len(graph.ops) for graph in model.subgraphs), "operators"),
        "max_tensors": (sum(len(graph.tensors) for graph in model.subgraphs), "tensors"),
    }
    for key, (have, what) in sizes.items():
        if key in budgets and have > budgets[key]:
            yield hit(model, have=f"{have:,}", what=what, budget=f"{budgets[key]:,}")
