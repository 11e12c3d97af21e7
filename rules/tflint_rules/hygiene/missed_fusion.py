"""TFL705: ops that could have been folded into their neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, made, match, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Match, Model, Tensor


def _ends_plainly(op: Op) -> bool:
    return bool(op.options.get("fused_activation_function", "NONE") == "NONE")


LAYER = made("CONV_2D DEPTHWISE_CONV_2D FULLY_CONNECTED", name="between", where=_ends_plainly)
TURNS = made("TRANSPOSE", made("TRANSPOSE", "_", "first"), "second")
RESHAPES = made("RESHAPE", made("RESHAPE", name="between"))
SCALED = made("ADD MUL", LAYER, "operand")
ACTIVATED = made("RELU RELU6 RELU_N1_TO_1", LAYER)

BAD = """
x: float32[1,8,8,3]
w: float32[4,1,1,3] = const
c: float32[1,8,8,4] = CONV_2D(x, w, -) stride_w=1 stride_h=1
y: float32[1,8,8,4] = RELU6(c)
"""
GOOD = """
x: float32[1,8,8,3]
w: float32[4,1,1,3] = const
y: float32[1,8,8,4] = CONV_2D(x, w, -) stride_w=1 stride_h=1 fused_activation_function=RELU6
"""


@rule(
    "TFL705",
    "missed-fusion",
    Severity.INFO,
    since="0.1.0",
    on=("TRANSPOSE", "CAST", "RESHAPE", "ADD", "MUL", "RELU", "RELU6", "RELU_N1_TO_1"),
    group=("what",),
    message="{what}",
    examples=[(BAD, GOOD)],
)
def missed_fusion(op: Op, model: Model) -> Iterator[Hit]:
    """An op does what its neighbour could do along the way, or undoes what it did.

    ## Why is this bad?
    Each op reads and writes its whole tensor once more, a convolution with its activation fused does not. A converter
    leaves such ops when something kept it from seeing them as neighbours: another framework's layout, an activation
    outside the layer, a batch normalization that was written by hand.

    ## What to do
    Fold by hand what the converter did not: scale the layer's weights by the constants of its channels and add the
    others to its bias, give the layer its activation (`activation="relu"`), leave out transposes and casts that cancel.

    ## Exceptions
    Only what changes no other result: the layer has no activation of its own yet, nobody else reads its output, and it
    is no output of the model. In an integer model a RELU counts where both sides have one scale, and constants of
    channels never do, for they were quantized on their own.

    ## References
    LiteRT tflite/converter/transforms/optimize_patterns.td, where the converter's own fusions are.
    """
    what = _wasted(op, model)
    if what:
        yield hit(op, what=what)


def _wasted(op: Op, model: Model) -> str:
    x, y = op.inputs[0] if op.inputs else None, op.outputs[0] if op.outputs else None
    if x is None or y is None:
        return ""
    if op.name == "CAST":
        return f"CAST from {x.dtype} to {y.dtype} changes nothing" if x.dtype == y.dtype else ""
    if op.name == "TRANSPOSE":
        found = match(model, op, TURNS)
        kept = (op.subgraph, y.index) in model.results
        return "TRANSPOSE undoes the TRANSPOSE before it" if found and not kept and _cancel(found) else ""
    pattern = {"RESHAPE": RESHAPES, "ADD": SCALED, "MUL": SCALED}.get(op.name, ACTIVATED)
    found = match(model, op, pattern)
    if found is None or not _is_alone(model, found["between"]):
        return ""
    between = found["between"]
    layer = model.producers[between.subgraph, between.index].name
    if op.name == "RESHAPE":
        return "RESHAPE of what was only just reshaped"
    if pattern is ACTIVATED:
        same = (between.quant and between.quant.pair) == (y.quant and y.quant.pair)
        return f"{op.name} could be the activation of the {layer} before it" if same else ""
    part = "weights" if op.name == "MUL" else "bias"
    return f"{op.name} could be in the {part} of the {layer} before it" if _per_channel(found) else ""


def _cancel(found: Match) -> bool:
    first, second = found["first"].values(), found["second"].values()
    turned = dict(enumerate(first or ()))
    return bool(turned) and [turned.get(at) for at in second or ()] == list(range(len(turned)))


def _is_alone(model: Model, tensor: Tensor) -> bool:
    """One op reads it, and it is no result."""
    readers = model.consumers.get((tensor.subgraph, tensor.index), ())
    return len(readers) == 1 and (tensor.subgraph, tensor.index) not in model.results


def _per_channel(found: Match) -> bool:
    """A float constant for all channels, or one for each, which are last."""
    operand, between = found["operand"], found["between"]
    if not operand.is_constant or between.dtype != "float32" or not between.shape:
        return False
    return operand.elements == 1 or operand.elements == operand.shape[-1] == between.shape[-1]
