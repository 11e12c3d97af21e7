"""One op's kernel as data: what its Prepare demands, which output shapes it gives, when an output is dynamic.

`runtimes/kernels/<OP>.json` holds the facts; its expressions are Python expressions over one node:

    n, m            number of inputs and outputs (an omitted optional input, -1, counts)
    x[i], y[i]      input and output tensors; one that is not there fails the check that asks for it
    has(i)          input i is there
    o.field         options by schema name, enums by name; a missing or foreign options table reads as zeros
    version         the operator code's version
    graphs          inputs and outputs of each subgraph, counted (TFLite Micro's kernels only)
    t.type          dtype, lower case          t.shape, t.rank, t.size   as computed by Prepare so far
    t.stored        shape in the file          t.const                   constant, or folded by an earlier Prepare
    t.values        a small constant's values  t.quantized, t.scale, t.zero_point, t.scales, t.zero_points, t.axis
    t.variable      is_variable                t.same(u)                 the same tensor
    broadcast(a, b, ...)  the broadcast shape of shapes, False when there is none
    prod, len, all, any, abs, min, max, sum, range, set, tuple, sorted, zip, ceil, isclose

A fact that the file does not tell (the shape behind a dynamic op, a runtime value) makes the whole expression
undecided, which is neither a pass nor a refusal. These expressions are part of the package, never of a model or a
user's profile.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import CodeType

    from tflint.model.tensor import Tensor
    from tflint.model.view import Op

Shape = tuple[int, ...]

# Releases from here on hand nodes to the default XNNPACK delegate before any kernel's Prepare sees them, so that the
# kernel's own checks do not hold for a node that the delegate takes (measured: prepare.json, LOGISTIC int8 and others).
DELEGATE_FIRST = (2, 19, 4)


UNSIZED = frozenset({"string", "resource", "variant"})


class UndecidedError(Exception):
    """The file does not tell."""


class AbsentError(Exception):
    """The expression asks for a tensor that the node does not have."""


class NodeTensor:
    """A tensor as a kernel's Prepare finds it: the file's facts and what earlier nodes made of it."""

    __slots__ = ("_shape", "_values", "const", "dynamic", "tensor", "type")

    def __init__(self, tensor: Tensor, shape: Shape | None = None, *, dynamic: bool = False) -> None:
        self.tensor = tensor
        self.type = tensor.dtype  # a body's input takes the dtype of what its caller gives
        self._shape: Shape | None = tensor.shape if shape is None else shape
        self.const = tensor.is_constant
        self._values: Sequence[Any] | None = None
        self.dynamic = dynamic

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
        """All zero points."""
        return self.tensor.quant.zero_point if self.tensor.quant else ()

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


class _Tensors(list["NodeTensor | None"]):
    """Inputs or outputs of a node; asking for one that is not there raises AbsentError."""

    def __getitem__(self, index: Any) -> Any:
        try:
            found = super().__getitem__(index)
        except IndexError:
            raise AbsentError from None
        if found is None:
            raise AbsentError
        return found


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


def broadcast(*shapes: Shape) -> Shape | bool:
    """The NumPy broadcast of shapes; False when they do not (a size-0 dimension only meets 0 and 1)."""
    rank = max(map(len, shapes), default=0)
    out = []
    for axis in range(-rank, 0):
        sizes = {shape[axis] for shape in shapes if len(shape) >= -axis} - {1}
        if len(sizes) > 1:
            return False
        out.append(sizes.pop() if sizes else 1)
    return tuple(out)


def conv_out(padding: str, size: int, window: int, stride: int, dilation: int = 1) -> int:
    """Output length of a window op (ComputeOutSize in kernels/padding.h)."""
    if stride == 0:
        return 0
    effective = (window - 1) * dilation + 1
    return (size + stride - 1) // stride if padding == "SAME" else (size + stride - effective) // stride


_NAMES: dict[str, Any] = {
    "__builtins__": {},
    "broadcast": broadcast,
    "conv_out": conv_out,
    "prod": math.prod,
    "ceil": math.ceil,
    "isclose": math.isclose,
    "len": len,
    "all": all,
    "any": any,
    "abs": abs,
    "min": min,
    "max": max,
    "sum": sum,
    "range": range,
    "set": set,
    "tuple": tuple,
    "sorted": sorted,
    "zip": zip,
    "enumerate": enumerate,
    "int": int,
}


@dataclass(frozen=True, slots=True)
class Check:
    """One demand of a kernel, of the delegate that takes the node, or of TFLite Micro's kernel."""

    that: str
    code: CodeType
    why: str = ""
    by: str = "tflite"
    since: tuple[int, ...] = ()
    before: tuple[int, ...] = ()
    unless_delegated: bool = False

    def holds_for(self, generation: tuple[int, ...]) -> bool:
        """The release makes this check."""
        return generation >= self.since and (not self.before or generation < self.before)


@dataclass(frozen=True, slots=True)
class Kernel:
    """All that is known of one op's kernel."""

    op: str
    source: str
    options: str
    checks: tuple[Check, ...]
    outputs: tuple[CodeType, ...]
    dynamic: CodeType | None
    values: CodeType | None
    takes: CodeType | None  # when the default XNNPACK delegate takes the node


class Node:
    """One operator in the walk, ready to evaluate expressions."""

    __slots__ = ("_names", "op", "x", "y")

    def __init__(
        self,
        op: Op,
        x: list[NodeTensor | None],
        y: list[NodeTensor | None],
        options: str,
        graphs: Sequence[tuple[int, int]] = (),
    ) -> None:
        self.op, self.x, self.y = op, _Tensors(x), _Tensors(y)
        given = op.options if not options or op.options_type == options else {}
        self._names = {
            **_NAMES,
            "x": self.x,
            "y": self.y,
            "n": len(x),
            "m": len(y),
            "o": _Options(given),
            "version": op.version,
            "has": self.has,
            "graphs": graphs,
        }

    def has(self, index: int) -> bool:
        """Input `index` is there."""
        return index < len(self.x) and list.__getitem__(self.x, index) is not None

    def evaluate(self, code: CodeType) -> Any:
        """Value of an expression. Raises UndecidedError and AbsentError."""
        try:
            return eval(code, self._names)  # noqa: S307 - the package's own expressions, compiled from its data files
        except (IndexError, ZeroDivisionError):
            raise AbsentError from None  # a shape too short, a stride of 0: the kernel would not get further
        except (TypeError, ValueError, LookupError, OverflowError):
            raise UndecidedError from None  # a constant of an odd type in a role that wants integers


@cache
def kernel(op: str, *, micro: bool = False) -> Kernel | None:
    """Facts of one op, of TFLite Micro's kernel with `micro`; None where there is no file."""
    folder = resources.files("tflint.runtimes") / "kernels"
    path = (folder / "tflm" if micro else folder) / f"{op}.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return Kernel(
        raw["op"],
        raw["source"],
        raw.get("options", ""),
        tuple(_check(entry, "tflm" if micro else "tflite") for entry in raw.get("checks", ())),
        tuple(_compile(text) for text in raw.get("outputs", ())),
        _compile(raw["dynamic"]) if "dynamic" in raw else None,
        _compile(raw["values"]) if "values" in raw else None,
        _compile(raw["takes"]) if "takes" in raw else None,
    )


def _compile(text: str) -> CodeType:
    return compile(text, "<kernel>", "eval")


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("."))) if text else ()


def _check(raw: Mapping[str, str], by: str) -> Check:
    return Check(
        raw["that"],
        _compile(raw["that"]),
        raw.get("why", ""),
        raw.get("by", by),
        _version(raw.get("since", "")),
        _version(raw.get("before", "")),
        raw.get("unless") == "xnnpack",
    )
