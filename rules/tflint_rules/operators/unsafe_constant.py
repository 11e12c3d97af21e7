"""TFL211: small constants that are no numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tflint.api import VIEWS, Op, Severity, hit, readers, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model, Tensor

BAD = """
x: float32[1,4]
mask: float32[4] = const [0,0,0,-inf]
a: float32[1,4] = ADD(x, mask)
y: float32[1,4] = SOFTMAX(a) beta=1.0
"""
GOOD = BAD.replace("-inf", "-10000")

SMALL = 16  # elements: operands such as masks, bounds and factors, never weights


@rule(
    "TFL211",
    "unsafe-constant",
    Severity.WARNING,
    since="0.1.0",
    on=("ADD", "SUB", "MUL", "DIV", "DEQUANTIZE"),
    group=("op", "value", "why"),
    message="constant {value} {why}",
    examples=[(BAD, GOOD)],
)
def unsafe_constant(op: Op, model: Model) -> Iterator[Hit]:
    """A small constant operand is NaN or infinite, in a place where that spreads.

    ## Why is this bad?
    NaN makes every result NaN. Infinity does as soon as it meets a zero factor or a softmax row that is masked as a
    whole, and accelerators that compute in float16 meet it sooner (tensorflow#43719: 1e30 became infinity there).

    ## What to do
    Mask with a large finite number instead, such as -1e4 that float16 still holds; clip a float16 export at 65504.

    ## Exceptions
    Only operands of up to 16 elements are read: larger constants are weights, which a default check never reads.
    Infinity as a bound, a fill value or a choice of SELECT is sound and no finding.

    ## References
    IEEE 754: inf - inf and 0 * inf are NaN. float16 ends at 65504.
    """
    for tensor in op.inputs:
        values = _floats(tensor)
        if tensor is None or not values:
            continue
        if any(map(math.isnan, values)):
            yield hit(op, related=(tensor,), severity=Severity.ERROR, op=op.name, value="NaN", why=f"enters {op.name}")
        elif any(map(math.isinf, values)):
            why = _spreads(op, model)
            if why:
                value = "-inf" if -math.inf in values else "inf"
                yield hit(op, related=(tensor,), op=op.name, value=value, why=why)


def _floats(tensor: Tensor | None) -> tuple[float, ...] | None:
    if tensor is None or tensor.dtype not in ("float32", "float16", "float64") or not tensor.is_constant:
        return None
    return tensor.values() if 0 < tensor.elements <= SMALL else None


def _spreads(op: Op, model: Model) -> str:
    if op.name == "DEQUANTIZE":
        return "is what float16 made of a number beyond 65504"
    if op.name in ("MUL", "DIV"):
        return f"enters {op.name}, where a zero makes it NaN"
    masks = any(user.name == "SOFTMAX" for user in readers(model, op, VIEWS))
    return f"enters {op.name} in front of SOFTMAX, where a masked row becomes NaN" if masks else ""
