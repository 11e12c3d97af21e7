"""Why a runtime would not run a model: the common currency of the walks, the verdict and the rules on targets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

Stage = Literal["load", "allocate", "delegate", "invoke", "cpu", "unknown"]


class Located(Protocol):
    """Anything in a model that a finding can point at."""

    @property
    def path(self) -> str:
        """Symbolic path."""
        ...

    @property
    def label(self) -> str:
        """The words a reader knows it by."""
        ...


class Refusal(NamedTuple):
    """One reason. `stage` is where the runtime gives up; "unknown": no measured fact decides.

    "invoke" stands for what loads and allocates and fails when it is reached: behind the first dynamic output, or in
    a subgraph that another signature enters; "delegate" for what an accelerator, or its compiler, refuses as a whole,
    and "cpu" for what it leaves to the CPU. `code` names the rule that explains it.
    """

    stage: Stage
    code: str
    at: Located
    data: Mapping[str, Any]
