"""TFL213: what LiteRT's CompiledModel does not take."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[1,4]
s: float32[1,4] variable
y: float32[1,4] = ADD(x, s)
"""
GOOD = """
x: float32[1,4]
s: float32[1,4]
y: float32[1,4] = ADD(x, s)
"""


@rule(
    "TFL213",
    "compiled-model-refuses",
    Severity.ERROR,
    since="0.1.0",
    on_refusal=True,
    group=("problem",),
    message="{problem} is in the model; CompiledModel refuses models with one",
    examples=[(BAD, GOOD, "litert+compiled")],
)
def compiled_model_refuses(target: Target) -> Iterator[Hit]:
    """The model runs in the interpreter, but LiteRT's CompiledModel API does not load it.

    ## Why is this bad?
    Apps that move from `Interpreter` to `CompiledModel`, which NPU and GPU need, fail when they create it, although
    the same file works in the interpreter.

    ## What to do
    Keep the `Interpreter` for this model, or export it again with its state as inputs and outputs.

    Variable tensors are the state of fused LSTM and SVDF layers; variant tensors are TensorLists of unfused loops.

    ## References
    LiteRT litert/core/model/model_load.cc (f674577); measured on the corpus with LiteRT 2.3.0.
    """
    for refusal in target.refusals("TFL213"):
        yield hit(refusal.at, problem=refusal.data["problem"])
