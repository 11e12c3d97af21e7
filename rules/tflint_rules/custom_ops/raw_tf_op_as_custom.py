"""TFL302: TensorFlow ops that were let through as custom."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, remedy, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[1,4,4]
y: float32[1] = CUSTOM:MatrixDeterminant(x)
"""
GOOD = """
x: float32[1,4,4]
y: float32[1,4,4] = NEG(x)
"""


@rule(
    "TFL302",
    "raw-tf-op-as-custom",
    Severity.ERROR,
    since="0.1.0",
    on_refusal=True,
    group=("op",),
    message="{op} is a TensorFlow op, left as a custom op of that name: {remedy}",
    examples=[(BAD, GOOD)],
)
def raw_tf_op_as_custom(target: Target) -> Iterator[Hit]:
    """A TensorFlow op was written as a custom op, for which no kernel of that name exists.

    ## Why is this bad?
    `allow_custom_ops = True` was set where `SELECT_TF_OPS` was meant. The converter is content, and the device is not:
    `Encountered unresolved custom op: MatrixDeterminant` (tensorflow#41758, tensorflow#35688). Flex does not help
    either, for it only takes names that begin with `Flex`.

    ## What to do
    Convert again without `allow_custom_ops`, with `supported_ops = [TFLITE_BUILTINS, SELECT_TF_OPS]`, or rewrite the
    layer with ops that have builtin kernels.

    ## Exceptions
    None on a target that registers a kernel of this name. A few names belong to optional kernels of LiteRT or MediaPipe
    as well; the message then says how to have them.

    ## References
    LiteRT tflite/delegates/flex/allowlisted_flex_ops.cc (744 names); measured with the TF 2.21.0 converter.
    """
    for refusal in target.refusals("TFL302"):
        op = str(refusal.data["op"])
        yield hit(refusal.at, op=op, remedy=remedy(op, "convert again with SELECT_TF_OPS"))
