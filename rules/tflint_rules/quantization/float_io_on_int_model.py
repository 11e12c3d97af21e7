"""TFL505: float inputs and outputs around an integer model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule
from tflint_rules.quantization.roles import INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model, Tensor

BAD = """
x: float32[1,4]
a: int8[1,4] q=0.1+0 = QUANTIZE(x)
b: int8[1,4] q=0.1+0 = RELU.v2(a)
y: float32[1,4] = DEQUANTIZE.v2(b)
"""
GOOD = """
a: int8[1,4] q=0.1+0
b: int8[1,4] q=0.1+0 = RELU.v2(a)
"""


@rule(
    "TFL505",
    "float-io-on-int-model",
    Severity.INFO,
    since="0.1.0",
    fix="unsafe",
    group=("role",),
    message="{role} '{name}' is float32 and {step} {dtype}; the model inside is integer",
    examples=[(BAD, GOOD)],
)
def float_io_on_int_model(target: Target) -> Iterator[Hit]:
    """An integer model takes or returns float32 through QUANTIZE or DEQUANTIZE at its border.

    ## Why is this bad?
    It is a convenience that costs a conversion per call. Devices without float units cannot take it, and code written
    for an int8 model fails on it: `Got value of type INT8 but expected type FLOAT32`, or a byte buffer four times too
    small (tensorflow#41697, tensorflow#42092).

    ## What to do
    If the app has int8 data, convert with `inference_input_type = inference_output_type = tf.int8`, or let
    `tflint fix --select TFL505 --unsafe-fixes` strip the conversions; else leave it.

    ## Exceptions
    Info, unless the target's profile says that it takes no float32 (`io_dtypes` in a TOML profile): then an error.
    A warning for accelerators that compute with integers only: the conversion runs, on the CPU.
    """
    allowed = target.profile.io_dtypes
    severity = Severity.WARNING if target.integers_only else None
    severity = Severity.ERROR if allowed is not None and "float32" not in allowed else severity
    model = target.model
    for graph in model.subgraphs[:1]:
        for role, tensors in (("input", graph.inputs), ("output", graph.outputs)):
            for tensor in tensors:
                if tensor is None or tensor.dtype != "float32":
                    continue
                inside = _inside(model, tensor, role)
                if inside is not None:
                    step = "is quantized to" if role == "input" else "is dequantized from"
                    from tflint.api import StripBorder  # noqa: PLC0415 - only where there is something to mend

                    fix = (StripBorder(f"{role}s", tensor.index),)
                    yield hit(
                        tensor, severity=severity, fix=fix, role=role, name=tensor.name, step=step, dtype=inside.dtype
                    )


def _inside(model: Model, tensor: Tensor, role: str) -> Tensor | None:
    """The integer tensor behind the border, None when the border is not just a conversion."""
    key = (tensor.subgraph, tensor.index)
    if role == "input":
        users = model.consumers.get(key, ())
        if not users or any(user.name != "QUANTIZE" for user in users):
            return None
        found = users[0].outputs[0] if users[0].outputs else None
    else:
        maker = model.producers.get(key)
        if maker is None or maker.name != "DEQUANTIZE":
            return None
        found = maker.inputs[0] if maker.inputs else None
    return found if found is not None and found.dtype in INTEGER and not found.is_constant else None
