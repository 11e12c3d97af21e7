"""One operator as a kernel's Prepare finds it: tensors with what earlier nodes made of them, options, inputs there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tflint.model.tensor import Tensor
    from tflint.model.view import Op
    from tflint.runtimes.kernel import Check

Shape = tuple[int, ...]
UNSIZED = frozenset({"string", "resource", "variant"})


class UndecidedError(Exception):
    """The file does not tell."""


class AbsentError(Exception):
    """The expression asks for a tensor that the node does not have."""


class NodeTensor:
    """A tensor as a kernel's Prepare finds it: the file's facts and what earlier nodes made of it."""

    __slots__ = ("_shape", "_values", "const", "densified", "dynamic", "tensor", "type")

    def __init__(self, tensor: Tensor, shape: Shape | None = None, *, dynamic: bool = False) -> None:
        self.tensor = tensor
        self.type = tensor.dtype  # a body's input takes the dtype of what its caller gives
        self._shape: Shape | None = tensor.shape if shape is None else shape
        self.const = tensor.is_constant
        self._values: Sequence[Any] | None = None
        self.dynamic = dynamic
        self.densified = False  # made by DENSIFY: XNNPACK takes it for a constant, whose data its kernels do not find

    def become(self, shape: Shape | None, *, dynamic: bool = False, values: Sequence[Any] | None = None) -> None:
        """Take what the producing node computed; None: not known."""
        self._shape, self.dynamic, self._values = shape, dynamic, values
        self.const = values is not None

    @property
    def known_shape(self) -> Shape | None:
        """The shape, None when nobody knows it before Invoke."""
        return None if self.dynamic else self._shape

    @property
    def shape(self) -> Shape:
        """The shape. Raises UndecidedError."""
        if self.dynamic or self._shape is None:
            raise UndecidedError
        return self._shape

    @property
    def stored(self) -> Shape:
        """The shape in the file."""
        return self.tensor.shape

    @property
    def rank(self) -> int:
        """Number of dimensions."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def values(self) -> Sequence[Any]:
        """A small constant's values. Raises UndecidedError."""
        values = self._values if self._values is not None else self.tensor.values()
        if values is None:
            raise UndecidedError
        return values

    @property
    def variable(self) -> bool:
        """A variable tensor."""
        return self.tensor.is_variable

    @property
    def quantized(self) -> bool:
        """Carries affine quantization parameters."""
        return self.tensor.quant is not None and len(self.tensor.quant.scale) > 0

    @property
    def scale(self) -> float:
        """The first scale; 0.0 without quantization, as TfLiteTensor.params says."""
        return float(self.scales[0]) if len(self.scales) == 1 else 0.0

    @property
    def zero_point(self) -> int:
        """The first zero point; 0 without quantization."""
        return int(self.zero_points[0]) if len(self.zero_points) == 1 else 0

    @property
    def scales(self) -> Sequence[float]:
        """All scales."""
        return self.tensor.quant.scale if self.tensor.quant else ()

    @property
    def zero_points(self) -> Sequence[int]:
        """All zero points; none without scales, for then the runtime leaves the whole quantization aside."""
        return self.tensor.quant.zero_point if self.tensor.quant and len(self.tensor.quant.scale) else ()

    @property
    def sparse(self) -> bool:
        """Carries sparsity parameters."""
        return self.tensor.sparsity is not None

    @property
    def blockwise(self) -> bool:
        """Quantized blockwise: its scales are another tensor."""
        return self.tensor.quant is not None and self.tensor.quant.details_type == "BlockwiseQuantization"

    @property
    def axis(self) -> int:
        """quantized_dimension."""
        return self.tensor.quant.dimension if self.tensor.quant else 0

    @property
    def unsized(self) -> bool:
        """Strings, resources and variants: allocated when they are computed."""
        return self.type in UNSIZED and not self.const

    def same(self, other: NodeTensor) -> bool:
        """Both are one tensor."""
        return self.tensor is other.tensor


class _Gapped(list["NodeTensor | None"]):
    """Inputs or outputs of a node of which some are not there: asking for one of those raises AbsentError."""

    def __getitem__(self, index: Any) -> Any:
        try:
            found = super().__getitem__(index)
        except IndexError:
            raise AbsentError from None
        if found is None:
            raise AbsentError
        return found


def _tensors(given: list[NodeTensor | None]) -> Any:
    return _Gapped(given) if None in given else given


class _Options:
    """Options as the runtime parses them: zeros where the table is absent or of another op."""

    __slots__ = ("_given",)

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._given = given

    def __getattr__(self, name: str) -> Any:
        if name in self._given:
            return self._given[name]
        return _ZERO_ENUMS.get(name, 0)


_ZERO_ENUMS = {"padding": "SAME", "fused_activation_function": "NONE", "mode": "REFLECT", "weights_format": "DEFAULT"}


class Node:
    """One operator in the walk, ready to evaluate expressions."""

    __slots__ = ("_arguments", "op", "x", "y")

    def __init__(
        self,
        op: Op,
        x: list[NodeTensor | None],
        y: list[NodeTensor | None],
        options: str,
        *,
        generation: tuple[int, ...] = (),
        graphs: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.op, self.x, self.y = op, _tensors(x), _tensors(y)
        given = op.options if not options or op.options_type == options else {}
        self._arguments = (
            *(self.x, self.y, len(x), len(y), _Options(given), op.version),
            *(self.has, graphs, len(op.intermediate_indices), generation),
        )

    def has(self, index: int) -> bool:
        """Input `index` is there."""
        return index < len(self.x) and list.__getitem__(self.x, index) is not None

    def evaluate(self, expression: Callable[..., Any]) -> Any:
        """Value of an expression of `kernel.py`. Raises UndecidedError and AbsentError."""
        try:
            return expression(*self._arguments)
        except (IndexError, ZeroDivisionError, AttributeError):
            raise AbsentError from None  # a shape too short, a stride of 0, no tensor: the kernel gets no further
        except (TypeError, ValueError, LookupError, OverflowError):
            raise UndecidedError from None  # a constant of an odd type in a role that wants integers

    def value(self, expression: Callable[..., Any] | None) -> Any:
        """`evaluate`, None where there is no expression or it cannot be decided."""
        if expression is None:
            return None
        try:
            return self.evaluate(expression)
        except (UndecidedError, AbsentError):
            return None

    def passes(self, expression: Callable[..., Any]) -> bool:
        """Whether a demand is met: one that cannot be decided is, one for a tensor that is not there is not."""
        try:
            return bool(self.evaluate(expression))
        except UndecidedError:
            return True
        except AbsentError:
            return False

    def refused(self, checks: Sequence[Check]) -> Check | None:
        """The first of these that it does not pass."""
        arguments = self._arguments
        for check in checks:
            try:
                if not check.code(*arguments):
                    return check
            except Exception:  # noqa: BLE001, PERF203 - `passes` tells what it means
                if not self.passes(check.code):
                    return check
        return None
