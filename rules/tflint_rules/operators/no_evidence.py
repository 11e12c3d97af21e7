"""TFL214: operators about which nothing was measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[4]
y: float32[4] = STABLEHLO_CBRT(x)
"""
GOOD = """
x: float32[4]
y: float32[4] = RELU(x)
"""
PROFILE = Path(__file__).with_suffix(".toml")  # a runtime with a kernel that no published runtime has


@rule(
    "TFL214",
    "no-evidence",
    Severity.INFO,
    since="0.1.0",
    on_refusal=True,
    group=("op", "what"),
    message="{op}: {what}{so}",
    examples=[(BAD, GOOD, str(PROFILE))],
)
def no_evidence(target: Target) -> Iterator[Hit]:
    """No measured fact says whether the target runs this operator.

    ## Why is this bad?
    tflint does not guess: the target's verdict is `unknown`, which is neither compatible nor incompatible.

    ## What to do
    For an accelerator, look the named condition up in its documents: it is a sentence that nobody has put into an
    expression yet. Else load the file once in the runtime itself and call `allocate_tensors()`:
    `scripts/run_models.py` does so.
    """
    for refusal in target.refusals("TFL214"):
        so = ", so the verdict is unknown" if refusal.stage == "unknown" else ""
        yield hit(refusal.at, op=refusal.data["op"], what=refusal.data["what"], so=so)
