"""From findings and wishes to edits, in the order in which they are done, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tflint.fixer.edits.upkeep import DropDeadCode

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from tflint.findings import Finding
    from tflint.fixer.edits.edit import Edit


@dataclass(frozen=True, slots=True)
class Step:
    """An edit and why: the finding that it mends, or with no code the flag that asks for it."""

    edit: Edit
    why: str
    code: str = ""
    name: str = ""
    place: str = ""  # of the finding, in the model as it was

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "edit": self.edit.title,
            "applicability": self.edit.applicability,
            "code": self.code or None,
            "name": self.name or None,
            "why": self.why,
        }


def steps_for(findings: Iterable[Finding], codes: Container[str], *, unsafe: bool) -> tuple[list[Step], list[Step]]:
    """Steps that mend findings of these rules, and those that are left to somebody: unsafe or manual ones."""
    found = [
        Step(edit, finding.message, finding.rule.code, finding.rule.name, finding.place.path)
        for finding in findings
        if finding.suppressed is None and finding.rule.code in codes
        for edit in finding.fix
    ]
    allowed = ("safe", "unsafe") if unsafe else ("safe",)
    return (
        ordered(step for step in found if step.edit.applicability in allowed),
        [step for step in found if step.edit.applicability not in allowed],
    )


def ordered(steps: Iterable[Step]) -> list[Step]:
    """By stage, each edit once, and what they leave over dropped in the end."""
    first: dict[Edit, Step] = {}
    for step in steps:
        first.setdefault(step.edit, step)
    if any(edit.leaves_over for edit in first):
        first.setdefault(DropDeadCode(), Step(DropDeadCode(), "what the edits before leave over"))
    return sorted(first.values(), key=lambda step: step.edit.stage)
