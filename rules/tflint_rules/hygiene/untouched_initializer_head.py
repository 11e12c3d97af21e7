"""TFL707: a last layer that was never trained."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from tflint.api import VIEWS, Model, Severity, hit, rule
from tflint_rules.hygiene.initializers import LEAST, SAMPLE, SLACK, initializer_of
from tflint_rules.quantization.roles import operand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Op, Tensor, Weights

BAD = """
x: int8[1,512] q=0.1+0
v: int8[512,512] q=0.1+0 = const [1,2,...*262144]
c: int32[512] q=0.01+0 = const [1,...*512]
a: int8[1,512] q=0.1+0 = FULLY_CONNECTED.v4(x, v, c)
w: int8[2,512] q=0.1+0 = const
b: int32[2] q=0.01+0 = const
y: int8[1,2] q=0.1+0 = FULLY_CONNECTED.v4(a, w, b)
"""
GOOD = BAD.replace("q=0.01+0 = const\n", "q=0.01+0 = const [5,-5]\n")

TRAINED = "training"
PASSING = VIEWS | {"SOFTMAX", "LOG_SOFTMAX", "LOGISTIC", "ARG_MAX", "ADD"}


@rule(
    "TFL707",
    "untouched-initializer-head",
    Severity.WARNING,
    since="0.1.0",
    reads="weights",
    group=("like", "rest"),
    message="the weights of the last layer are as {like} left them, its bias zero or left out, {rest}",
    examples=[(BAD, GOOD)],
)
def untouched_initializer_head(model: Model, weights: Weights) -> Iterator[Hit]:
    """The last FULLY_CONNECTED looks as its initializer left it: nobody trained it, or its weights were not loaded.

    ## Why is this bad?
    The model runs, and its answers are noise. It happens when a checkpoint is loaded into a model with another head
    (`Some weights were not initialized from the model checkpoint ... newly initialized: ['classifier.weight']`,
    huggingface/transformers#23155), and nothing fails after that.

    ## What to do
    Load the head's weights, by name if need be (PyTorch's are transposed), and compare a few outputs with the source's.

    ## Exceptions
    The bias must be zero to the last bit, as one step of training would not leave it, or absent, for the converter
    leaves such a one out; those of most other layers not; and 256 weights or more must pass for what an initializer
    draws. PyTorch's default draws the bias too. Where every layer looks so it is an info: a model made for tests.
    """
    looks = {op.path: _look(op, model, weights) for op in model.ops if op.name in {"FULLY_CONNECTED", "CONV_2D"}}
    heads = {op.path: op for graph in model.entry_graphs for tensor in graph.outputs for op in _heads(tensor, model)}
    others = [like for path, like in looks.items() if path not in heads]
    trained = others.count(TRAINED)
    if 2 * trained > len(others):
        rest, severity = f"while {trained} of {len(others)} other layers are trained", Severity.WARNING
    elif all(others) and not trained:
        rest, severity = "as if nothing of the model was trained", Severity.INFO
    else:
        return
    for path, op in heads.items():
        if looks[path] not in (TRAINED, ""):
            yield hit(op, severity=severity, like=looks[path], rest=rest)


def _heads(tensor: Tensor | None, model: Model) -> Iterator[Op]:
    """The last layer that an output comes from."""
    for _ in range(16):
        op = _producer(tensor, model)
        if op is not None and op.name == "FULLY_CONNECTED":
            yield op
        if op is None or op.name not in PASSING:
            return
        tensor = next((each for each in op.inputs if each is not None and not each.is_constant), None)


def _look(op: Op, model: Model, weights: Weights) -> str:
    """What left the layer's weights as they are: an initializer, or training, of which a bias tells; "" for unknown."""
    kernel, given = _constant(operand(op, 1), model), operand(op, 2)
    bias = _constant(given, model) if given else _added(op, model)
    if kernel is None or kernel.dtype not in SLACK or len(kernel.shape) < 2:
        return ""
    zeros, facts = weights.facts(bias) if bias else None, weights.facts(kernel)
    if facts is None or (zeros is None and (bias or given)):
        return ""
    if zeros is not None and zeros.zeros < zeros.count:
        return TRAINED
    if facts.zeros == facts.count:
        return "an initializer of zeros"
    if facts.count < LEAST:
        return ""
    fans = (prod(kernel.shape[1:]), prod(kernel.shape[:-1]))
    peak = max((float(abs(block).max()) for block in weights.blocks(kernel, real=True)), default=0.0)
    return initializer_of(weights.sample(kernel, SAMPLE), peak, facts.count, fans, SLACK[kernel.dtype])


def _constant(tensor: Tensor | None, model: Model) -> Tensor | None:
    """The constant that an input is, or that a DEQUANTIZE makes it of."""
    maker = _producer(tensor, model)
    if maker is not None and maker.name == "DEQUANTIZE" and maker.inputs:
        tensor = maker.inputs[0]
    return tensor if tensor is not None and tensor.is_constant else None


def _added(op: Op, model: Model) -> Tensor | None:
    """The bias that an ADD behind the op brings."""
    users = (user for index in op.output_indices for user in model.consumers.get((op.subgraph, index), ()))
    added = (each for user in users if user.name == "ADD" for each in user.inputs)
    return next((each for each in added if each is not None and each.is_constant), None)


def _producer(tensor: Tensor | None, model: Model) -> Op | None:
    return None if tensor is None else model.producers.get((tensor.subgraph, tensor.index))
