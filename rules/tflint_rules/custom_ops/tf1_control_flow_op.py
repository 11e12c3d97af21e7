"""TFL305: control flow of TensorFlow 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[1,4]
y: float32[1,4] = CUSTOM:Enter(x)
z: float32[1,4] = CUSTOM:Exit(y)
"""
GOOD = """
x: float32[1,4]
y: float32[1,4] = RELU(x)
"""


@rule(
    "TFL305",
    "tf1-control-flow-op",
    Severity.ERROR,
    since="0.1.0",
    on_refusal=True,
    group=("op",),
    message="{op} is control flow of TensorFlow 1, which no TFLite runtime executes",
    examples=[(BAD, GOOD)],
)
def tf1_control_flow_op(target: Target) -> Iterator[Hit]:
    """The graph of a loop or branch was frozen in TensorFlow 1's form, as single ops.

    ## Why is this bad?
    `Enter`, `Switch`, `Merge` and the like steer a dataflow executor that TFLite does not have; it runs operators in
    order. With `allow_custom_ops` the converter writes them all the same, and the device stops at
    `Encountered unresolved custom op: Enter` (tensorflow#43872). Flex takes no name without its prefix.

    ## What to do
    Call `tf.compat.v1.enable_control_flow_v2()` before the graph is built, export again, and convert the SavedModel:
    loops become WHILE and branches IF. A frozen graph cannot be mended, it has to be built anew.

    ## References
    tensorflow/core/ops/control_flow_ops.cc.
    """
    for refusal in target.refusals("TFL305"):
        yield hit(refusal.at, op=str(refusal.data["op"]))
