"""TFL504: int8 weights under float activations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule
from tflint_rules.quantization.roles import INTEGER, WEIGHTS, data, weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[1,64]
w: int8[32,64] q=0.1+0 = const
b: float32[32] = const
y: float32[1,32] = FULLY_CONNECTED.v3(x, w, b)
"""
GOOD = """
x: int8[1,64] q=0.1+0
w: int8[32,64] q=0.1+0 = const
b: int32[32] q=0.01+0 = const
y: int8[1,32] q=0.1+0 = FULLY_CONNECTED.v4(x, w, b)
"""


@rule(
    "TFL504",
    "hybrid-op",
    Severity.INFO,
    since="0.1.0",
    group=("op", "weights"),
    message="{op} has {weights} weights and float32 activations, so it is computed in float or quantized on the fly",
    examples=[(BAD, GOOD)],
)
def hybrid_op(target: Target) -> Iterator[Hit]:
    """An op has integer weights and float activations: dynamic-range quantization.

    ## Why is this bad?
    It is what `optimizations=[DEFAULT]` gives without a representative dataset, and good on a CPU. Integer-only
    hardware cannot run it, and TFLite Micro refuses it: `Hybrid models are not supported on TFLite Micro.`
    (tflite-micro#757, tensorflow#43386).

    ## What to do
    For a microcontroller or an NPU, convert with `representative_dataset`, `TFLITE_BUILTINS_INT8` and int8 in and out.

    ## Exceptions
    Info on CPU runtimes; an error on a TFLite Micro target whose kernel refuses the op, and for accelerators that
    compute with integers only (`edgetpu`, `hexagon`, `ethos-u55` and the like).

    ## References
    TFLite Micro conv_common.cc and fully_connected_common.cc.
    """
    refused = {refusal.at.path for refusal in target.refusals("TFL212")} if target.profile.micro else set()
    for op in target.model.ops:
        if op.name not in WEIGHTS:
            continue
        activations = data(op)
        if activations is None or activations.dtype != "float32" or activations.is_constant:
            continue
        held = next((tensor for tensor in weights(op) if tensor.dtype in INTEGER), None)
        if held is not None:
            severity = Severity.ERROR if op.path in refused or target.integers_only else None
            yield hit(op, severity=severity, related=(held,), op=op.name, weights=held.dtype)
