"""TFL506: the quantization scheme of 2018."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule
from tflint_rules.quantization.roles import WEIGHTS, data, weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: uint8[1,4] q=0.1+128
w: uint8[2,4] q=0.1+120 = const
b: int32[2] q=0.01+0 = const
y: uint8[1,2] q=0.1+128 = FULLY_CONNECTED(x, w, b)
"""
GOOD = """
x: int8[1,4] q=0.1+0
w: int8[2,4] q=0.1+0 = const
b: int32[2] q=0.01+0 = const
y: int8[1,2] q=0.1+0 = FULLY_CONNECTED.v4(x, w, b)
"""


@rule(
    "TFL506",
    "legacy-uint8",
    Severity.INFO,
    since="0.1.0",
    group=("op",),
    message="{op} has uint8 activations and weights; kernels since 2020 are written for int8",
    examples=[(BAD, GOOD)],
)
def legacy_uint8(target: Target) -> Iterator[Hit]:
    """The model is quantized to uint8 with asymmetric weights, as TF 1 did.

    ## Why is this bad?
    CPU runtimes still execute it, but newer backends are written for the int8 specification: TFLite Micro dropped the
    uint8 kernels of most ops, NPU compilers reject them, and weights have one scale a tensor, which costs accuracy.

    ## What to do
    Convert the float model again with TF 2: `optimizations=[DEFAULT]` and a `representative_dataset` give int8.

    ## Exceptions
    Info on CPU runtimes, where the model runs; a warning on TFLite Micro.

    ## References
    The TFLite 8-bit quantization specification (2019): int8, symmetric weights, one scale per channel.
    """
    severity = Severity.WARNING if target.profile.micro else None
    for op in target.model.ops:
        if op.name in WEIGHTS:
            activations = data(op)
            if (
                activations is not None
                and activations.dtype == "uint8"
                and any(w.dtype == "uint8" for w in weights(op))
            ):
                yield hit(op, severity=severity, op=op.name)
