"""TFL515: quantization-aware training that was not turned into a quantized model."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.api import Model, Op, Severity, hit, rule
from tflint_rules.quantization.roles import INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[1,4]
y: float32[1,4] = FAKE_QUANT(x) min=0.0 max=6.0 num_bits=8
"""
GOOD = """
x: int8[1,4] q=0.1+0
y: int8[1,4] q=0.1+0 = RELU.v2(x)
"""

# scopes and ops that tensorflow_model_optimization puts around quantized layers
SCOPE = re.compile(r"FakeQuantWithMinMaxVars|/(LastValueQuant|MovingAverageQuantize|AllValuesQuantize)/")


@rule(
    "TFL515",
    "qat-leftover",
    Severity.WARNING,
    since="0.1.0",
    group=("what",),
    message="{what}",
    examples=[(BAD, GOOD)],
)
def qat_leftover(model: Model) -> Iterator[Hit]:
    """The model was trained for quantization and then converted to float, or the cast of its training is still there.

    ## Why is this bad?
    FAKE_QUANT ops, or float weights that QUANTIZE and DEQUANTIZE round at each call, simulate integers in float: the
    model keeps float's size, is slower than it, and has int8's accuracy. A
    tail of DEQUANTIZE, CAST and QUANTIZE comes of conversion with another output type and rounds a second time
    (model-optimization#431, model-optimization#368).

    ## What to do
    Convert the trained model with `converter.optimizations = [tf.lite.Optimize.DEFAULT]`: it folds the simulation in.

    ## Exceptions
    Names of quantization-aware training in a model that has integer tensors are sound: there the folding happened.

    ## References
    tensorflow_model_optimization quantization/keras: names of its wrappers. facts: FAKE_QUANT is float only. What
    TensorFlow 2.21.0 makes of a model of its 0.8.1 without `optimizations`: see `examples/digits`.
    """
    fake = False
    for op in model.ops:
        if op.name == "FAKE_QUANT":
            fake = True
            yield hit(op, what="FAKE_QUANT simulates quantization in float")
        elif op.name == "CAST" and _in_tail(model, op.subgraph, op.input_indices, op.output_indices):
            yield hit(op, what="DEQUANTIZE, CAST and QUANTIZE stand in a row")
        elif op.name == "QUANTIZE" and _simulates(model, op):
            fake = True
            yield hit(op, what="float weights are rounded to integers and back at each call, as in training")
    if fake or any(t.dtype in INTEGER and t.quant is not None for t in model.tensors):
        return
    for tensor in model.tensors:
        if SCOPE.search(tensor.name):
            yield hit(tensor, what="names of quantization-aware training in a model without an integer tensor")


def _simulates(model: Model, op: Op) -> bool:
    """A constant of floats is quantized, and nothing takes the integers as they are."""
    given = op.inputs[0] if op.inputs else None
    if given is None or not given.is_constant or not given.dtype.startswith("float") or not op.output_indices:
        return False
    users = model.consumers.get((op.subgraph, op.output_indices[0]), ())
    return bool(users) and all(user.name == "DEQUANTIZE" for user in users)


def _in_tail(model: Model, subgraph: int, inputs: tuple[int, ...], outputs: tuple[int, ...]) -> bool:
    maker = model.producers.get((subgraph, inputs[0])) if inputs else None
    if maker is None or maker.name != "DEQUANTIZE" or not outputs:
        return False
    return any(user.name == "QUANTIZE" for user in model.consumers.get((subgraph, outputs[0]), ()))
