"""TFL510: outputs whose scale the kernel fixes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

# activations.cc, SoftmaxPrepare, TanhPrepare and SigmoidPrepare: LiteRT f674577
FIXED = {"SOFTMAX": (1 / 256, -128), "LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}

BAD = """
x: int8[1,10] q=0.1+0
y: int8[1,10] q=0.5+0 = SOFTMAX(x) beta=1.0
"""
GOOD = """
x: int8[1,10] q=0.1+0
y: int8[1,10] q=0.00390625-128 = SOFTMAX(x) beta=1.0
"""


@rule(
    "TFL510",
    "nonstandard-output-scale",
    Severity.ERROR,
    since="0.1.0",
    on=FIXED,
    fix="unsafe",
    group=("op",),
    message="{op} output is quantized {have}; its int8 kernel is built for {want}",
    examples=[(BAD, GOOD)],
)
def nonstandard_output_scale(op: Op) -> Iterator[Hit]:
    """The output of a saturating int8 op lacks the scale its kernel is built for.

    ## Why is this bad?
    The kernel ignores the stored scale, so that results are silently off, or refuses to prepare, so that the model
    fails on the device after it passed on the host, where a delegate took the op.

    ## What to do
    Convert again with a current converter, which writes the fixed scale; no calibration changes it. Or let
    `tflint fix --unsafe-fixes` write it.
    """
    y = op.outputs[0] if op.outputs else None
    want = FIXED[op.name]
    if y is not None and y.dtype == "int8" and y.quant and y.quant.pair and y.quant.pair != want:
        scale, zero = y.quant.pair
        from tflint.api import SetQuant  # noqa: PLC0415 - only where there is something to mend

        fix = (SetQuant(y.subgraph, y.index, (want[0],), (want[1],)),)
        yield hit(y, fix=fix, op=op.name, have=f"{scale:g}{zero:+d}", want=f"{want[0]:g}{want[1]:+d}")
