"""ACM102: channels that fill no vector."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from tflint.api import Hit

BAD = """
x: float32[1,8,8,4]
w: float32[10,1,1,4] = const
y: float32[1,8,8,10] = CONV_2D(x, w, -) stride_w=1 stride_h=1 dilation_w_factor=1 dilation_h_factor=1
"""
GOOD = """
x: float32[1,8,8,4]
w: float32[16,1,1,4] = const
y: float32[1,8,8,16] = CONV_2D(x, w, -) stride_w=1 stride_h=1 dilation_w_factor=1 dilation_h_factor=1
"""


@rule(
    "ACM102",
    "unaligned-channels",
    Severity.INFO,
    since="1.0.0",
    on={"CONV_2D"},
    options={"multiple": 8},
    message="{channels} output channels are padded to {padded}",
    examples=[(BAD, GOOD)],
)
def unaligned_channels(op: Op, options: Mapping[str, Any]) -> Iterator[Hit]:
    """A convolution's output channels are no multiple of the accelerator's vector.

    ## Why is this bad?
    The accelerator computes the channels up to the next multiple and throws them away.

    ## What to do
    Choose a multiple of 8, the length of the vector; `multiple` is that of another board.
    """
    multiple = int(options["multiple"])
    for tensor in op.outputs:
        if tensor is not None and tensor.shape and tensor.shape[-1] % multiple:
            channels = tensor.shape[-1]
            yield hit(op, channels=channels, padded=-(-channels // multiple) * multiple)
