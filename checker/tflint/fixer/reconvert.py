"""Convert a model again from its source until the result is clean, and prove it against the source.

One straight line, tried anew with a better recipe: attempt -> re-check -> corrections; what gave no model goes to the
ladder. The caller puts the result in the model's place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tflint.convert.attempt import attempt
from tflint.convert.corrections import ANYWAY, CORRECTIONS, corrected, wanted
from tflint.convert.diagnosis import diagnose
from tflint.convert.ladder import next_rung
from tflint.findings import Severity
from tflint.open import open_model

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from tflint.convert.attempt import Attempt
    from tflint.convert.diagnosis import Diagnosis
    from tflint.convert.environment import Environment
    from tflint.convert.recipe import Change, Recipe
    from tflint.findings import FileReport, Finding
    from tflint.fixer.variant import Quantized
    from tflint.parity.report import ParityReport
    from tflint.runtimes.profile import RuntimeProfile

    Check = Callable[[Path], FileReport]

ATTEMPTS = 6
LOST = "the signature '{}' would be gone, which the source does not give; --signature says which are wanted"
LOOPS = {"TFL601", "TFL602", "TFL604"}  # findings on recurrent layers


@dataclass(frozen=True, slots=True)
class Try:
    """One attempt: what was changed for it, and what came of it. `report`: findings of what it made."""

    changes: tuple[Change, ...]
    attempt: Attempt
    diagnosis: Diagnosis | None = None
    report: FileReport | None = None
    size: int = 0
    operators: int = 0

    @property
    def loops(self) -> dict[str, str]:
        """Recurrent layer -> why it runs in a loop nevertheless."""
        asked = self.report and any(finding.rule.code in LOOPS for finding in self.report.findings)
        return dict(self.attempt.answer.get("loops", {})) if asked else {}


@dataclass(frozen=True, slots=True)
class Weight:
    """Seconds of a run, one thread, default delegates; percent of logit difference from the source. None: unknown."""

    latency: float | None = None
    logit: float | None = None


@dataclass(slots=True)
class Reconverted:
    """All tries, and the model to keep; `problem`: why there is none."""

    recipe: Recipe
    before: FileReport | None
    tries: list[Try] = field(default_factory=list)
    file: Path | None = None
    problem: str = ""
    parity: ParityReport | None = None
    note: str = ""
    """What it was compared with, where that is not the source; and which side of TensorFlow numbers part."""
    quantized: Quantized | None = None
    was: Weight | None = None
    """What the model that is replaced takes."""
    weights: dict[int, Weight] = field(default_factory=dict)
    """Of attempts, by their place: what their models take, and how far they are from the source."""
    home: Environment | None = None
    """Where the source's framework is."""

    @property
    def after(self) -> FileReport | None:
        """Findings of the last model that was made."""
        return next((each.report for each in reversed(self.tries) if each.report is not None), None)


def reconvert(
    recipe: Recipe,
    before: FileReport | None,
    check: Check,
    folder: Path,
    places: Callable[[Recipe], tuple[Environment, Environment]],
    *,
    given: Sequence[Change] = (),
    replay: bool = False,
    keys: Collection[str] = (),
    targets: Sequence[RuntimeProfile] = (),
    timeout: float,
    trusted: bool = False,
    progress: Callable[[str], None] = lambda _: None,
) -> Reconverted:
    """Attempt, and attempt again with what the result asks for; `replay`: the recipe as it is, once.

    `before`: findings of the model that is to be replaced; `places`: where a recipe's converter is, and where the
    source's framework; `targets`: what the result is for; `given`: changes that the recipe has had already; `keys`:
    signatures that the result may not lack. Raises TflintError for what is the user's to mend.
    """
    found = Reconverted(recipe, before)
    changes: list[Change] = []
    if not replay:
        recipe, changes = corrected(recipe, before.findings if before is not None else ())
        changes = [*given, *changes]
    for number in range(1, 2 if replay else ATTEMPTS + 1):
        found.recipe = recipe
        where, found.home = places(recipe)
        progress(f"attempt {number}: {', '.join(change.line for change in changes) or recipe.converter}")
        tried = attempt(recipe, where, found.home, folder / f"attempt-{number}", timeout=timeout, trusted=trusted)
        diagnosis = diagnose(tried)
        if tried.file is None or diagnosis is not None:
            assert diagnosis is not None  # noqa: S101 - what made no model has one
            found.tries.append(Try(tuple(changes), tried, diagnosis))
            found.problem = diagnosis.told
            changes = [] if replay else next_rung(tried, diagnosis, targets)
        else:
            report = check(tried.file)
            model = open_model(tried.file)
            operators = sum(len(graph.ops) for graph in model.subgraphs)
            found.tries.append(Try(tuple(changes), tried, None, report, tried.file.stat().st_size, operators))
            lost = [key for key in keys if key not in {signature.key for signature in model.signatures}]
            found.problem = LOST.format(lost[0]) if lost else unclean(before, report, found.tries[-1].loops)
            opened = tried.answer.get("source_inputs", {})
            changes = [] if replay or lost else _next(recipe, _asking(before, report), opened)
            if not changes:
                found.file = tried.file if not found.problem else None
                return found
        if not changes:
            return found
        for change in changes:
            recipe = recipe.changed(change)
    return found


def _next(recipe: Recipe, findings: list[Finding], inputs: Mapping[str, Any]) -> list[Change]:
    """What findings ask for; where that is sizes of what is not open, what they ask for beside them."""
    better, asked = corrected(recipe, findings)
    return wanted(asked, inputs) or wanted(corrected(better, findings)[1], inputs)


def _asking(before: FileReport | None, after: FileReport) -> list[Finding]:
    """Findings that are worth another attempt: errors, warnings, and what the model had before."""
    had = {finding.rule.code for finding in before.findings} if before else set()
    return [each for each in after.findings if each.severity is not Severity.INFO or each.rule.code in had]


def unclean(before: FileReport | None, after: FileReport, loops: Mapping[str, str]) -> str:
    """Why a result is not kept: a finding that was to be mended and is still there, or an error that is new; or "".

    `loops`: recurrent layer -> why it is one.
    """
    had = {finding.rule.code for finding in before.findings} if before else set()
    for finding in after.findings:
        code = finding.rule.code
        if finding.suppressed is not None or finding.severity is Severity.INFO:
            continue
        if code in had and (code in CORRECTIONS or code in ANYWAY):
            whys = [f"{layer}: {why}" for layer, why in loops.items()] if code in LOOPS else []
            return f"{code} is still there: {finding.message}" + (f" ({'; '.join(whys)})" if whys else "")
        if code not in had and finding.severity is Severity.ERROR:
            return f"{code} would be new: {finding.message}"
    return ""
