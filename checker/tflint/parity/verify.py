"""Prove that a candidate answers as a reference does: bind, sample, run both, judge."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.model.scheme import schemes
from tflint.parity.gates import gates_for
from tflint.parity.generate import COUNT, SEED, Side, generate
from tflint.parity.judge import Judgement, judge
from tflint.parity.layers import Layers, compared, pairs
from tflint.parity.pairing import Pair, conformed, handed, inputs, meant, of_entry, paired
from tflint.parity.report import ParityReport, Part
from tflint.parity.results import SAVED
from tflint.parity.runners import BUILTIN, DEFAULT, TFLITE, TIMEOUT, intermediates, kind_of, open_source, run
from tflint.parity.samples import Samples

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tflint.model.view import Model
    from tflint.parity.entry import Entry
    from tflint.parity.gates import Gates
    from tflint.parity.results import Results


@dataclass(frozen=True, slots=True)
class Options:
    """How to verify. `bind`: reference name -> candidate name of inputs and outputs, `keys`: of signatures.

    `ranges`: of random inputs. `wanted`: outputs of a framework's model that are compared; none named: all. `trusted`:
    code that a file holds may run.
    """

    signature: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)
    bind: Mapping[str, str] = field(default_factory=dict)
    wanted: tuple[str, ...] = ()
    modes: tuple[str, ...] = (DEFAULT, BUILTIN)
    count: int = COUNT
    seed: int = SEED
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    registerers: tuple[str, ...] = ()
    python: str = sys.executable
    trusted: bool = False
    timeout: float = TIMEOUT
    per_layer: bool = False
    progress: Callable[[str], None] | None = None


def verify(
    reference: str,
    candidate: str,
    samples: Samples | None = None,
    gates: Gates | None = None,
    options: Options | None = None,
) -> ParityReport:
    """Run both on samples (None: random ones) and judge (None: by the candidate's quantization).

    Raises TflintError for what is the user's to mend: files, samples that are no inputs, a missing extra. What a model
    does, to crash included, is in the report.
    """
    options = options or Options()
    models = {source: open_source(source) for source in (reference, candidate) if kind_of(source) == TFLITE}
    scheme = default_gates(candidate, reference, models)
    gates = gates or scheme
    if kind_of(candidate) not in (TFLITE, SAVED):
        raise TflintError(f"{candidate}: the candidate is a .tflite model, or saved outputs")
    if not models and kind_of(reference) != SAVED:
        raise TflintError("one side is a .tflite model: it tells what the inputs are")
    if not models:
        found = judge(run(reference, _none()), run(candidate, _none()), gates, options.bind)
        part = Part(found.reference.key, Samples((), "none: both sides are saved"), (found,))
        return ParityReport(reference, candidate, gates, (part,), scheme=scheme.name)
    parts: list[Part] = []
    problems: list[str] = []
    found_pairs = list(paired(reference, candidate, models, problems, options.signature, options.keys))
    for ours, theirs in found_pairs:
        given = samples if len(found_pairs) == 1 else of_entry(samples, ours or theirs)
        parts.append(_part(Pair(reference, candidate, models, ours, theirs), given, gates, options))
    return ParityReport(reference, candidate, gates, tuple(parts), tuple(problems), scheme.name)


def default_gates(candidate: str, reference: str | None = None, models: Mapping[str, Model] | None = None) -> Gates:
    """The gates that a candidate's quantization asks for, or that it has in common with a reference.

    Those of floats for what is saved. `models`: those that are open.
    """
    own, other = (
        None
        if source is None or kind_of(source) != TFLITE
        else schemes((models or {}).get(source) or open_source(source))
        for source in (candidate, reference)
    )
    return gates_for(own or (), other)


def _none() -> Samples:
    return Samples((), "")


def _part(pair: Pair, samples: Samples | None, gates: Gates, options: Options) -> Part:
    base = pair.ours or pair.theirs
    assert base is not None  # noqa: S101 - one side is a model
    notes: list[str] = []
    names, problems = inputs(pair, gates, options.bind, notes)
    if problems:
        return Part(base.key, samples or _none(), (), tuple(problems), tuple(notes))
    if samples is None:
        if SAVED in (kind_of(pair.reference), kind_of(pair.candidate)):
            raise TflintError("outputs that were saved need the samples they are the answers to: --inputs FILE")
        samples = generate(_sides(pair, names), count=options.count, seed=options.seed, ranges=options.ranges)
    given, samples = samples, conformed(samples, base)
    theirs = handed(samples, pair, names)
    ours, asked = (samples, pair.ours) if pair.ours is not None else meant(given, samples, _asked(base, options.keys))
    found: list[Judgement] = []
    reference: Results | None = None
    for mode in options.modes:
        if options.progress:
            options.progress(mode)
        if pair.ours is not None or reference is None:  # no framework runs twice
            reference = _run(pair.reference, ours, asked, mode, pair, options)
        candidate = _run(pair.candidate, theirs, pair.theirs or base, mode, pair, options)
        found.append(judge(reference, candidate, gates, options.bind, samples.empty, samples.labels))
    kept, told = _answered(found)
    part = Part(base.key, samples, tuple(kept), (), (*notes, *told))
    apart = any(not verdict.holds and verdict.numbers for each in kept for verdict in each.verdicts)
    if pair.ours and pair.theirs and (apart or options.per_layer) and any(each.compared for each in kept):
        return replace(part, layers=_layers(pair, part, theirs, gates, options))
    return part


def _asked(entry: Entry, keys: Mapping[str, str]) -> Entry:
    """An entry of the candidate by the key that the reference's framework has for it."""
    return replace(entry, key=next((ours for ours, theirs in keys.items() if theirs == entry.key), entry.key))


def _sides(pair: Pair, names: Mapping[str, str]) -> tuple[Side, ...]:
    """The models that tell which samples are legal, that whose names the samples have first."""
    sides = []
    if pair.ours is not None:
        sides.append(Side(pair.models[pair.reference], pair.ours, {port.name: port.name for port in pair.ours.inputs}))
    if pair.theirs is not None:
        sides.append(Side(pair.models[pair.candidate], pair.theirs, names))
    return tuple(sides)


def _layers(pair: Pair, part: Part, theirs: Samples, gates: Gates, options: Options) -> Layers:
    """Compare inside, on the sample that shows the largest difference."""
    assert pair.ours is not None  # noqa: S101 - asked before
    assert pair.theirs is not None  # noqa: S101 - same
    verdicts = sorted((v for each in part.judgements for v in each.verdicts if v.numbers), key=lambda v: v.holds)
    sample = next((v.numbers.worst[0] for v in verdicts if v.numbers and v.numbers.worst), 0)
    graph = pair.models[pair.reference].subgraphs[pair.ours.subgraph]
    twin = pair.models[pair.candidate].subgraphs[pair.theirs.subgraph]
    found = pairs(graph, twin)
    sides = []
    for source, samples, entry, wanted in (
        (pair.reference, part.samples, pair.ours, found.keys()),
        (pair.candidate, theirs, pair.theirs, found.values()),
    ):
        only = samples.only([sample])
        python = _python(source, pair, options)
        values, problem = intermediates(source, only, entry, wanted, options.registerers, python, options.timeout)
        if problem:
            return Layers(sample, (), len(graph.ops), None, f"{source}: {problem}")
        sides.append(values)
    return compared(graph, twin, found, sides[0], sides[1], gates, sample)


def _answered(found: list[Judgement]) -> tuple[list[Judgement], list[str]]:
    """Without the modes in which neither side runs, as long as another tells: the candidate loses nothing there."""
    dead = [each for each in found if not each.reference.ran and not each.candidate.ran]
    if len(dead) == len(found):
        return found, []
    told = [f"neither runs with {each.reference.runner}: {each.reference.problem}" for each in dead]
    return [each for each in found if each not in dead], told


def _python(source: str, pair: Pair, options: Options) -> str:
    """The environment that runs a source: ours, unless the model is of a framework or takes ops of one."""
    model = pair.models.get(source)
    plain = model is not None and not any(op.kind.startswith("Flex") for op in model.ops)
    return sys.executable if plain and not options.registerers else options.python


def _run(source: str, samples: Samples, entry: Entry, mode: str, pair: Pair, options: Options) -> Results:
    named = {port.name for port in entry.outputs}
    wanted = tuple(name for name in options.wanted if options.bind.get(name, name) in named)
    return run(
        source,
        samples,
        entry=entry,
        mode=mode,
        registerers=options.registerers,
        python=_python(source, pair, options),
        timeout=options.timeout,
        wanted=wanted,
        trusted=options.trusted,
    )
