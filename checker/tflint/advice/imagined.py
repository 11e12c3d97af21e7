"""What a target's own tables say of a model's operators, had the model another quantization.

Each operator is looked at alone, with the dtypes that a scheme would give its tensors. Scales and zero points are not
known before a model is quantized: a demand that asks for them is neither met nor refused. So an operator is blamed on
a scheme only where its dtypes decide.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from tflint.fix.refusal import TAKEN
from tflint.model.scheme import WEIGHTED
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


def without_kernel(model: Model, profile: RuntimeProfile, scheme: Scheme) -> dict[Op, str]:
    """Operators that the target does not run under the scheme, and why: on it, where it is an accelerator."""
    found = {}
    for op in model.ops:
        if op.opcode is None or op.name in CONVERSIONS or not _is_float(op):
            continue
        why = _accelerated(op, profile, scheme) if profile.accelerator else _on_cpu(op, profile, scheme)
        if why:
            found[op] = why
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
