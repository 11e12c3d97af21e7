"""What `verify` found: of each entry point the samples, the judgements, and where the two part ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tflint.parity.gates import Gates
    from tflint.parity.judge import Judgement
    from tflint.parity.layers import Layers
    from tflint.parity.samples import Samples


@dataclass(frozen=True, slots=True)
class Part:
    """What was found of one entry: the samples, and a judgement for each way to run."""

    key: str | None
    samples: Samples
    judgements: tuple[Judgement, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    layers: Layers | None = None
    """Where the two part ways, of `.tflite` files that disagree."""

    @property
    def holds(self) -> bool:
        """Whether the candidate answers as the reference does wherever the reference answers."""
        return bool(self.judgements) and not self.problems and all(each.holds for each in self.judgements)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, a line each."""
        where = "" if self.key is None else f"signature '{self.key}': "
        return (
            *(where + problem for problem in self.problems),
            *(where + r for each in self.judgements for r in each.reasons),
        )


@dataclass(frozen=True, slots=True)
class ParityReport:
    """What came of it."""

    reference: str
    candidate: str
    gates: Gates
    parts: tuple[Part, ...]
    problems: tuple[str, ...] = ()
    scheme: str = ""
    """The gates that the candidate's quantization asks for."""

    @property
    def holds(self) -> bool:
        """Whether parity is proved."""
        return bool(self.parts) and not self.problems and all(part.holds for part in self.parts)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, a line each."""
        return (*self.problems, *(reason for part in self.parts for reason in part.reasons))
