"""TFL205: operators that the target has no kernel for, or leaves to the CPU."""

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
ON_CPU = """
x: float32[1,4]
y: float32[1,4] = L2_NORMALIZATION(x)
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
    group=("op", "problem"),
    message="{op} {problem}",
    examples=[(BAD, GOOD, "tflm"), (ON_CPU, GOOD, "gpu")],
)
def op_not_on_target(target: Target) -> Iterator[Hit]:
    """An operator has no kernel on the target, or stays on the CPU where an accelerator was meant.

    ## Why is this bad?
    TFLite Micro implements half of TFLite's ops. It looks kernels up for the operators that are used and stops at the
    first it lacks: `Failed to get registration from op code X` (tflite-micro#284, tflite-micro#2686).
    A delegate (`gpu`, `nnapi`, `coreml`, `hexagon`, `xnnpack`) or NPU (`edgetpu`, `ethos-u55` and the like) leaves what
    it does not take to the CPU. The model runs, but tensors are copied at each border, and the GPU delegate takes the
    largest partition only: `Following operations are not supported by GPU delegate` (tensorflow#57907). The verdict
    is `partial`, and the first line says what is left: `97 of 297 operators run on gpu (110 could, in 9 partitions)`.

    ## What to do
    Replace the layer by one that converts to supported ops (GELU by its tanh formula, for instance), or write the
    kernel and add it to the firmware's `MicroMutableOpResolver`. For accelerators: int32 instead of int64, fixed
    shapes, no rank above 4, and what comes before and after the network moved out of the model.

    ## Exceptions
    An error where the model does not load, a warning where an operator stays on the CPU. Where a condition could not
    be evaluated, nothing is said here: TFL214 names it, and the model is never called compatible.
    The profile `tflm` has every kernel of the repository; firmware registers those it was built with. List them in a
    TOML profile to check against a board.

    ## References
    Measured with the tflite-micro wheel of 2026-10-23, see docs/verdicts.md; the tables of accelerators are read from
    the delegates' sources and vendors' documents (`tflint target show gpu` names them).
    """
    refusals = list(target.refusals("TFL205"))
    users: dict[str, list[Op]] = {}
    for op in target.model.ops if refusals else ():
        if op.opcode is not None:
            users.setdefault(op.opcode.path, []).append(op)
    lacks = f"is not among the {len(target.profile.kernels)} builtin kernels of {target.id}"
    for refusal in refusals:
        summary = Severity.INFO if refusal.at is target.model else Severity.WARNING
        severity = summary if refusal.stage == "cpu" else None
        for at in users.get(refusal.at.path, (refusal.at,)):
            yield hit(at, severity=severity, op=refusal.data["op"], problem=refusal.data.get("problem", lacks))
