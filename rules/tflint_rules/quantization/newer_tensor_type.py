"""TFL516: tensor types that the target does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[1,4]
w: int4[2,4] q=0.1+0 = const
b: float32[2] = const
y: float32[1,2] = FULLY_CONNECTED.v4(x, w, b)
"""
GOOD = BAD.replace("int4", "int8")

# max TensorType of each release, measured on its wheel
NEEDS = {
    "float64": "TFLite 2.3",
    "complex128": "TFLite 2.4",
    "uint64": "TFLite 2.5",
    "resource": "TFLite 2.5",
    "variant": "TFLite 2.5",
    "uint32": "TFLite 2.5",
    "uint16": "TFLite 2.9",
    "int4": "TFLite 2.11",
    "bfloat16": "TFLite 2.17 or LiteRT 1.0",
    "int2": "TFLite 2.21 or LiteRT 2.1.0",
    "uint4": "TFLite 2.21 or LiteRT 2.1.2",
    "float8_e4m3fn": "LiteRT 2.1.6",
    "float8_e5m2": "LiteRT 2.1.6",
}

NEWER = "a runtime newer than any that was measured"


@rule(
    "TFL516",
    "newer-tensor-type",
    Severity.ERROR,
    since="0.1.0",
    on_refusal=True,
    group=("dtype",),
    message="{dtype} is no tensor type of the target's; it needs {needs}",
    examples=[(BAD, GOOD, "tflite-2.9")],
)
def newer_tensor_type(target: Target) -> Iterator[Hit]:
    """A tensor's type is newer than the target, or none of those that it can size.

    ## Why is this bad?
    The interpreter refuses the model while it loads, even if no operator reads the tensor: `Unsupported data type N in
    tensor` (tensorflow#53279). TFLite Micro takes no strings, resources and variants, whose size is known at run time
    only.

    ## What to do
    Convert with a type that the target has: int8 for int4 and int2, float32 or float16 for bfloat16 and float8.

    ## References
    Measured on the wheels of 57 runtimes, see docs/verdicts.md: types 0 to 39 were tried.
    """
    for refusal in target.refusals("TFL516"):
        dtype = refusal.data["dtype"]
        allowed = target.profile.dtypes
        if allowed is not None and dtype not in allowed:
            needs = "a profile whose `dtypes` allow it"
        else:
            needs = "TFLite or LiteRT" if target.profile.micro else NEEDS.get(dtype, NEWER)
        yield hit(refusal.at, dtype=dtype, needs=needs)
