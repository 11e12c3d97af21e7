"""TFL907: shapes whose size does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[65536,65536]
y: float32[65536,65536] = RELU(x)
"""
GOOD = """
x: float32[256,256]
y: float32[256,256] = RELU(x)
"""

INT32 = (1 << 31) - 1


@rule(
    "TFL907",
    "size-overflow",
    Severity.ERROR,
    since="0.1.0",
    group=("problem",),
    message="{problem}, as in {shape}",
    examples=[(BAD, GOOD)],
)
def size_overflow(model: Model) -> Iterator[Hit]:
    """A tensor's shape is negative, or its elements are too many for 32-bit counts.

    ## Why is this bad?
    Sizes are computed with 32-bit integers in many kernels: a product that wraps gives a small buffer that is written
    far past its end (CVE-2022-23558 is of this class; tensorflow#111638). A negative dimension ends the load:
    `BytesRequired number of elements overflowed.`

    ## What to do
    Give the dimension its real size; a dimension that varies is 1 in `shape` and -1 in `shape_signature`.

    ## References
    LiteRT tflite/util.cc, BytesRequired; tools/verifier.cc since 2026-07-25 refuses products beyond int32.
    """
    for tensor in model.tensors:
        shape = tensor.shape
        if not shape or tensor.dtype in ("string", "resource", "variant"):
            continue
        if min(shape) < 0:
            yield hit(tensor, problem="a dimension is negative", shape=str(list(shape)))
        elif tensor.elements > INT32:
            yield hit(tensor, problem="the elements are more than 2,147,483,647", shape=str(list(shape)))
