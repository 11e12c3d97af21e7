"""TFL509: quantization parameters that contradict their tensor."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule
from tflint_rules.quantization.roles import operand

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Quant, Tensor

BAD = """
x: int8[1,4] q=[0.1,0.2,0.3]+[0,0,0]@1
y: int8[1,4] q=0.1+0 = RELU.v2(x)
"""
GOOD = """
x: int8[1,4] q=0.1+0
y: int8[1,4] q=0.1+0 = RELU.v2(x)
"""

RANGES = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-32768, 32767), "int4": (-8, 7)}
SYMMETRIC = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"})  # their int8 kernels drop the zero point
CHANNELS = 4096  # of a filter that are looked at
BUDGET = 4_000_000  # zero points read in all: vectors of a hostile file may share their bytes


@rule(
    "TFL509",
    "quant-params-malformed",
    Severity.ERROR,
    since="0.1.0",
    group=("kind",),
    message="{problem} on '{name}'",
    examples=[(BAD, GOOD)],
)
def quant_params_malformed(model: Model) -> Iterator[Hit]:
    """Scales, zero points and the quantized dimension do not fit the tensor or each other.

    ## Why is this bad?
    The interpreter checks them while it loads and refuses the model: `num_scales must be 1 for per-layer quantization,
    or N for per-axis quantization`, `QuantizationParam has N zero_point values and M scale values`,
    `quantized_dimension must be in range`, `non-null scale but null zero_point`. What it does not check (a zero point
    outside the type's range, or one of int8 weights that is not 0) makes the kernel compute something else. LiteRT
    1.3.0 to 2.1.6 crash on blockwise quantization without its parameters; later ones check these and multi-axis ones.

    ## What to do
    Convert again with a current converter; a tool that edits a file must write scales, zero points and dimension.

    ## References
    LiteRT tflite/core/interpreter_builder.cc, ParseQuantization (f674577); the 8-bit quantization specification.
    Blockwise and multi-axis parameters: run on releases from 1.0.1 to 2.3.0.
    """
    left = BUDGET
    for tensor in model.tensors:
        quant = tensor.quant
        if quant is None:
            continue
        problem = quant.details_problem(len(tensor.shape), len(model.subgraphs[tensor.subgraph].tensors))
        if not problem and len(quant.scale):
            problem = _shape_problem(tensor, quant)
        if not problem and len(quant.scale) and len(quant.zero_point) <= left:
            left -= len(quant.zero_point)
            problem = _zero_problem(tensor, quant)
        if problem:
            yield hit(tensor, name=tensor.name, problem=problem, kind=re.sub(r"-?\d+", "n", problem))
    for op in model.ops:
        weights = operand(op, 1) if op.name in SYMMETRIC else None
        if weights is not None and weights.dtype == "int8" and weights.is_constant and weights.quant is not None:
            zero = next((z for z in weights.quant.zero_point[:CHANNELS] if z), 0)
            if zero and -128 <= zero <= 127:
                problem = f"a zero point of {zero}, which {op.name} leaves out of int8 weights"
                yield hit(weights, name=weights.name, problem=problem, kind=re.sub(r"-?\d+ ?", "", problem))


def _shape_problem(tensor: Tensor, quant: Quant) -> str:
    """What the interpreter refuses; a rank of 0 takes one scale only."""
    scales, zeros, shape = len(quant.scale), len(quant.zero_point), tensor.shape
    if "zero_point" in quant.absent:
        return "a scale without a zero point"
    if scales != zeros:
        return f"{scales} scales and {zeros} zero points"
    if shape and not 0 <= quant.dimension < len(shape):
        return f"the quantized dimension {quant.dimension} at rank {len(shape)}"
    if scales != 1 and (not shape or scales != shape[quant.dimension]):
        return f"{scales} scales for a dimension of {shape[quant.dimension] if shape else 0}"
    return ""


def _zero_problem(tensor: Tensor, quant: Quant) -> str:
    bounds = RANGES.get(tensor.dtype)
    if bounds is None:
        return ""
    low, high = bounds
    zero = next((z for z in quant.zero_point if not low <= z <= high), None)
    return "" if zero is None else f"the zero point {zero}, outside {low} to {high} of {tensor.dtype}"
