"""TFL604: sequences that are kept in TensorFlow's lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

LIST = re.compile("(Flex)?(Empty)?TensorList")

BAD = """
s: int32[1] = const [4]
n: int32[] = const [8]
l: variant[] = CUSTOM:FlexTensorListReserve(s, n)
y: float32[8,4] = CUSTOM:FlexTensorListStack(l, s)
"""
GOOD = """
x: float32[8,1,4]
s: int32[2] = const [8,4]
y: float32[8,4] = RESHAPE(x, s)
"""


@rule(
    "TFL604",
    "tensorlist-flex",
    Severity.ERROR,
    since="0.1.0",
    group=("ops",),
    message="{ops}: a recurrent layer or loop was converted without knowing its batch or length",
    examples=[(BAD, GOOD, "litert-2.3.0")],
)
def tensorlist_flex(target: Target) -> Iterator[Hit]:
    """A loop keeps its sequence in a TensorList, a VARIANT tensor that no builtin op reads.

    ## Why is this bad?
    Such a loop needs the Flex delegate, tens of megabytes of TensorFlow in the app, and TFLite Micro, CompiledModel and
    all accelerators refuse VARIANT tensors. It stems from an advice in the converter's own message: `Lowering tensor
    list ops is failed. Please consider using Select TF ops and disabling _experimental_lower_tensor_list_ops`.

    ## What to do
    Fix the batch, `keras.Input(shape=(T, F), batch_size=1)`, and take both settings back: the list becomes a plain
    tensor. Where the model is out of reach, `_experimental_default_to_single_batch_in_tensor_list_ops = True` on the
    converter assumes a batch of one. tf_keras's LSTM then even becomes a single op (TFL601).

    ## Exceptions
    A warning while no target is named, and on a target with Flex, where it runs.

    ## References
    tensorflow#53333, tensorflow#62849, tensorflow#70502: 'tf.TensorListReserve' op requires element_shape to be static.
    """
    lists = [op for op in target.model.by_name.get("CUSTOM", ()) if LIST.match(op.kind)]
    severity = Severity.WARNING if target.assumed or target.profile.flex else None
    if lists:
        yield hit(
            lists[0], severity=severity, related=tuple(lists[1:4]), ops=", ".join(sorted({op.kind for op in lists}))
        )
    else:
        for tensor in target.model.tensors:
            if tensor.dtype == "variant":
                yield hit(tensor, severity=severity, ops="a VARIANT tensor")
