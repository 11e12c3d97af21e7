"""TFL205: operators that the target has no kernel for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Op

BAD = """
x: float32[4]
y: float32[4] = GELU(x)
"""
GOOD = """
x: float32[4]
y: float32[4] = RELU(x)
"""


@rule(
    "TFL205",
    "op-not-on-target",
    Severity.ERROR,
    since="0.1.0",
    on_refusal=True,
    group=("op",),
    message="{op} is not among the {kernels} builtin kernels of {target}",
    examples=[(BAD, GOOD, "tflm")],
)
def op_not_on_target(target: Target) -> Iterator[Hit]:
    """An operator has no kernel on the target, in no version.

    ## Why is this bad?
    TFLite Micro implements half of TFLite's ops. It looks kernels up for the operators that are used and stops at the
    first it lacks: `Failed to get registration from op code X` (tflite-micro#284, tflite-micro#2686).

    ## What to do
    Replace the layer by one that converts to supported ops (GELU by its tanh formula, for instance), or write the
    kernel and add it to the firmware's `MicroMutableOpResolver`.

    ## Exceptions
    The profile `tflm` has every kernel of the repository; firmware registers those it was built with. List them in a
    TOML profile to check against a board.

    ## References
    facts/kernels.json, measured with the tflite-micro wheel of 2026-10-23.
    """
    refusals = list(target.refusals("TFL205"))
    lacking = {refusal.at.path for refusal in refusals}
    if not lacking:
        return
    users: dict[str, list[Op]] = {}
    for op in target.model.ops:
        if op.opcode is not None and op.opcode.path in lacking:
            users.setdefault(op.opcode.path, []).append(op)
    for refusal in refusals:
        for at in users.get(refusal.at.path, (refusal.at,)):
            yield hit(at, op=refusal.data["op"], kernels=len(target.profile.kernels), target=target.id)
