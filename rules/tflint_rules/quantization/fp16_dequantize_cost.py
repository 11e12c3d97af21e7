"""TFL514: float16 weights that are expanded in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[1,64]
h: float16[32,64] = const
w: float32[32,64] = DEQUANTIZE.v3(h)
y: float32[1,32] = FULLY_CONNECTED(x, w, -)
"""
GOOD = """
x: float32[1,64]
w: float32[32,64] = const
y: float32[1,32] = FULLY_CONNECTED(x, w, -)
"""


@rule(
    "TFL514",
    "fp16-dequantize-cost",
    Severity.INFO,
    since="0.1.0",
    group=(),
    message="{count} float16 constants take {extra} more in memory than in the file, as a CPU expands them to float32",
    examples=[(BAD, GOOD)],
)
def fp16_dequantize_cost(model: Model) -> Iterator[Hit]:
    """The weights are float16, which halves the file and not the memory.

    ## Why is this bad?
    On a CPU each float16 constant is expanded by a DEQUANTIZE op to a float32 copy that stays in memory beside it:
    three times the file's bytes, and no speed-up (tensorflow#48027, tensorflow#41485). Only a GPU delegate computes
    in float16.

    ## What to do
    For a CPU target, quantize the weights to int8 instead (`optimizations=[DEFAULT]` without `supported_types`).

    ## Exceptions
    Info: for GPU delegates the form is the right one. The default XNNPACK delegate folds the copies of layers it takes.

    ## References
    LiteRT tflite/kernels/dequantize.cc: constant inputs are dequantized once, into a persistent tensor.
    """
    seen: dict[int, int] = {}
    first = None
    for op in model.ops:
        x = op.inputs[0] if op.name == "DEQUANTIZE" and op.inputs else None
        if x is not None and x.dtype == "float16" and x.is_constant:
            first = first or op
            seen[x.buffer_index] = 2 * x.byte_size
    if first is not None:
        yield hit(first, count=len(seen), extra=_size(sum(seen.values())))


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e5 else f"{count:,} bytes"
