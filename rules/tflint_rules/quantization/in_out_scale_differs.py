"""TFL517: ops that copy integers from one scale to another."""

from __future__ import annotations

from math import isclose
from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.api import Hit, Tensor

    Pair = tuple[float, int]  # scale, zero point

BAD = """
x: int8[1,4] q=0.1+0
s: int32[2] = const [2,2]
y: int8[2,2] q=0.2+0 = RESHAPE(x, s)
"""
GOOD = BAD.replace("q=0.2", "q=0.1")

# Kernels that move bytes and look at no scale. LiteRT f674577, tflite/kernels/<op>.cc. CONCATENATION rescales uint8
# and demands equal parameters of int8; pooling demands them of both.
FIRST = ("RESHAPE", "TRANSPOSE", "SQUEEZE", "EXPAND_DIMS", "SLICE", "STRIDED_SLICE", "GATHER", "GATHER_ND", "TILE")
COPIES: Mapping[str, int | None] = {  # op -> the input that is copied; None: all
    **dict.fromkeys(FIRST, 0),
    **dict.fromkeys(("REVERSE_V2", "UNPACK", "DEPTH_TO_SPACE", "SPACE_TO_DEPTH", "MAX_POOL_2D", "AVERAGE_POOL_2D"), 0),
    **dict.fromkeys(("SPLIT",), 1),
    "CONCATENATION": None,
    "PACK": None,
}
NEAR = 1e-3  # relative: below it an int8 value is off by less than a step
RESCALES = {("CONCATENATION", "uint8")}


@rule(
    "TFL517",
    "in-out-scale-differs",
    Severity.ERROR,
    since="0.1.0",
    on=COPIES,
    group=("op",),
    message="{op} input is quantized {have} and its output {want}; the kernel copies values as they are",
    examples=[(BAD, GOOD)],
)
def in_out_scale_differs(op: Op) -> Iterator[Hit]:
    """An op that only moves values has another quantization at its output than at its input.

    ## Why is this bad?
    The kernel copies the integers, so that everything behind it reads them at the wrong scale: a constant factor in
    the results, without an error. Pooling and int8 concatenation refuse instead (`input->params.scale !=
    output->params.scale`; tensorflow#27813).

    ## What to do
    Convert again with a current converter, which ties the scales or puts a QUANTIZE op between them.

    ## Exceptions
    Scales that agree to a thousandth are taken as equal.

    ## References
    The 8-bit quantization specification marks these ops "Input and outputs must all have same scale/zero_point".
    """
    role = COPIES[op.name]
    inputs = op.inputs if role is None else op.inputs[role : role + 1]
    for y in op.outputs:
        if y is None or (op.name, y.dtype) in RESCALES:
            continue
        for x in inputs:
            if x is None or x.dtype != y.dtype or x.dtype not in ("int8", "uint8", "int16"):
                continue
            if pairs := _differing(x, y):
                have, want = map(_text, pairs)
                yield hit(op, related=(x, y), op=op.name, have=have, want=want)
                return


def _differing(x: Tensor, y: Tensor) -> tuple[Pair, Pair] | None:
    a, b = x.quant.pair if x.quant else None, y.quant.pair if y.quant else None
    if a is None or b is None or (a[1] == b[1] and isclose(a[0], b[0], rel_tol=NEAR)):
        return None
    return a, b


def _text(pair: Pair) -> str:
    scale, zero = pair
    return f"{scale:g}{zero:+d}"
