"""Quantized models of what `tflint fix --source` converted: one takes the model's place, several are put beside it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tflint.commands.fix import noted
from tflint.commands.quantize import Asked, entry, require_quantizer, why_missing, wish_of
from tflint.errors import TflintError
from tflint.fixer.against import by_source
from tflint.fixer.loop import digest
from tflint.fixer.place import put, put_new, scratch
from tflint.fixer.quantize import quantize
from tflint.fixer.requantize import requantized
from tflint.fixer.variant import schemes_of
from tflint.parity.process import QUANTIZER, RUNNER, Children
from tflint.parity.texts import Tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tflint.convert.environment import Environment
    from tflint.convert.recipe import Recipe
    from tflint.findings import FileReport
    from tflint.fixer.place import Held
    from tflint.fixer.reconvert import Reconverted


@dataclass(frozen=True, slots=True)
class Variants:
    """What is to be made. `children`: they import while the converter works."""

    asked: Asked
    several: bool
    children: Children

    def make(self, found: Reconverted, check: Callable[[Path], FileReport], folder: Path, where: Environment) -> None:
        """Quantize the float model; one that is alone is what is kept of it. `where`: the converter is.

        Several are given the samples of the float model's proof, and judged by the source's answers to them as well.
        Raises TflintError for what is the user's to mend.
        """
        assert found.file is not None  # noqa: S101 - the caller's condition
        folder.mkdir()
        home = (found.home or where).python
        wish = wish_of(found.file, self.asked, check, Tokenizer(found.recipe.source, str(home), self.asked.timeout))
        if self.several and found.parity is not None:
            random = not (self.asked.inputs or self.asked.calibration)
            wish = replace(wish, samples={part.key: part.samples for part in found.parity.parts}, random=random)
        if not found.recipe.by_torch:
            own, made = folder / "by-converter", found.tries[-1].attempt
            own.mkdir()
            wish = replace(
                wish,
                converted=lambda scheme: requantized(scheme, made, where, wish.calibration, own, self.asked.timeout),
            )
        found.quantized = quantize(found.file, wish, folder, self.children)
        if self.several:
            found.quantized = by_source(found, self.asked.metrics)
            return
        chosen = found.quantized.chosen
        found.file = chosen.file if chosen else None
        found.problem = "" if chosen else why_missing(found.quantized)


def wanted(recipe: Recipe, inputs: str | None, timeout: float, progress: Callable[[str], None]) -> Variants | None:
    """What a recipe asks for, or None. Raises TflintError where that cannot be."""
    if recipe.quantize is None:
        return None
    several = len(schemes_of(recipe.quantize)) > 1
    require_quantizer()
    children = Children()
    children.start(name=QUANTIZER)
    children.start(2 if several else 1, name=RUNNER, modules=("ai_edge_litert.interpreter",))
    asked = Asked(
        scheme=recipe.quantize,
        calibration=recipe.calibration,
        inputs=inputs,
        metrics=recipe.metrics,
        timeout=timeout,
        progress=progress,
    )
    return Variants(asked, several, children)


def put_beside(found: Reconverted, model: Path, held: Held | None, *, backup: bool) -> None:
    """Put those of several that are kept beside the model, each with its entry in the lock. Raises TflintError."""
    quantized = found.quantized
    assert quantized is not None  # noqa: S101 - the caller's condition
    assert found.file is not None  # noqa: S101 - same
    for variant in quantized.kept:
        assert variant.file is not None  # noqa: S101 - what holds has a file
        place = quantized.place(variant, model)
        with scratch(place) as candidate:
            try:
                shutil.copyfile(variant.file, candidate)
            except OSError as problem:
                raise TflintError(f"cannot write {candidate}: {problem.strerror or problem}", 1) from None
            said = entry(quantized, variant, (digest(found.file), digest(candidate)))
            if held is None:
                put_new(candidate, place, over=True)
            else:
                put(candidate, held, place, backup=backup)
        noted(place, {**said, "conversion": found.recipe.plain})
