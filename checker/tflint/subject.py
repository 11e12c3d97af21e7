"""What rules look at beside the model's own parts: a file as found on disk, and a target with its verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.dataclass import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.model.view import Model
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Refusal


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class ModelFile:
    """A file: a model, or the reason why it is none."""

    name: str
    size: int
    model: Model | None
    problem: str = ""
    where: int = 0  # byte offset of the problem
    path: str = "/"
    label: str = "the file"


class Notice:
    """What no rule looks at: the checker makes the hits of a rule that is annotated with it."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Target:
    """A runtime that the user named (or the newest LiteRT, `assumed`), and what it makes of the model."""

    profile: RuntimeProfile
    model: Model
    reasons: tuple[Refusal, ...]  # why it would not run the model, those that decide first
    assumed: bool = False

    @property
    def id(self) -> str:
        """The target's id."""
        return self.profile.id

    @property
    def integers_only(self) -> bool:
        """It names an accelerator that computes with integers only."""
        if not self.profile.accelerator:
            return False
        from tflint.runtimes.accelerator import accelerator  # noqa: PLC0415 - for accelerators only

        return accelerator(self.profile.accelerator).quantized_only

    def refusals(self, code: str) -> Iterator[Refusal]:
        """The reasons that the rule `code` explains."""
        return (refusal for refusal in self.reasons if refusal.code == code)
