"""Which inputs of an op are its weights and its bias."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.api import Op, Tensor

# op -> inputs that are weights. LiteRT tflite/kernels/*.cc, k*Tensor constants; facts as of f674577.
WEIGHTS: Mapping[str, tuple[int, ...]] = {
    "CONV_2D": (1,),
    "DEPTHWISE_CONV_2D": (1,),
    "CONV_3D": (1,),
    "TRANSPOSE_CONV": (1,),
    "FULLY_CONNECTED": (1,),
    "BATCH_MATMUL": (1,),
    "SVDF": (1, 2),
    "RNN": (1, 2),
    "UNIDIRECTIONAL_SEQUENCE_RNN": (1, 2),
    "LSTM": (1, 2, 3, 4, 5, 6, 7, 8),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (1, 2, 3, 4, 5, 6, 7, 8),
    "BIDIRECTIONAL_SEQUENCE_LSTM": (1, 2, 3, 4, 5, 6, 7, 8),
}
# op -> (data input, weights, bias)
BIASED: Mapping[str, tuple[int, int, int]] = {
    "CONV_2D": (0, 1, 2),
    "DEPTHWISE_CONV_2D": (0, 1, 2),
    "FULLY_CONNECTED": (0, 1, 2),
    "TRANSPOSE_CONV": (2, 1, 3),
}
DATA: Mapping[str, int] = {"TRANSPOSE_CONV": 2}  # op -> its data input, where that is not the first

INTEGER = frozenset({"int8", "uint8", "int16", "int4", "uint4", "int2"})  # what quantized values are stored in


def operand(op: Op, index: int) -> Tensor | None:
    """Input `index` of the op, None when there is none."""
    return op.inputs[index] if index < len(op.inputs) else None


def weights(op: Op) -> tuple[Tensor, ...]:
    """Constant weights of the op."""
    found = (operand(op, index) for index in WEIGHTS.get(op.name, ()))
    return tuple(tensor for tensor in found if tensor is not None and tensor.is_constant)


def data(op: Op) -> Tensor | None:
    """The activations that the op works on."""
    return operand(op, DATA.get(op.name, 0))
