"""TFL409: images that are turned around on the way in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, const, hit, made, match, readers, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Tensor

TO_LAST = made("TRANSPOSE", "_", const(0, 2, 3, 1))
TO_FIRST = made("TRANSPOSE", "_", const(0, 3, 1, 2))
BOUNDARY = frozenset({"QUANTIZE", "DEQUANTIZE"})

BAD = """
x: float32[1,3,8,8]
p: int32[4] = const [0,2,3,1]
t: float32[1,8,8,3] = TRANSPOSE(x, p)
r: float32[1,8,8,3] = RELU(t)
q: int32[4] = const [0,3,1,2]
y: float32[1,3,8,8] = TRANSPOSE(r, q)
"""
GOOD = """
x: float32[1,8,8,3]
y: float32[1,8,8,3] = RELU(x)
"""


@rule(
    "TFL409",
    "channels-first-transpose",
    Severity.WARNING,
    since="0.1.0",
    group=("sides",),
    message="input {shape} is turned to channels-last {sides}",
    examples=[(BAD, GOOD)],
)
def channels_first_transpose(model: Model) -> Iterator[Hit]:
    """The model takes images channels-first and transposes them to what its kernels want.

    ## Why is this bad?
    TFLite's kernels are channels-last, and so are camera frames: the app turns the image to NCHW, and the first op
    turns it back. Each turn copies the whole image, and delegates often leave the 4-D transpose to the CPU.

    ## What to do
    Wrap the PyTorch module with `litert_torch.to_channel_last_io(model, args=[0], outputs=[0])` before conversion: both
    transposes vanish. onnx2tf does so by default.

    ## Exceptions
    Info where only the input is turned, as in classifiers: one copy, once a call.

    ## References
    Reproduced with litert-torch 0.10.0.
    """
    for graph in model.entry_graphs:
        turned = [tensor for tensor in graph.inputs if tensor is not None and _is_turned_first(model, tensor)]
        if turned:
            back = any(tensor is not None and match(model, tensor, TO_FIRST, BOUNDARY) for tensor in graph.outputs)
            for tensor in turned:
                severity, sides = (None, "first and back last") if back else (Severity.INFO, "first")
                yield hit(tensor, severity=severity, shape=list(tensor.shape), sides=sides)


def _is_turned_first(model: Model, tensor: Tensor) -> bool:
    """All that reads it turns it to channels-last, behind a change of dtype at most."""
    users = list(readers(model, tensor, BOUNDARY))
    return bool(users) and all(match(model, op, TO_LAST) for op in users)
