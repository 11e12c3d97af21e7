"""How long each attempt's model takes, and how far it is from the source where it is given the same inputs."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.fixer.reconvert import Weight
from tflint.open import open_model
from tflint.parity.entry import entries
from tflint.parity.generate import SEED, Side, generate
from tflint.parity.judge import judge
from tflint.parity.runners import run

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tflint.fixer.reconvert import Reconverted
    from tflint.parity.entry import Entry
    from tflint.parity.judge import Judgement

RUNS = 3  # random samples, of a model that is not compared


def weigh(found: Reconverted, before: Path | None, timeout: float) -> None:
    """Run the model as it was and those of attempts before the last, whose own numbers are known by now.

    `timeout`: seconds for each.
    """
    if before is not None:
        found.was = _alone(before, timeout)
    last = len(found.tries) - 1
    for place, each in enumerate(found.tries):
        if each.report is None or each.attempt.file is None:
            continue
        if place < last or found.parity is None:
            found.weights[place] = _beside(found, each.attempt.file, timeout)
        elif found.file == each.attempt.file:
            found.weights[place] = _weight(part.judgements[0] for part in found.parity.parts if part.judgements)
        elif found.quantized is not None:
            times = [each.latency for each in found.quantized.reference if each.latency is not None]
            found.weights[place] = Weight(sum(times) if times else None)


def _alone(file: Path, timeout: float) -> Weight:
    try:
        model = open_model(file)
        times = []
        for entry in entries(model):
            side = Side(model, entry, {port.name: port.name for port in entry.inputs})
            results = run(str(file), generate((side,), count=RUNS, seed=SEED), entry=entry, timeout=timeout)
            times.append(results.latency)
    except TflintError:  # it has no samples, or no runtime: it is what is to be mended
        return Weight()
    known = [each for each in times if each is not None]
    return Weight(sum(known) if known and len(known) == len(times) else None)


def _beside(found: Reconverted, file: Path, timeout: float) -> Weight:
    """Of an earlier attempt: by the samples and answers of the last one's proof, where it has the same inputs."""
    own = entries(open_model(file))
    parts = found.parity.parts if found.parity is not None else ()
    kept = entries(open_model(found.file)) if found.file is not None else ()
    if not parts or len(own) != len(kept) or any(map(_apart, own, kept)):
        return _alone(file, timeout)
    assert found.parity is not None  # noqa: S101 - it has parts
    judgements = []
    for entry, part in zip(own, parts, strict=False):
        if part.judgements:
            answer = part.judgements[0].reference
            results = run(str(file), part.samples, entry=entry, timeout=timeout)
            judgements.append(judge(answer, results, found.parity.gates, found.recipe.names, part.samples.empty))
    return _weight(judgements)


def _apart(one: Entry, other: Entry) -> bool:
    return {(port.name, port.dtype, port.shape) for port in one.inputs} != {
        (port.name, port.dtype, port.shape) for port in other.inputs
    }


def _weight(judgements: Iterable[Judgement]) -> Weight:
    judgements = list(judgements)
    times = [each.candidate.latency for each in judgements if each.candidate.latency is not None]
    numbers = [verdict.numbers for each in judgements for verdict in each.verdicts if verdict.numbers]
    logits = [each.logit for each in numbers if each.logit is not None and isfinite(each.logit)]
    return Weight(sum(times) if times else None, max(logits, default=None))
