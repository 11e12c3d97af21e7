"""Will this runtime run this model? Supported, partial, unsupported or unknown, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from tflint.runtimes.allocate import allocate
from tflint.runtimes.compiled import compiled
from tflint.runtimes.construct import construct

if TYPE_CHECKING:
    from tflint.model.view import Model
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Refusal

Value = Literal["supported", "partial", "unsupported", "unknown"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one target makes of one model.

    supported: it loads and allocates. partial: so it does, and part of it fails when reached. unsupported: it does
    not. unknown: no measured fact decides.
    """

    target: str
    value: Value
    refusals: tuple[Refusal, ...]

    @property
    def reasons(self) -> tuple[str, ...]:
        """Codes of the rules that explain it, those that decide it first."""
        return tuple(dict.fromkeys(refusal.code for refusal in self.refusals))


def judge(model: Model, profile: RuntimeProfile) -> Verdict:
    """Walk construct and allocate as the runtime does."""
    refusals = [*construct(model, profile), *allocate(model, profile)]
    if profile.compiled:
        refusals += compiled(model, profile)
    stages = {refusal.stage for refusal in refusals}
    if stages & {"load", "allocate"}:
        value: Value = "unsupported"
    elif "unknown" in stages:
        value = "unknown"
    elif stages:
        value = "partial"
    else:
        value = "supported"
    order = ("load", "allocate", "unknown", "invoke")
    refusals.sort(key=lambda refusal: order.index(refusal.stage))
    return Verdict(profile.id, value, tuple(refusals))
