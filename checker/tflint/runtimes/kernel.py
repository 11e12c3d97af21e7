"""One op's kernel as data: what its Prepare demands, which output shapes it gives, when an output is dynamic.

`runtimes/kernels/<OP>.json` holds the facts; its expressions are Python expressions over one node:

    n, m            number of inputs and outputs (an omitted optional input, -1, counts)
    x[i], y[i]      input and output tensors; one that is not there fails the check that asks for it
    has(i)          input i is there
    o.field         options by schema name, enums by name; a missing or foreign options table reads as zeros
    version         the operator code's version
    k               number of intermediates
    generation      the release on TFLite's own timeline, as (2, 17, 5)
    graphs          inputs and outputs of each subgraph, counted (TFLite Micro's kernels only)
    t.type          dtype, lower case          t.shape, t.rank, t.size   as computed by Prepare so far
    t.stored        shape in the file          t.const                   constant, or folded by an earlier Prepare
    t.values        a small constant's values  t.quantized, t.scale, t.zero_point, t.scales, t.zero_points, t.axis
    t.blockwise     quantized blockwise: scales in another tensor
    t.densified     what DENSIFY made of a constant
    t.variable      is_variable                t.sparse                  sparsity parameters
    t.same(u)       the same tensor
    broadcast(a, b, ...)  the broadcast shape of shapes, False when there is none
    prod, len, all, any, abs, min, max, sum, range, set, tuple, sorted, zip, ceil, isclose

A fact that the file does not tell (the shape behind a dynamic op, a runtime value) makes the whole expression
undecided, which is neither a pass nor a refusal. These expressions are part of the package, never of a model or a
user's profile.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.dataclass import dataclass
from tflint.runtimes.node import Shape, UndecidedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType

Expression = Callable[..., Any]
FOLDER = Path(__file__).parent / "kernels"
LONGEST = 1024  # what an expression may loop over: no shape or index constant is longer, and a hostile file's is

# Releases from here on hand nodes to the default XNNPACK delegate before any kernel's Prepare sees them, so that the
# kernel's own checks do not hold for a node that the delegate takes. Measured: LiteRT 1.0.1 on does, TFLite 2.14 does
# not; nothing in between was.
DELEGATE_FIRST = (2, 17)


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


def bounded_range(*bounds: int) -> range:
    """`range`, undecided where it is longer than any shape: a dimension of two billion is no reason to count to it."""
    numbers = range(*bounds)
    if len(numbers) > LONGEST:
        raise UndecidedError
    return numbers


ARGUMENTS = "x, y, n, m, o, version, has, graphs, k, generation"  # the order of Node

NAMES: dict[str, Any] = {
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
    "range": bounded_range,
    "set": set,
    "tuple": tuple,
    "sorted": sorted,
    "zip": zip,
    "enumerate": enumerate,
    "int": int,
}


class Check:
    """One demand of a kernel, of the delegate that takes the node, or of TFLite Micro's kernel."""

    __slots__ = ("before", "by", "code", "since", "that", "unless_delegated", "why")

    def __init__(self, raw: Mapping[str, str], code: Expression, by: str) -> None:
        self.that, self.code = raw["that"], code
        self.why = raw.get("why", "")
        self.by = raw.get("by", by)  # "tflite", "xnnpack" or "tflm"
        self.since, self.before = _version(raw.get("since", "")), _version(raw.get("before", ""))
        self.unless_delegated = raw.get("unless") == "xnnpack"

    def holds_for(self, generation: tuple[int, ...]) -> bool:
        """The release makes this check."""
        return generation >= self.since and (not self.before or generation < self.before)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Kernel:
    """All that is known of one op's kernel."""

    op: str
    source: str
    options: str
    checks: tuple[Check, ...]
    outputs: tuple[Expression, ...]
    dynamic: Expression | None
    values: Expression | None
    values_since: tuple[int, ...]
    takes: Expression | None  # when the default XNNPACK delegate takes the node


class _Facts(SourceFileLoader):
    """A file of facts as a module, so that Python keeps the bytecode of its expressions as it does of any source.

    Compiling them takes as long as all else in a verdict. They are the package's own, never a model's or a user's.
    """

    def get_code(self, fullname: str) -> CodeType | None:
        """The code. Bytecode that a full disk cut off, which Python keeps and chokes on, is thrown away."""
        try:
            return super().get_code(fullname)
        except (EOFError, ValueError, TypeError, ImportError):
            from importlib.util import cache_from_source  # noqa: PLC0415 - rare

            with suppress(OSError):
                Path(cache_from_source(self.path)).unlink()
            return self.source_to_code(self.get_data(self.path), self.path)

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> CodeType:  # type: ignore[override]
        return compile(_source(json.loads(data)), path, "exec", dont_inherit=True, optimize=_optimize)


def _source(raw: Mapping[str, Any]) -> str:
    """Python of one file of facts: the facts, and each expression as a function of a node's names."""
    tables = {"CHECKS": [check["that"] for check in raw.get("checks", ())], "OUTPUTS": raw.get("outputs", ())}
    lines = [f"FACTS = {raw!r}"]
    lines += [f"{name} = ({''.join(_function(text) + ', ' for text in texts)})" for name, texts in tables.items()]
    lines += [
        f"{key.upper()} = {_function(raw[key]) if key in raw else None}" for key in ("dynamic", "values", "takes")
    ]
    return "\n".join(lines)


def _function(text: str) -> str:
    return f"lambda {ARGUMENTS}: ({text})"


@cache
def kernel(op: str, *, micro: bool = False) -> Kernel | None:
    """Facts of one op, of TFLite Micro's kernel with `micro`; None where there is no file."""
    path = (FOLDER / "tflm" if micro else FOLDER) / f"{op}.json"
    found = dict(NAMES)
    try:
        exec(_Facts(op, str(path)).get_code(op), found)  # type: ignore[arg-type] # noqa: S102 - see _Facts
    except FileNotFoundError:
        return None
    raw: Mapping[str, Any] = found["FACTS"]
    by = "tflm" if micro else "tflite"
    return Kernel(
        raw["op"],
        raw["source"],
        raw.get("options", ""),
        tuple(Check(row, code, by) for row, code in zip(raw.get("checks", ()), found["CHECKS"], strict=True)),
        found["OUTPUTS"],
        found["DYNAMIC"],
        found["VALUES"],
        _version(raw.get("values_since", "")),
        found["TAKES"],
    )


def _version(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split("."))) if text else ()
