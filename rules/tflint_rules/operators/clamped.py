"""The fix of constants that float16 does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tflint.api import Edit, Facts, Tensor


def clamped(tensor: Tensor, facts: Facts) -> tuple[Edit, ...]:
    """Limit a float32 constant of finite numbers to what float16 holds."""
    if tensor.dtype != "float32" or facts.nan or facts.inf:
        return ()
    from tflint.api import ClampConstant  # noqa: PLC0415 - only where there is something to mend

    return (ClampConstant(tensor.subgraph, tensor.index),)
