"""What every edit is: a value that says what it does and at what price, and does it to the tables of a document."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, Literal

from tflint.dataclass import dataclass

if TYPE_CHECKING:
    from tflint.fixer.document import Document

Applicability = Literal["safe", "unsafe", "manual"]


@dataclass(frozen=True, slots=True)
class Edit(ABC):
    """One change of a model.

    It names tensors by number and never operators: numbers of tensors stay until dead code is dropped, which comes
    last. Nothing here imports a writer, so that rules may carry edits.
    """

    applicability: ClassVar[Applicability] = "safe"
    """`safe`: outputs stay bit-identical; `unsafe`: numbers or what callers bind to change; `manual`: only a person
    knows what to write."""
    stage: ClassVar[int] = 0
    """Edits of a lower stage come first."""
    exposes: ClassVar[frozenset[str]] = frozenset()
    """Codes of rules that may find, once it is done, what was there before and could not be seen."""
    keeps_computation: ClassVar[bool] = False
    """What is reached of operators, tensors and weights stays as it is: tables show that nothing else is computed."""
    exact: ClassVar[bool] = True
    """Outputs stay bit-identical, whatever else it is that makes it unsafe."""
    leaves_over: ClassVar[bool] = False
    """Something may be dead afterwards: it is dropped in the end."""
    repairs: ClassVar[bool] = False
    """It may make a model run that does not."""

    @property
    @abstractmethod
    def title(self) -> str:
        """What it does: an imperative fragment."""

    @abstractmethod
    def apply(self, document: Document) -> bool:
        """Do it; say whether anything changed. Raises TflintError, with the reason, where it cannot be done."""


@dataclass(frozen=True, slots=True)
class ByHand(Edit):
    """What a person has to decide."""

    applicability = "manual"

    advice: str

    @property
    def title(self) -> str:
        """The advice."""
        return self.advice

    def apply(self, document: Document) -> bool:  # noqa: ARG002 - as all edits
        """Nothing."""
        return False
