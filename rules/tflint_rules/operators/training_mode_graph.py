"""TFL207: graphs exported in training mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, const, hit, made, match, readers, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model

BAD = """
x: float32[4,8]
s: int32[2] = const [4,8]
r: float32[4,8] = RANDOM_UNIFORM(s)
p: float32[] = const [0.5]
m: bool[4,8] = GREATER_EQUAL(r, p)
f: float32[4,8] = CAST(m)
y: float32[4,8] = MUL(x, f)
"""
GOOD = """
s: int32[2] = const [4,8]
r: float32[4,8] = RANDOM_UNIFORM(s)
"""

COMPARE = frozenset({"greaterequal", "greater", "less", "lessequal"})  # of TFLite and, behind "Flex", of TensorFlow
UNIFORM = frozenset(
    {"RANDOM_UNIFORM", "FlexRandomUniform", "FlexStatelessRandomUniform", "FlexStatelessRandomUniformV2"}
)
CENTRE = frozenset({"SUB", "SQUARED_DIFFERENCE"})
SCALING = frozenset({"ADD", "MUL", "RESHAPE"})  # between random numbers or a mean and what is done with them
CONVOLUTION = made("CONV_2D DEPTHWISE_CONV_2D TRANSPOSE_CONV", behind={"ADD", "MUL", "RELU", "RELU6"})
BATCH_MEAN = made(
    "MEAN",
    CONVOLUTION,
    const(where=lambda axes: 0 in axes and not {3, -1} & set(axes)),  # over the batch, not over the channels
    where=lambda op: op.inputs[0] is not None and len(op.inputs[0].shape) == 4,
)


@rule(
    "TFL207",
    "training-mode-graph",
    Severity.WARNING,
    since="0.1.0",
    on=("RANDOM_UNIFORM", "MEAN", "CUSTOM", "ASSIGN_VARIABLE"),
    group=("what",),
    message="{what}: the graph was exported in training mode",
    examples=[(BAD, GOOD)],
)
def training_mode_graph(op: Op, model: Model) -> Iterator[Hit]:
    """The graph still drops activations at random, normalizes by the statistics of its own batch, or trims weights.

    ## Why is this bad?
    Results change from call to call (dropout), or depend on what else is in the batch (batch normalization; with a
    batch of one it wipes out the signal). Accuracy measured in training is not reached (tensorflow#25170). Pruning and
    clustering that were not stripped do their work at each call, from tables of up to eighteen times the weights.

    ## What to do
    Export the inference graph: call the model with `training=False`, or `.eval()` the PyTorch module first. Finish what
    the optimization toolkit wrapped: `strip_pruning(model)`, `strip_clustering(model)`.

    ## Exceptions
    Random ops that are not compared with a rate, as in samplers and generators, are no finding, and neither is a mean
    without the batch axis, as in layer and instance normalization. Training signatures of on-device training models
    do have dropout: ignore the rule for such a file.

    ## References
    Keras and torch dropout: a uniform tensor against the rate. tf.nn.moments of batch normalization: axes 0, 1, 2.
    What TensorFlow 2.21.0 makes of the wrappers of tensorflow-model-optimization 0.8.1: see `examples/digits`.
    """
    if op.name == "ASSIGN_VARIABLE" and (what := _trimmed(op, model)):
        yield hit(op, what=what)
    users = list(readers(model, op, SCALING))
    if op.kind in UNIFORM:
        if any(user.kind.removeprefix("Flex").replace("_", "").lower() in COMPARE for user in users):
            yield hit(op, what="random numbers are compared with a rate, as dropout does")
    elif match(model, op, BATCH_MEAN) and any(user.name in CENTRE for user in users):
        yield hit(op, what="a convolution's output is normalized by the mean of its batch")


def _trimmed(op: Op, model: Model) -> str:
    """What an optimization of the weights does at each call: a variable gets what needs no input of the model."""
    maker = model.producers.get((op.subgraph, op.input_indices[1])) if len(op.input_indices) > 1 else None
    if maker is None:
        return ""
    given = [tensor for tensor in maker.inputs if tensor is not None]
    if maker.name == "ARG_MIN" and any(tensor.is_constant for tensor in given[:1]):
        return "the nearest cluster of each weight is looked for, and strip_clustering was not called"
    sources = [model.producers.get((op.subgraph, index)) for index in maker.input_indices]
    read = any(each is not None and each.name == "READ_VARIABLE" for each in sources)
    mask = any(tensor.is_constant and tensor.elements > 1 for tensor in given)
    if maker.name == "MUL" and read and mask:
        return "weights are multiplied with the mask of pruning, and strip_pruning was not called"
    return ""
