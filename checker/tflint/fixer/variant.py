"""What is wanted of a quantization, and what came of it: one variant for each way that was tried."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tflint.errors import TflintError, one_of
from tflint.parity.runners import TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tflint.findings import FileReport
    from tflint.parity.judge import Judgement
    from tflint.parity.results import Results
    from tflint.parity.samples import Samples

AUTO = "auto"
LADDER = ("int4", "int8", "dynamic", "weight-only-int8", "int16x8", "float16")  # about from small to large
SCHEMES = (*LADDER, AUTO)


@dataclass(frozen=True, slots=True)
class Wish:
    """What was asked for. `check`: what a candidate is held against; `calibration`, `samples`: by an entry's key.

    `random`: the samples are. `converted`: the file that the converter makes of the source by a scheme of its own; it
    raises TflintError.
    """

    schemes: tuple[str, ...]
    check: Callable[[Path], FileReport]
    calibration: Mapping[str | None, Samples] = field(default_factory=dict)
    samples: Mapping[str | None, Samples] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    timeout: float = TIMEOUT
    progress: Callable[[str], None] = lambda _: None
    converted: Callable[[str], Path] | None = None
    random: bool = False

    @property
    def auto(self) -> bool:
        """Of all schemes the smallest that holds is wanted."""
        return self.schemes == (AUTO,)

    @property
    def several(self) -> bool:
        """More than one is wanted: beside the model, which stays float."""
        return len(self.schemes) > 1


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to quantize the model, and what came of it. `file` is None where there is no model of it."""

    scheme: str
    file: Path | None = None
    kept_float: tuple[str, ...] = ()
    """Layers that stay float: outputs of theirs, or types of operators."""
    problem: str = ""
    """Why there is no model, why parity does not hold, or what the check finds new."""
    judgements: tuple[Judgement, ...] = ()
    size: int = 0
    deflated: int = 0
    source: tuple[Judgement, ...] = ()
    """By the answers of what the float model was converted from, where those are known."""

    @property
    def holds(self) -> bool:
        """It is there and answers as the float model does."""
        return self.file is not None and bool(self.judgements) and not self.problem

    @property
    def ran(self) -> bool:
        """It is there and gives answers, whatever they are worth."""
        return bool(self.judgements) and all(each.candidate.ran for each in self.judgements)


@dataclass(frozen=True, slots=True)
class Quantized:
    """All variants, smallest first, and those to keep. `reference`: of each entry, the float model's answers."""

    wish: Wish
    reference: tuple[Results, ...]
    samples: tuple[Samples, ...]
    size: int
    deflated: int
    variants: tuple[Variant, ...]
    kept: tuple[Variant, ...]
    notes: tuple[str, ...] = ()
    backups: tuple[Path, ...] = ()
    """Where models are kept that a variant has taken the place of."""

    @property
    def chosen(self) -> Variant | None:
        """The one that takes the model's place."""
        return None if self.wish.several else next(iter(self.kept), None)

    @property
    def missing(self) -> tuple[str, ...]:
        """Schemes that were asked for and of which nothing is kept."""
        found = {AUTO, *(variant.scheme for variant in self.kept)} if self.kept else set()
        return tuple(scheme for scheme in self.wish.schemes if scheme not in found)

    def place(self, variant: Variant, model: Path) -> Path:
        """Where a variant goes: in the model's place; of several `model-int8.tflite` beside it."""
        return model.with_name(f"{model.stem}-{variant.scheme}.tflite") if self.wish.several else model


def schemes_of(text: str) -> tuple[str, ...]:
    """Schemes as `--quantize` has them: one, `auto`, or several with commas between. Raises TflintError."""
    words = tuple(dict.fromkeys(word.strip() for word in text.split(",")))
    for word in words:
        one_of(word, "--quantize", SCHEMES)
    if AUTO in words and len(words) > 1:
        raise TflintError("--quantize auto keeps one of all schemes: name it alone, or those that you want")
    return words


def sizes(path: Path) -> tuple[int, int]:
    """Bytes of a file, as it is and as a zip archive holds it."""
    deflate = zlib.compressobj()
    total = packed = 0
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            total += len(block)
            packed += len(deflate.compress(block))
    return total, packed + len(deflate.flush())


def new_error(before: FileReport, after: FileReport) -> str:
    """The first error that the float model does not have, or ""."""
    had = {finding.rule.code for finding in before.findings if finding.severity.name == "ERROR"}
    for finding in after.findings:
        if finding.severity.name == "ERROR" and finding.suppressed is None and finding.rule.code not in had:
            return f"{finding.rule.code} would be new: {finding.message}"
    return ""
