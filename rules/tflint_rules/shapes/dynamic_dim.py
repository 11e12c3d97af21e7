"""TFL401: dimensions that are not fixed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model, Subgraph

BAD = """
x: float32[1,1,8] sig=[-1,-1,8]
y: float32[1,1,8] sig=[-1,-1,8] = RELU(x)
"""
GOOD = """
x: float32[1,16,8]
y: float32[1,16,8] = RELU(x)
"""


@rule(
    "TFL401",
    "dynamic-dim",
    Severity.INFO,
    since="0.1.0",
    fix="manual",
    group=("side", "problem"),
    message="{side} shape {dims}: {problem}",
    examples=[(BAD, GOOD)],
)
def dynamic_dim(target: Target) -> Iterator[Hit]:
    """A dimension of an input or output is left open.

    ## Why is this bad?
    The file stores 1 for each open dimension, so an app that does not resize its input gets a model for one pixel or
    one token: `Cannot set tensor: Dimension mismatch. Got 640 but expected 1`. NPU compilers take no open dimension,
    and delegates plan for the stored one and are set up again on each resize.

    ## What to do
    `tflint fix --fix-dim ids.1=128` fixes an input in the file, and what follows from it. Or fix the shape at
    conversion: `tf.TensorSpec([1, 128], tf.int32)`, or `keras.Input(batch_size=1, ...)`. To have two lengths, export
    two signatures.

    ## Exceptions
    An open batch is info: it is what converters write by default, and 1 is what apps want. An input with other open
    dimensions is a warning, and so is a batch that the target's profile wants fixed (`batch`). Outputs are info: an
    open one behind fixed inputs, whose size depends on the data, and a fixed one behind open inputs, as of detectors
    that are never run on a batch. None on TFLite Micro, which reads stored shapes only.

    ## References
    LiteRT tflite/core/subgraph.cc (ResizeInputTensor); tensorflow#38036, tensorflow#58844.
    """
    if target.profile.micro:
        return
    for graph in target.model.entry_graphs:
        yield from _graph(target.model, graph, target.profile.batch)


def _graph(model: Model, graph: Subgraph, batch: str | None) -> Iterator[Hit]:
    fixed = batch in ("fixed", "one")
    opened = False
    for tensor in graph.inputs:
        if tensor is None or not tensor.is_dynamic:
            continue
        from tflint.api import ask_sizes  # noqa: PLC0415 - only where there is something to mend

        opened, fix = True, ask_sizes(model, graph, tensor)
        dims = list(tensor.dims)
        if -1 in tensor.dims[1:]:
            problem = "an app has to resize it before it can be used"
            yield hit(tensor, severity=Severity.WARNING, fix=fix, side="input", dims=dims, problem=problem)
        elif batch != "dynamic":
            problem = "the target wants a fixed batch" if fixed else "its batch is open"
            severity = Severity.WARNING if fixed else None
            yield hit(tensor, severity=severity, fix=fix, side="input", dims=dims, problem=problem)
    for tensor in graph.outputs:
        if tensor is not None and tensor.is_dynamic and not opened:
            problem = "its size is known after each call only"
            yield hit(tensor, side="output", dims=list(tensor.dims), problem=problem)
        elif tensor is not None and opened and tensor.shape and not tensor.is_dynamic:
            yield hit(
                tensor, side="output", dims=list(tensor.dims), problem="it stays as it is when the input is resized"
            )
