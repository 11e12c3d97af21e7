"""TFL503: a quantized conversion that quantized nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, conversion_of, hit, rule
from tflint_rules.quantization.roles import INTEGER, WEIGHTS, weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

ASKED = {
    "PTQ_DYNAMIC_RANGE": "dynamic-range",
    "PTQ_FULL_INTEGER": "full-integer",
    "PTQ_INT16": "16x8",
}
LEAST = 1024  # elements: dynamic-range quantization leaves smaller weights in float (lite/tools/optimize, min size)

# a CONVERSION_METADATA buffer of TF 2.15 with model_optimization_modes [1003]
_METADATA = (
    "0c00000008000e00080004000800000010000000280000000000060008000400060000000400000001000000eb0300000000"
    "0a00100004000c0008000a0000000c000000020000000200000006000000322e31352e300000"
)
BAD = f"""
x: float32[1,64]
w: float32[32,64] = const
b: float32[32] = const
y: float32[1,32] = FULLY_CONNECTED(x, w, b)
metadata CONVERSION_METADATA = 0x{_METADATA}
"""
GOOD = f"""
x: int8[1,64] q=0.1+0
w: int8[32,64] q=0.1+0 = const
b: int32[32] q=0.01+0 = const
y: int8[1,32] q=0.1+0 = FULLY_CONNECTED.v4(x, w, b)
metadata CONVERSION_METADATA = 0x{_METADATA}
"""


@rule(
    "TFL503",
    "quant-did-not-happen",
    Severity.ERROR,
    since="0.1.0",
    group=("asked",),
    message="{floats} float32 weights and no quantized one; the converter was asked for {asked} quantization",
    examples=[(BAD, GOOD)],
)
def quant_did_not_happen(model: Model) -> Iterator[Hit]:
    """The converter noted that it was asked to quantize, and the model is all float.

    ## Why is this bad?
    Conversion ends without an error and the model is four times the size that was meant, runs slower, and fails on
    every integer-only device. It happens when the representative dataset yields nothing or samples of another shape:
    the converter then skips quantization even when INT8-only ops were requested.

    ## What to do
    Make `representative_dataset` yield a list of arrays, one for each input, in its shape and dtype, a hundred times.

    Then check the result: `Interpreter.get_input_details()[0]["dtype"]`, or this rule.

    ## Exceptions
    Only weights of 1024 elements and more count where dynamic-range quantization was asked for: it leaves smaller
    ones as they are.

    ## References
    Reproduced with TF 2.21 (empty and mis-shaped datasets). conversion_metadata.fbs: ModelOptimizationMode.
    """
    conversion = conversion_of(model)
    asked = next((mode for mode in conversion.modes if mode in ASKED), None) if conversion is not None else None
    if asked is None:
        return
    least = LEAST if asked == "PTQ_DYNAMIC_RANGE" else 1
    floats = 0
    for op in model.ops:
        for tensor in weights(op) if op.name in WEIGHTS else ():
            if tensor.dtype in INTEGER:
                return
            floats += tensor.dtype == "float32" and tensor.elements >= least
    if floats and not any(t.dtype in INTEGER and t.quant is not None and len(t.quant.scale) for t in model.tensors):
        yield hit(model, asked=ASKED[asked], floats=floats)
