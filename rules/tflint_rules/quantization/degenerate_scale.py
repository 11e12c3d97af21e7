"""TFL507: scales that quantize nothing."""

from __future__ import annotations

from math import inf, isfinite
from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule
from tflint_rules.quantization.roles import INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Tensor

BAD = """
x: int8[1,4] q=0+0
y: int8[1,4] q=0+0 = RELU.v2(x)
"""
GOOD = BAD.replace("q=0+0", "q=0.1+0")

TINY = 1e-7  # of an activation: 255 steps span less than 3e-5
SENTINEL = (3.9e-9, 4.0e-9)  # TF writes 1e-6 / 254 for a channel whose weights are all zero (run, TF 2.21)
BUDGET = 4_000_000  # scales read in all: vectors of a hostile file may share their bytes


@rule(
    "TFL507",
    "degenerate-scale",
    Severity.ERROR,
    since="0.1.0",
    group=("role", "problem"),
    message="{role} '{name}' has {problem}: {scale}",
    examples=[(BAD, GOOD)],
)
def degenerate_scale(model: Model) -> Iterator[Hit]:
    """A quantized tensor has a scale that is zero, negative, not a number, or vanishingly small.

    ## Why is this bad?
    Every value of such a tensor dequantizes to nothing. Runtimes load it without a word; a kernel then divides by it,
    the XNNPACK delegate fails (`failed to create XNNPACK runtime`), and importers of other formats stop
    (pytorch/glow#5904). A tiny scale of an activation is the mark of a calibration that saw only zeros, and the
    reason of constant outputs (tensorflow#41840).

    ## What to do
    Calibrate again with real samples, preprocessed as in the app; a hundred are enough.

    ## Exceptions
    A single dead channel of weights is info, with a scale of 0 or near 3.9e-9: pruned networks have them, and only
    importers stumble. Tensors that are not stored as integers are not looked at, nor biases, whose scale follows.

    ## References
    Measured on wheels, see docs/verdicts.md: NaN, zero and negative scales load in all that were tried.
    """
    left = BUDGET
    for tensor in model.tensors:
        quant = tensor.quant
        if quant is None or tensor.dtype not in INTEGER or not 0 < len(quant.scale) <= left:
            continue
        left -= len(quant.scale)
        scales = list(quant.scale)
        low = min(scales)
        if low > TINY and isfinite(sum(scales)):
            continue
        found = _problem(tensor, scales)
        if found is not None:
            problem, scale, severity = found
            role = "constant" if tensor.is_constant else "activation"
            yield hit(tensor, severity=severity, role=role, name=tensor.name, problem=problem, scale=f"{scale:g}")


def _problem(tensor: Tensor, scales: list[float]) -> tuple[str, float, Severity | None] | None:
    wrong = next((scale for scale in scales if not -inf < scale < inf), None)
    if wrong is not None:
        return "a scale that is no number", wrong, None
    low, dead = min(scales), max(scales) > TINY
    if low < 0:
        return "a negative scale", low, None
    if low == 0:
        return ("a channel of scale 0", low, Severity.INFO) if dead else ("a scale of 0", low, None)
    if not tensor.is_constant:
        return "a scale that is left by a calibration with zeros", low, Severity.WARNING
    if SENTINEL[0] < low < SENTINEL[1]:
        return "a dead channel" if dead else "weights that are all zero", low, Severity.INFO
    return None
