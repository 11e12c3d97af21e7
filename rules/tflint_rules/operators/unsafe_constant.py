"""TFL211: constants that are no numbers, or too large for float16."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tflint.api import VIEWS, Model, Severity, hit, readers, rule
from tflint_rules.operators.clamped import clamped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Op, Tensor, Weights

BAD = """
x: float32[1,4]
mask: float32[4] = const [0,0,0,-inf]
a: float32[1,4] = ADD(x, mask)
y: float32[1,4] = SOFTMAX(a) beta=1.0
"""
GOOD = BAD.replace("-inf", "-10000")

ARITHMETIC = frozenset({"ADD", "SUB", "MUL", "DIV", "DEQUANTIZE"})
BOUNDS = frozenset(
    {"MINIMUM", "MAXIMUM", "SELECT", "SELECT_V2", "FILL", "PADV2", "REDUCE_WINDOW", "DYNAMIC_UPDATE_SLICE"}
)
SUMS = frozenset({"ADD", "SUB"})  # masking: whatever is added in front of SOFTMAX may become -inf
FLOATS = frozenset({"float16", "float32", "float64", "bfloat16"})
SMALL = 16  # elements: operands such as masks, bounds and factors, never weights
HALF = 65504  # the largest float16


@rule(
    "TFL211",
    "unsafe-constant",
    Severity.WARNING,
    since="0.1.0",
    fix="unsafe",
    group=("op", "value", "why"),
    message="constant {value}{many} {why}",
    examples=[(BAD, GOOD)],
)
def unsafe_constant(model: Model, weights: Weights | None) -> Iterator[Hit]:
    """A constant is NaN or infinite, in a place where that spreads, or becomes so in float16.

    ## Why is this bad?
    NaN makes every result NaN. Infinity does as soon as it meets a zero factor or a softmax row that is masked as a
    whole, and accelerators that compute in float16 meet it sooner (tensorflow#43719: 1e30 became infinity there).

    ## What to do
    Mask with a large finite number instead, such as -1e4 that float16 still holds; clip a float16 export at 65504.
    `tflint fix --unsafe-fixes` limits finite values to 1e4. NaN comes from a training run that diverged: go back.

    ## Exceptions
    Operands of up to 16 elements are always read, larger constants under `--deep` only. Infinity as a bound, a fill
    value or a choice of SELECT is sound. Under `--deep` a finite number beyond 65504 is an info, and a warning where
    float16 constants say what the model is to be computed in; not as a mask that is added in front of SOFTMAX.

    ## References
    IEEE 754: inf - inf and 0 * inf are NaN. float16 ends at 65504.
    """
    for op in model.ops:
        if op.name in ARITHMETIC:
            yield from _operands(op, model)
    if weights is not None:
        yield from _constants(model, weights)


def _operands(op: Op, model: Model) -> Iterator[Hit]:
    for tensor in filter(None, op.inputs):
        values = _floats(tensor) or ()
        nan = any(map(math.isnan, values))
        if nan or any(map(math.isinf, values)):
            value = "NaN" if nan else "-inf" if -math.inf in values else "inf"
            severity, why = (Severity.ERROR, f"enters {op.name}") if nan else (None, _spreads(op, model))
            if why:
                yield hit(op, related=(tensor,), severity=severity, op=op.name, value=value, many="", why=why)


def _floats(tensor: Tensor) -> tuple[float, ...] | None:
    return tensor.values() if tensor.dtype in FLOATS and tensor.elements <= SMALL else None


def _spreads(op: Op, model: Model) -> str:
    if op.name == "DEQUANTIZE":
        return "is what float16 made of a number beyond 65504"
    if op.name in ("MUL", "DIV"):
        return f"enters {op.name}, where a zero makes it NaN"
    masks = any(user.name == "SOFTMAX" for user in readers(model, op, VIEWS))
    return f"enters {op.name} in front of SOFTMAX, where a masked row becomes NaN" if masks else ""


def _constants(model: Model, weights: Weights) -> Iterator[Hit]:
    """What only reading all constants tells: an operator takes them, and not as a bound or choice."""
    half = any(t.dtype == "float16" and t.is_constant for t in model.tensors)
    for tensor in model.tensors:
        op = _user(tensor, model) if tensor.dtype in FLOATS and tensor.is_constant else None
        if op is None or (facts := weights.facts(tensor)) is None:
            continue
        if tensor.elements > SMALL and (facts.nan or facts.inf):
            severity, value, count = (Severity.ERROR, "NaN", facts.nan) if facts.nan else (None, "inf", facts.inf)
            many = f" ({count:,} of {facts.count:,} values)"
            why = _spreads(op, model) if value == "inf" and op.name in ARITHMETIC else f"enters {op.name}"
        elif facts.peak > HALF and op.name != "CUSTOM":
            severity, value, many = Severity.WARNING if half else Severity.INFO, "beyond 65504", f" ({facts.peak:g})"
            masks = op.name in SUMS and _spreads(op, model)
            why = "" if masks else f"enters {op.name} and is infinite in float16"
        else:
            continue
        if why:
            fix = clamped(tensor, facts)
            yield hit(tensor, severity=severity, related=(op,), fix=fix, op=op.name, value=value, many=many, why=why)


def _user(tensor: Tensor, model: Model) -> Op | None:
    """The first op that computes with the constant."""
    users = model.consumers.get((tensor.subgraph, tensor.index), ())
    return next((op for op in users if op.name not in BOUNDS), None)
