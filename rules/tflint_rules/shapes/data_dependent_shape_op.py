"""TFL403: outputs whose size the data decides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, data_dependent, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

# Up to here one dynamic tensor anywhere kept the default XNNPACK delegate from the whole graph (measured:
# tflite-runtime 2.14.0 has no DELEGATE node then, LiteRT 1.0.1, 1.4.0 and 2.3.0 have it for the other ops).
DELEGATES_NOTHING = (2, 14)
HEAVY = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "TRANSPOSE_CONV", "BATCH_MATMUL"})

BAD = """
x: float32[1,8]
n: int32[2]
y: float32[1,8] = RESHAPE(x, n)
"""
GOOD = """
x: float32[1,8]
n: int32[2] = const [2,4]
y: float32[2,4] = RESHAPE(x, n)
"""


@rule(
    "TFL403",
    "data-dependent-shape-op",
    Severity.INFO,
    since="0.1.0",
    group=("op",),
    message="the shape of what {op} makes is known when it runs, and {cost}",
    examples=[(BAD, GOOD)],
)
def data_dependent_shape_op(target: Target) -> Iterator[Hit]:
    """An op's output has a shape that only the data tells.

    ## Why is this bad?
    Memory for it and all behind it is allocated in each call, and GPU, NNAPI and NPU delegates take neither. Runtimes
    up to 2.14 give up the default delegate for the whole model: `Attempting to use a delegate that only supports
    static-sized tensors with a graph that has dynamic-sized tensors` (tensorflow#38036, tensorflow#46388).

    ## What to do
    Fix the batch and length at conversion, so that reshape, fill and slice get constant shapes; the converter then
    folds what computes them. For WHERE and non-max suppression return masks or padded results, and select in the app.

    ## Exceptions
    Ops that start it are named, not those behind them. A warning for targets whose delegate is lost by it, info
    elsewhere. TFLite Micro refuses such a model, which TFL212 says. Strings have no fixed size and are left out.

    ## References
    LiteRT tflite/core/subgraph.cc (ModifyGraphWithDelegate); kernels' Prepare, tflint/runtimes/kernels.
    """
    model, profile = target.model, target.profile
    if profile.micro:
        return
    loses = (
        profile.xnnpack and profile.generation[:2] <= DELEGATES_NOTHING and any(op.name in HEAVY for op in model.ops)
    )
    severity = Severity.WARNING if loses else None
    cost = (
        "the default delegate takes no op of the model"
        if loses
        else "GPU and NPU delegates take neither it nor what is behind"
    )
    for graph in model.subgraphs:
        for op in data_dependent(graph):
            yield hit(op, severity=severity, op=op.name, cost=cost)
