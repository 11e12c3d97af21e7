"""Will this runtime run this model? Supported, partial, unsupported or unknown, and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from tflint.runtimes.allocate import allocate
from tflint.runtimes.compiled import compiled
from tflint.runtimes.construct import construct
from tflint.runtimes.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint.model.view import Model
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Stage

Value = Literal["supported", "partial", "unsupported", "unknown"]


class Verdict(NamedTuple):
    """What one target makes of one model.

    supported: it loads and allocates. partial: so it does, and part of it fails when reached, or stays on the CPU where
    an accelerator was meant. unsupported: it does not. unknown: no measured fact decides. Plain data, without the
    model: a report outlives the file that it is about.
    """

    target: str
    value: Value
    reasons: tuple[str, ...] = ()  # codes of the rules that explain it, those that decide it first
    stage: Stage | None = None  # of the reason that decides

    @classmethod
    def of(cls, target: str, refusals: Sequence[Refusal]) -> Verdict:
        """The verdict that these reasons make, which stand in the order of `refusals_of`."""
        stage = refusals[0].stage if refusals else None
        reasons = tuple(dict.fromkeys(refusal.code for refusal in refusals))
        return cls(target, _VALUES[stage], reasons, stage)


_VALUES: dict[Stage | None, Value] = {
    "load": "unsupported",
    "allocate": "unsupported",
    "delegate": "unsupported",
    "unknown": "unknown",
    "invoke": "partial",
    "cpu": "partial",
    None: "supported",
}
_ORDER = tuple(_VALUES)  # what decides comes first


def refusals_of(model: Model, profile: RuntimeProfile) -> tuple[Refusal, ...]:
    """Walk construct and allocate as the runtime does; give its reasons to refuse, those that decide first."""
    refusals = [*construct(model, profile), *allocate(model, profile)]
    if profile.compiled:
        refusals += compiled(model, profile)
    loads = not any(_VALUES[refusal.stage] == "unsupported" for refusal in refusals)
    if profile.accelerator and loads:
        from tflint.runtimes.offload import offload  # noqa: PLC0415 - for accelerators only

        refusals += offload(model, profile)
    if profile.inferred and loads:
        refusals.append(Refusal("unknown", "TFL214", model, {"op": profile.id, "what": "its runtime was not measured"}))
    return tuple(sorted(refusals, key=lambda refusal: _ORDER.index(refusal.stage)))


def judge(model: Model, profile: RuntimeProfile) -> Verdict:
    """What the target makes of the model."""
    return Verdict.of(profile.id, refusals_of(model, profile))
