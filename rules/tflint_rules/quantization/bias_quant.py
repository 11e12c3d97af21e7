"""TFL508: biases that do not fit their op."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.api import Op, Severity, hit, rule
from tflint_rules.quantization.roles import BIASED, operand

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint.api import Edit, Hit, Tensor

BAD = """
x: int8[1,4] q=0.5+0
w: int8[2,4] q=0.5+0 = const
b: int32[2] q=0.5+0 = const
y: int8[1,2] q=1+0 = FULLY_CONNECTED.v4(x, w, b)
"""
GOOD = BAD.replace("b: int32[2] q=0.5+0", "b: int32[2] q=0.25+0")

TYPES = {"int8": ("int32",), "uint8": ("int32",), "int16": ("int32", "int64")}
LIMIT = 0.02  # of the output scale: GetQuantizedConvolutionMultipler in tflite/kernels/kernel_util.cc
CHANNELS = 4096  # compared: what is wrong is wrong in the first ones
NEAR = 1e-3  # relative: what float32 rounding and retraining tools leave is below it on all published models


@rule(
    "TFL508",
    "bias-quant",
    Severity.ERROR,
    since="0.1.0",
    on=BIASED,
    fix="unsafe",
    group=("op", "what"),
    message="{op} bias has {what}: {have}; it is added as {want}",
    examples=[(BAD, GOOD)],
)
def bias_quant(op: Op) -> Iterator[Hit]:
    """A bias is not quantized the way its kernel adds it.

    ## Why is this bad?
    Integer kernels add the bias to the int32 sum of input times weight, so its scale must be their product and its
    zero point 0. Where they differ by more than 2 % of the output's step the kernel refuses to prepare:
    `scale_diff / output_scale <= 0.02 was not true` (tensorflow#33233); below that, results are silently off. With one
    scale per channel no runtime compares them at all.

    ## What to do
    `tflint fix --unsafe-fixes` requantizes a bias of another scale; look at the results afterwards.

    Else let the converter quantize the bias: convert again, or requantize biases in the tool that wrote the file as
    round(bias / (input scale * weight scale)) in int32.

    ## References
    LiteRT tflite/kernels/kernel_util.cc, PopulateConvolutionQuantizationParams and GetQuantizedConvolutionMultipler.
    """
    at_data, at_weights, at_bias = BIASED[op.name]
    x, w, b = operand(op, at_data), operand(op, at_weights), operand(op, at_bias)
    if x is None or w is None or b is None or x.dtype not in TYPES or x.quant is None or w.quant is None:
        return
    if b.dtype not in TYPES[x.dtype]:
        yield hit(op, related=(b,), op=op.name, what="another dtype", have=b.dtype, want=" or ".join(TYPES[x.dtype]))
        return
    if b.quant is None or not len(b.quant.scale) or len(x.quant.scale) != 1:
        return
    zero = next((z for z in b.quant.zero_point[:CHANNELS] if z), 0)
    if zero:
        yield hit(op, related=(b,), op=op.name, what="a zero point", have=zero, want="0")
        return
    yield from _scale(op, b, x.quant.scale[0], w.quant.scale, b.quant.scale)


def _scale(
    op: Op, bias: Tensor, of_data: float, of_weights: Sequence[float], of_bias: Sequence[float]
) -> Iterator[Hit]:
    if len(of_weights) != len(of_bias):
        return  # a count that does not fit is TFL509's
    y = op.outputs[0] if op.outputs else None
    step = y.quant.scale[0] if y is not None and y.quant is not None and len(y.quant.scale) == 1 else 0.0
    for weight, have in zip(of_weights[:CHANNELS], of_bias[:CHANNELS], strict=True):
        want = of_data * weight
        off = abs(want - have)
        if off > NEAR * want:
            refused = len(of_weights) == 1 and off > LIMIT * step > 0
            severity = None if refused else Severity.WARNING
            data: dict[str, Any] = {"op": op.name, "what": "another scale", "have": f"{have:g}", "want": f"{want:g}"}
            fix = (_requantized(op, bias, of_data, of_weights),) if op.outputs else ()
            yield hit(op, related=(bias,), severity=severity, fix=fix, **data)
            return


def _requantized(op: Op, bias: Tensor, of_data: float, of_weights: Sequence[float]) -> Edit:
    from tflint.api import SetQuant  # noqa: PLC0415 - only where there is something to mend

    scales = tuple(of_data * weight for weight in of_weights)
    return SetQuant(bias.subgraph, bias.index, scales, (0,) * len(scales), reader=op.output_indices[0])
