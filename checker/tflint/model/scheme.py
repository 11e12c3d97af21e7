"""Which quantization a model carries: what its weights and the activations beside them are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tflint.model.tensor import Tensor
    from tflint.model.view import Model, Op

# op -> (activation input, weight input); kernels/*.cc of LiteRT f674577
WEIGHTED = {
    "BATCH_MATMUL": (0, 1),
    "CONV_2D": (0, 1),
    "CONV_3D": (0, 1),
    "DEPTHWISE_CONV_2D": (0, 1),
    "FULLY_CONNECTED": (0, 1),
    "SVDF": (0, 1),
    "TRANSPOSE_CONV": (2, 1),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (0, 2),
    "BIDIRECTIONAL_SEQUENCE_LSTM": (0, 2),
    "LSTM": (0, 2),
}
FLOATS = ("float32", "float16", "bfloat16")
NAMES = {
    ("float32", "float32", False): "float32",
    ("float32", "float16", True): "float16 weights",
    ("float16", "float16", False): "float16",
    ("int8", "int8", False): "int8",
    ("uint8", "uint8", False): "uint8 (before 2019)",
    ("int16", "int8", False): "int16x8",
}


def schemes(model: Model) -> dict[str, int]:
    """Scheme -> number of weights under it, largest first; {} for a model without weighted ops."""
    found: dict[str, int] = {}
    for op in model.ops:
        roles = weighted(op, model)
        if roles is not None:
            activation, weight, dequantized = roles
            name = _name(activation.dtype, weight.dtype, dequantized=dequantized)
            found[name] = found.get(name, 0) + weight.elements
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def weighted(op: Op, model: Model) -> tuple[Tensor, Tensor, bool] | None:
    """(activation, constant weight, read through DEQUANTIZE) of an op that multiplies by weights, else None."""
    roles = WEIGHTED.get(op.name)
    if roles is None or max(roles) >= len(op.inputs):
        return None
    activation, weight = op.inputs[roles[0]], op.inputs[roles[1]]
    if activation is None or weight is None:
        return None
    if weight.is_constant:
        return activation, weight, False
    maker = model.producers.get((op.subgraph, weight.index))
    if maker is not None and maker.name in ("DEQUANTIZE", "DENSIFY") and maker.inputs:
        source = maker.inputs[0]
        if source is not None and source.is_constant:
            return activation, source, maker.name == "DEQUANTIZE"
    return None


def _name(activation: str, weight: str, *, dequantized: bool) -> str:
    known = NAMES.get((activation, weight, dequantized))
    if known:
        return known
    if activation in FLOATS and weight not in FLOATS:
        return f"weight-only {weight}" if dequantized else f"dynamic-range {weight}"
    return f"{activation} x {weight}"
