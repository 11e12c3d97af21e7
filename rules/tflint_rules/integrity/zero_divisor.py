"""TFL906: zeros that kernels divide by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[1,4,4,1]
y: float32[1,4,4,1] = MAX_POOL_2D(x) filter_width=2 filter_height=2 stride_w=0 stride_h=1
"""
GOOD = BAD.replace("stride_w=0", "stride_w=1").replace("y: float32[1,4,4,1]", "y: float32[1,3,3,1]")

STRIDES = ("stride_w", "stride_h")
DILATIONS = ("dilation_w_factor", "dilation_h_factor")
POOL = (*STRIDES, "filter_width", "filter_height")
OPTIONS = {
    "CONV_2D": (*STRIDES, *DILATIONS),
    "DEPTHWISE_CONV_2D": (*STRIDES, *DILATIONS),
    "TRANSPOSE_CONV": STRIDES,
    "CONV_3D": (*STRIDES, "stride_d", *DILATIONS, "dilation_d_factor"),
    "MAX_POOL_2D": POOL,
    "AVERAGE_POOL_2D": POOL,
    "L2_POOL_2D": POOL,
    "SPACE_TO_DEPTH": ("block_size",),
    "DEPTH_TO_SPACE": ("block_size",),
    "SPLIT": ("num_splits",),
    "SPLIT_V": ("num_splits",),
    "FULLY_CONNECTED": (),
    "EMBEDDING_LOOKUP": (),
}
WEIGHTS = {"CONV_2D": 1, "DEPTHWISE_CONV_2D": 1, "TRANSPOSE_CONV": 1, "FULLY_CONNECTED": 1, "EMBEDDING_LOOKUP": 1}


@rule(
    "TFL906",
    "zero-divisor",
    Severity.ERROR,
    since="0.1.0",
    on=OPTIONS,
    group=("op", "what"),
    message="{op} has {what} 0, by which its kernel divides",
    examples=[(BAD, GOOD)],
)
def zero_divisor(op: Op) -> Iterator[Hit]:
    """A stride, dilation, block size, window or weight dimension is 0.

    ## Why is this bad?
    Kernels compute output sizes by dividing by it. Some releases check, others die with SIGFPE or SIGSEGV: the class
    of CVE-2021-37680, CVE-2021-37691 and GHSA-j7rm-8ww4-xx2g. SPLIT with no parts crashes LiteRT with XNNPACK today,
    and pooling with an empty window is accepted when tensors are allocated.

    ## What to do
    Do not load the file: no converter writes a 0 here, so it was crafted or damaged.

    ## Exceptions
    `depth_multiplier` is not looked at: kernels compute it from the shapes. An absent options table is TFL910's.

    ## References
    Measured on wheels, see docs/verdicts.md; LiteRT tflite/kernels/padding.h, pooling.cc, conv.cc.
    """
    for option in OPTIONS[op.name]:
        if op.options.get(option) == 0:
            yield hit(op, op=op.name, what=option)
    position = WEIGHTS.get(op.name)
    weights = op.inputs[position] if position is not None and position < len(op.inputs) else None
    if weights is not None and 0 in weights.shape and not weights.is_dynamic:
        yield hit(op, related=(weights,), op=op.name, what="a weight dimension of")
