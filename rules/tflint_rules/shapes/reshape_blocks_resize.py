"""TFL405: shapes that promise to be open, and a reshape that is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint.api import Hit

BAD = """
x: float32[1,8] sig=[-1,8]
s: int32[3] = const [1,2,4]
y: float32[1,2,4] = RESHAPE(x, s)
"""
GOOD = """
x: float32[1,8] sig=[-1,8]
s: int32[3] = const [-1,2,4]
y: float32[1,2,4] sig=[-1,2,4] = RESHAPE(x, s)
"""


@rule(
    "TFL405",
    "reshape-blocks-resize",
    Severity.WARNING,
    since="0.1.0",
    on=("RESHAPE",),
    group=(),
    message="open shape {dims} is reshaped to the constant {shape}: no other size than the stored one fits",
    examples=[(BAD, GOOD)],
)
def reshape_blocks_resize(op: Op) -> Iterator[Hit]:
    """A tensor with an open dimension is reshaped to a constant shape, so the model cannot be resized.

    ## Why is this bad?
    `shape_signature` says that the input may grow, and allocation after `resize_tensor_input` fails:
    `num_input_elements != num_output_elements (32000 != 16000)` with RESHAPE `failed to prepare` (tensorflow#49183,
    tensorflow#22377).

    ## What to do
    Put -1 where the size varies in the layer: `tf.reshape(x, [-1, 2, 4])`, not `[1, 2, 4]`. Where nobody resizes, fix
    the input's shape at conversion, and the promise is gone.

    ## Exceptions
    A -1 in the constant takes up any one change, and is not flagged wherever it stands.

    ## References
    LiteRT tflite/kernels/reshape.cc; tensorflow#55551, tensorflow#33014.
    """
    x = op.inputs[0] if op.inputs else None
    shape = _constant_shape(op)
    if x is not None and x.is_dynamic and shape and -1 not in shape:
        yield hit(op, dims=list(x.dims), shape=list(shape))


def _constant_shape(op: Op) -> Sequence[int] | None:
    if len(op.inputs) > 1:
        given = op.inputs[1]
        return given.values() if given is not None and given.dtype in ("int32", "int64") else None
    return op.options.get("new_shape")
