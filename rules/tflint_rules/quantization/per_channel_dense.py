"""TFL511: dense layers with a scale per channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: int8[1,4] q=0.1+0
w: int8[2,4] q=[0.1,0.2]+[0,0] = const
b: int32[2] q=[0.01,0.02]+[0,0] = const
y: int8[1,2] q=0.1+0 = FULLY_CONNECTED.v4(x, w, b)
"""
GOOD = """
x: int8[1,4] q=0.1+0
w: int8[2,4] q=0.1+0 = const
b: int32[2] q=0.01+0 = const
y: int8[1,2] q=0.1+0 = FULLY_CONNECTED.v4(x, w, b)
"""


@rule(
    "TFL511",
    "per-channel-dense",
    Severity.INFO,
    since="0.1.0",
    group=("activations",),
    message="{scales} scales on FULLY_CONNECTED weights under {activations} activations; many kernels read the first",
    examples=[(BAD, GOOD)],
)
def per_channel_dense(target: Target) -> Iterator[Hit]:
    """A dense layer's weights have one scale per output channel.

    ## Why is this bad?
    Converters do so since TF 2.17, and kernels for it are young. Under float activations the op becomes version 12,
    which every older runtime refuses (TFL201; tensorflow#80736, tensorflow#76743). Under int8 activations its version
    stays 4: nothing stops an older runtime or an accelerator's compiler from applying the first scale to all channels.
    The Edge TPU compiler rejects it.

    ## What to do
    If the model must run on older runtimes or on an Edge TPU, convert with
    `converter._experimental_disable_per_channel_quantization_for_dense_layers = True`.

    ## Exceptions
    Info: for a runtime that is as new as the converter, one scale per channel is the more accurate choice. A warning
    for the targets `edgetpu` and `hexagon`, which do not take it.

    ## References
    LiteRT tflite/converter/tools/versioning/op_version.cc; flag run with TF 2.21 (version 12 becomes 9).
    """
    severity = Severity.WARNING if target.profile.accelerator in ("edgetpu", "hexagon") else None
    for op in target.model.ops:
        x, w = (op.inputs[0], op.inputs[1]) if op.name == "FULLY_CONNECTED" and len(op.inputs) > 1 else (None, None)
        if x is not None and w is not None and w.quant is not None and w.quant.per_axis:
            yield hit(op, severity=severity, related=(w,), scales=len(w.quant.scale), activations=x.dtype)
