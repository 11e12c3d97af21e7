"""TFL207: graphs exported in training mode."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, rule

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
CONVS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"})
LINKS = frozenset({"ADD", "MUL", "RELU", "RELU6"})  # between a convolution and its batch normalization


@rule(
    "TFL207",
    "training-mode-graph",
    Severity.WARNING,
    since="0.1.0",
    on=("RANDOM_UNIFORM", "MEAN", "CUSTOM"),
    group=("what",),
    message="{what}: the graph was exported in training mode",
    examples=[(BAD, GOOD)],
)
def training_mode_graph(op: Op, model: Model) -> Iterator[Hit]:
    """The graph still drops activations at random, or normalizes by the statistics of its own batch.

    ## Why is this bad?
    Results change from call to call (dropout), or depend on what else is in the batch (batch normalization; with a
    batch of one it wipes out the signal). Accuracy measured in training is not reached (tensorflow#25170).

    ## What to do
    Export the inference graph: call the model with `training=False`, or `.eval()` the PyTorch module first.

    ## Exceptions
    Random ops that are not compared with a rate, as in samplers and generators, are no finding, and neither is a mean
    without the batch axis, as in layer and instance normalization. Training signatures of on-device training models
    do have dropout: ignore the rule for such a file.

    ## References
    Keras and torch dropout: a uniform tensor against the rate. tf.nn.moments of batch normalization: axes 0, 1, 2.
    """
    if op.kind in UNIFORM:
        if any(user.kind.removeprefix("Flex").replace("_", "").lower() in COMPARE for user in _users(op, model)):
            yield hit(op, what="random numbers are compared with a rate, as dropout does")
    elif (
        op.name == "MEAN"
        and _is_batch_mean(op)
        and _behind_convolution(op, model)
        and any(u.name in CENTRE for u in _users(op, model))
    ):
        yield hit(op, what="a convolution's output is normalized by the mean of its batch")


def _users(op: Op, model: Model) -> Iterator[Op]:
    """Consumers of the outputs, through one scaling step."""
    for index in op.output_indices:
        for user in model.consumers.get((op.subgraph, index), ()):
            yield user
            if user.name in ("ADD", "MUL", "RESHAPE"):
                for later in user.output_indices:
                    yield from model.consumers.get((op.subgraph, later), ())


def _is_batch_mean(op: Op) -> bool:
    """Over the batch and not over the channels of an NHWC tensor."""
    if len(op.inputs) < 2 or op.inputs[0] is None or op.inputs[1] is None or len(op.inputs[0].shape) != 4:
        return False
    axes = op.inputs[1].values()
    return axes is not None and 0 in axes and not {3, -1} & set(axes)


def _behind_convolution(op: Op, model: Model) -> bool:
    at = op
    for _ in range(4):
        first = at.inputs[0] if at.inputs else None
        maker = model.producers.get((op.subgraph, first.index)) if first is not None else None
        if maker is None or maker.name not in CONVS | LINKS:
            return False
        if maker.name in CONVS:
            return True
        at = maker
    return False
