"""What a target's own tables say of a model's operators, had the model another quantization.

Each operator is looked at alone, with the dtypes that a scheme would give its tensors. Scales and zero points are not
known before a model is quantized: a demand that asks for them is neither met nor refused. So an operator is blamed on
a scheme only where its dtypes decide.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tflint.fixer.refusal import TAKEN
from tflint.fixer.versions import CHANNELS, version_of
from tflint.model.scheme import WEIGHTED
from tflint.model.tensor import Quant
from tflint.runtimes.kernel import kernel
from tflint.runtimes.node import Node, NodeTensor, UndecidedError

if TYPE_CHECKING:
    from tflint.advice.tree import Scheme
    from tflint.model.tensor import Tensor
    from tflint.model.view import Model, Op
    from tflint.runtimes.profile import RuntimeProfile

FLOAT = "float32"
CONVERSIONS = frozenset({"QUANTIZE", "DEQUANTIZE", "FAKE_QUANT"})
# Layers with states, biases and weights of several dtypes, which the file does not tell apart.
RECURRENT = frozenset(
    {
        "LSTM",
        "UNIDIRECTIONAL_SEQUENCE_LSTM",
        "BIDIRECTIONAL_SEQUENCE_LSTM",
        "RNN",
        "UNIDIRECTIONAL_SEQUENCE_RNN",
        "BIDIRECTIONAL_SEQUENCE_RNN",
        "SVDF",
    }
)
BIAS = {"CONV_2D": 2, "CONV_3D": 2, "DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 2, "TRANSPOSE_CONV": 3}


class _Requantized(NodeTensor):
    """A tensor with another dtype, and scales that nobody knows yet."""

    __slots__ = ()

    def __init__(self, tensor: Tensor, dtype: str) -> None:
        super().__init__(tensor)
        self.type = dtype

    def unknown(self) -> Any:
        """Raise UndecidedError."""
        raise UndecidedError

    quantized = scale = zero_point = scales = zero_points = axis = blockwise = values = property(unknown)


class _Open(_Requantized):
    """A tensor whose dtype is not known either."""

    __slots__ = ()

    type = property(_Requantized.unknown, lambda *_: None)


def without_kernel(
    model: Model, profile: RuntimeProfile, scheme: Scheme, *, dense_one_scale: bool = False
) -> dict[Op, str]:
    """Operators that the target does not run under the scheme, and why: on it, where it is an accelerator.

    Weights get a scale a channel, as `tflint fix --quantize` gives them; those of dense layers one, if so asked.
    """
    found = {}
    for own in model.ops:
        if own.opcode is None or own.name in CONVERSIONS or not _is_float(own):
            continue
        version = max(own.version, version_of(_requantized(own, scheme, dense_one_scale=dense_one_scale)))
        op = replace(own, opcode=replace(own.opcode, version=version))
        why = _accelerated(op, profile, scheme) if profile.accelerator else _on_cpu(op, profile, scheme)
        if why:
            found[own] = why
    return found


def _is_float(op: Op) -> bool:
    return any(t is not None and t.dtype == FLOAT for t in (*op.inputs, *op.outputs))


def _accelerated(op: Op, profile: RuntimeProfile, scheme: Scheme) -> str:
    from tflint.runtimes.accelerator import accelerator  # noqa: PLC0415 - for accelerators only
    from tflint.runtimes.offload import judge_node  # noqa: PLC0415 - same

    x, y = _sides(op, scheme)
    for state in (*x, *y):
        if state is not None and state.tensor.is_dynamic:  # what has to be fixed first, whatever the scheme
            state.tensor = replace(state.tensor, shape_signature=None)
    return judge_node(Node(op, x, y, "", generation=profile.generation), accelerator(profile.accelerator))[0]


def _on_cpu(op: Op, profile: RuntimeProfile, scheme: Scheme) -> str:
    """The first demand of the op's kernel that its float form meets and this one does not."""
    low, high = profile.kernels.get(op.name, (0, 0))
    if high and op.version > high:
        return f"it needs version {op.version}, the target has {low} to {high}"
    facts = kernel(op.name, micro=profile.micro)
    if facts is None or op.name == "CUSTOM":
        return ""
    x, y = _sides(op, scheme)
    if all(type(t) is not _Requantized for t in (*x, *y)):
        return ""
    made = partial(Node, options=facts.options, generation=profile.generation)
    now, then = made(op, [*map(_as_is, op.inputs)], [*map(_as_is, op.outputs)]), made(op, x, y)
    for check in facts.checks:
        mine = check.by != "xnnpack" and not (check.unless_delegated and profile.xnnpack)
        if mine and check.holds_for(profile.generation) and not then.passes(check.code) and now.passes(check.code):
            return f"its kernel requires {check.why or check.that}"
    return ""


def _requantized(op: Op, scheme: Scheme, *, dense_one_scale: bool) -> Op:
    """The operator with tensors as the scheme has them: what its version is worked out from."""
    one = op.name == "FULLY_CONNECTED" and dense_one_scale
    inputs = tuple(_with_scales(op, index, tensor, scheme, one=one) for index, tensor in enumerate(op.inputs))
    return replace(op, inputs=inputs, outputs=tuple(_with_scales(op, -1, t, scheme, one=True) for t in op.outputs))


def _with_scales(op: Op, index: int, tensor: Tensor | None, scheme: Scheme, *, one: bool) -> Tensor | None:
    dtype = _dtype(op, index, tensor, scheme) if tensor is not None and tensor.dtype == FLOAT else None
    if tensor is None or dtype in (None, FLOAT):
        return tensor
    axis = CHANNELS.get(op.name, len(tensor.dims))
    is_weight = tensor.is_constant and index == WEIGHTED.get(op.name, (0, -1))[1]
    scales = range(tensor.dims[axis]) if is_weight and not one and axis < len(tensor.dims) else range(1)
    return replace(tensor, dtype=str(dtype), quant=Quant(scales, scales, (), ()))  # their number counts alone


def _sides(op: Op, scheme: Scheme) -> tuple[list[NodeTensor | None], list[NodeTensor | None]]:
    x = [_imagined(op, index, tensor, scheme) for index, tensor in enumerate(op.inputs)]
    y = [_imagined(op, -1, tensor, scheme) for tensor in op.outputs]
    return x, y


def _as_is(tensor: Tensor | None) -> NodeTensor | None:
    return NodeTensor(tensor) if tensor is not None else None


def _imagined(op: Op, index: int, tensor: Tensor | None, scheme: Scheme) -> NodeTensor | None:
    """One tensor of an operator under a scheme."""
    if tensor is None or tensor.dtype != FLOAT:
        return _as_is(tensor)
    dtype = _dtype(op, index, tensor, scheme)
    if dtype is None:
        return _Open(tensor, FLOAT)
    return NodeTensor(tensor) if dtype == FLOAT else _Requantized(tensor, dtype)


def _dtype(op: Op, index: int, tensor: Tensor, scheme: Scheme) -> str | None:
    """The dtype that a float tensor gets; None where the file does not tell."""
    hybrid = scheme.activations == FLOAT
    if scheme.dequantized or (hybrid and op.name not in TAKEN):
        return FLOAT
    if op.name in RECURRENT and (tensor.is_constant or tensor.is_variable):
        return None
    weight = WEIGHTED.get(op.name, (0, -1))[1]
    if index == weight and tensor.is_constant:
        return scheme.weights
    if index >= 0 and index == BIAS.get(op.name):
        return scheme.bias
    return scheme.activations
