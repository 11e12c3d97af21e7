"""ACM101: activations that the accelerator lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: int8[1,8,8,16] q=0.1+0
y: int8[1,8,8,16] q=0.1+0 = HARD_SWISH(x)
"""
GOOD = """
x: int8[1,8,8,16] q=0.1+0
y: int8[1,8,8,16] q=0.1+0 = RELU6(x)
"""


@rule(
    "ACM101",
    "slow-activation",
    Severity.WARNING,
    since="1.0.0",
    on={"GELU", "HARD_SWISH"},
    group=("op",),
    message="{op} of {elements} elements runs on the board's CPU",
    examples=[(BAD, GOOD)],
)
def slow_activation(op: Op) -> Iterator[Hit]:
    """An activation that the accelerator lacks runs on the CPU, between two that do not.

    ## Why is this bad?
    The tensor goes to the CPU and back: 2 ms each, more than the convolution before it takes.

    ## What to do
    Train with RELU6, which the accelerator has.
    """
    for tensor in op.outputs:
        if tensor is not None:
            yield hit(op, op=op.name, elements=tensor.elements)
