"""Prove a converted model: against its source in the framework that it is from, and where that parts, one step nearer.

A checkpoint of PyTorch that TensorFlow converts is compared three ways: PyTorch with the result, and if those part,
TensorFlow's model with the result. That says whether weights or code got lost before the conversion, or in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tflint.convert.attempt import GIVEN
from tflint.convert.recipe import CHANNELS_LAST
from tflint.source import FUNCTION, by_torch, source_of

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.fixer.reconvert import Reconverted
    from tflint.fixer.variant import Quantized, Variant
    from tflint.parity.gates import Gates
    from tflint.parity.samples import Samples
    from tflint.parity.verify import Options

FRAMEWORK = {False: "TensorFlow", True: "PyTorch"}


@dataclass(frozen=True, slots=True)
class Reference:
    """What a result is compared with. `note`: why it is not the source itself; `asks`: it knows the source's names."""

    source: str
    note: str = ""
    asks: bool = True


def reference_of(found: Reconverted) -> Reference:
    """The source in its own framework; else what the converter was given."""
    assert found.file is not None  # noqa: S101 - the caller's condition
    recipe, answer = found.recipe, found.tries[-1].attempt.answer
    source, given = source_of(recipe.source), str(given_of(found))
    framework = FRAMEWORK[recipe.by_torch]
    if recipe.weights is not None and not recipe.by_torch and FUNCTION.fullmatch(recipe.weights):
        return Reference(recipe.weights)
    if recipe.weights is not None:
        note = (
            f"{recipe.weights} is weights alone, which no code of PyTorch's comes with: --weights module:function has"
        )
        return Reference(given, f"compared with {framework}'s model that they went into; {note}", asks=False)
    if recipe.by_torch and (recipe.map or CHANNELS_LAST in recipe.steps):
        return Reference(given, "compared with PyTorch's model as it was converted: mapped or turned", asks=False)
    if by_torch(source) and not recipe.by_torch and "torch" not in answer.get("versions", {}):
        note = "compared with TensorFlow's model, not with PyTorch, which is not installed there"
        return Reference(given, note, asks=False)
    return Reference(source.spec)


def given_of(found: Reconverted) -> Path:
    """What the converter of the last attempt was given."""
    made = found.tries[-1].attempt.file
    assert made is not None  # noqa: S101 - the callers' condition
    return made.parent.parent / GIVEN[found.recipe.by_torch]


def prove(found: Reconverted, samples: Samples | None, gates: Gates, options: Options) -> None:
    """Compare, and tell what is wrong in `found.problem`. Raises TflintError for what is the user's to mend."""
    from tflint.parity.verify import verify  # noqa: PLC0415 - numpy

    reference, candidate, recipe = reference_of(found), str(found.file), found.recipe
    keys = dict(found.tries[-1].attempt.answer.get("keys", {}))
    ours = replace(options, trusted=True)  # a program that the converter was given is written by us
    asking = replace(options, bind=recipe.names, wanted=recipe.outputs, keys=keys) if reference.asks else ours
    report = verify(reference.source, candidate, samples, gates, asking)
    shown = recipe.source if not recipe.weights else recipe.weights
    found.parity, found.note = replace(report, reference=shown), reference.note
    if report.holds:
        return
    found.problem = f"parity with {shown} does not hold: {'; '.join(report.reasons)}"
    given = given_of(found)
    if reference.asks and given.exists() and _of_torch(found):
        between = verify(str(given), candidate, samples, gates, ours)
        found.note = (
            "TensorFlow's model and the result agree: PyTorch's weights or code got lost before the conversion"
            if between.holds
            else "TensorFlow's model and the result part as well: the conversion changes the numbers"
        )
        found.problem += f"; {found.note}"


def by_source(found: Reconverted, metrics: tuple[str, ...]) -> Quantized:
    """Variants judged by the source's answers as well: they were given the samples of the float model's proof."""
    from tflint.model.scheme import schemes  # noqa: PLC0415 - late
    from tflint.open import open_model  # noqa: PLC0415 - late
    from tflint.parity.gates import gates_for, with_metrics  # noqa: PLC0415 - numpy
    from tflint.parity.judge import judge  # noqa: PLC0415 - numpy

    assert found.quantized is not None  # noqa: S101 - the caller's condition
    assert found.parity is not None  # noqa: S101 - same
    bind = found.recipe.names if reference_of(found).asks else {}
    parts = {part.key: part for part in found.parity.parts}

    def judged(variant: Variant) -> Variant:
        if variant.file is None:
            return variant
        gates = with_metrics(gates_for(schemes(open_model(variant.file))), metrics)
        judgements = tuple(
            judge(part.judgements[0].reference, each.candidate, gates, bind, part.samples.empty, part.samples.labels)
            for each in variant.judgements
            if (part := parts.get(each.candidate.key))
        )
        reasons = [reason for each in judgements for reason in each.reasons]
        problem = f"against the source: {'; '.join(reasons)}" if reasons and not variant.problem else variant.problem
        return replace(variant, source=judgements, problem=problem)

    names = [variant.file for variant in found.quantized.kept]
    variants = tuple(map(judged, found.quantized.variants))
    kept = tuple(variant for variant in variants if variant.holds and variant.file in names)
    return replace(found.quantized, variants=variants, kept=kept)


def _of_torch(found: Reconverted) -> bool:
    """The reference is PyTorch's, and TensorFlow converted."""
    recipe = found.recipe
    if recipe.by_torch:
        return False
    source = source_of(recipe.source)
    return by_torch(source) if source.kind == "checkpoint" else recipe.weights is not None
