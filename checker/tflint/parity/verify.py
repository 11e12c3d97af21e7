"""Prove that a candidate answers as a reference does: bind, sample, run both, judge."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError
from tflint.model.scheme import schemes
from tflint.parity.entry import Entry, bound, entries, pick
from tflint.parity.gates import gates_for
from tflint.parity.generate import COUNT, SEED, Side, generate
from tflint.parity.judge import Judgement, judge
from tflint.parity.recorded import POSITIONS
from tflint.parity.runners import BUILTIN, DEFAULT, TIMEOUT, is_saved, open_source, run
from tflint.parity.samples import Samples
from tflint.parity.values import carried, fed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tflint.model.view import Model
    from tflint.parity.gates import Gates
    from tflint.parity.results import Results


@dataclass(frozen=True, slots=True)
class Options:
    """How to verify. `bind`: reference name -> candidate name of inputs and outputs; `ranges`: of random inputs."""

    signature: str | None = None
    bind: Mapping[str, str] = field(default_factory=dict)
    modes: tuple[str, ...] = (DEFAULT, BUILTIN)
    count: int = COUNT
    seed: int = SEED
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    registerers: tuple[str, ...] = ()
    timeout: float = TIMEOUT
    progress: Callable[[str], None] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """What was found of one entry: the samples, and a judgement for each way to run."""

    key: str | None
    samples: Samples
    judgements: tuple[Judgement, ...]
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

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

    @property
    def holds(self) -> bool:
        """Whether parity is proved."""
        return bool(self.parts) and not self.problems and all(part.holds for part in self.parts)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why not, a line each."""
        return (*self.problems, *(reason for part in self.parts for reason in part.reasons))


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
    models = {source: open_source(source) for source in (reference, candidate) if not is_saved(source)}
    if gates is None:
        gates = default_gates(candidate, models.get(candidate))
    if not models:
        found = judge(run(reference, _none()), run(candidate, _none()), gates, options.bind)
        part = Part(found.reference.key, Samples((), "none: both sides are saved"), (found,))
        return ParityReport(reference, candidate, gates, (part,))
    parts: list[Part] = []
    problems: list[str] = []
    for ours, theirs in _pairs(reference, candidate, models, options, problems):
        parts.append(_part(_Pair(reference, candidate, models, ours, theirs), samples, gates, options))
    return ParityReport(reference, candidate, gates, tuple(parts), tuple(problems))


def default_gates(candidate: str, model: Model | None = None) -> Gates:
    """The gates that a candidate's quantization asks for; those of floats for what is saved."""
    if model is None and not is_saved(candidate):
        model = open_source(candidate)
    return gates_for(schemes(model) if model else ())


def _none() -> Samples:
    return Samples((), "")


@dataclass(frozen=True, slots=True)
class _Pair:
    """Entries that belong together; None: that side is saved."""

    reference: str
    candidate: str
    models: Mapping[str, Model]
    ours: Entry | None
    theirs: Entry | None


def _pairs(
    reference: str, candidate: str, models: Mapping[str, Model], options: Options, problems: list[str]
) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Entries of both sides that belong together; a signature that the candidate lacks is a problem."""
    if reference not in models or candidate not in models:
        source = candidate if candidate in models else reference
        entry = pick(entries(models[source]), options.signature, source)
        yield (None, entry) if source == candidate else (entry, None)
        return
    ours, theirs = entries(models[reference]), entries(models[candidate])
    if options.signature is not None:
        ours = (pick(ours, options.signature, reference),)
    keyed = {entry.key: entry for entry in theirs}
    for entry in ours:
        other = keyed.get(entry.key)
        if other is None and len(ours) == len(theirs) == 1:
            other = theirs[0]  # one each, whatever they are called
        if other is None and (entry.key is None or None in keyed):
            other = next((each for each in theirs if each.subgraph == entry.subgraph == 0), None)
        if other is None:
            problems.append(f"the candidate has no signature '{entry.key}'")
        else:
            yield entry, other


def _part(pair: _Pair, samples: Samples | None, gates: Gates, options: Options) -> Part:
    base = pair.ours or pair.theirs
    assert base is not None  # noqa: S101 - one side is a model
    notes: list[str] = []
    names, problems = _inputs(pair, gates, options, notes)
    if problems:
        return Part(base.key, samples or _none(), (), tuple(problems), tuple(notes))
    if samples is None:
        if pair.ours is None or pair.theirs is None:
            raise TflintError("outputs that were saved need the samples they are the answers to: --inputs FILE")
        sides = (
            Side(pair.models[pair.reference], pair.ours, {port.name: port.name for port in pair.ours.inputs}),
            Side(pair.models[pair.candidate], pair.theirs, names),
        )
        samples = generate(sides, count=options.count, seed=options.seed, ranges=options.ranges)
    samples = conformed(samples, base)
    theirs = _carried(samples, pair, names)
    found = []
    for mode in options.modes:
        if options.progress:
            options.progress(mode)
        ran = [_run(pair.reference, samples, pair.ours, mode, options)]
        ran.append(_run(pair.candidate, theirs, pair.theirs, mode, options))
        found.append(judge(ran[0], ran[1], gates, options.bind))
    kept, told = _answered(found)
    return Part(base.key, samples, tuple(kept), (), (*notes, *told))


def _answered(found: list[Judgement]) -> tuple[list[Judgement], list[str]]:
    """Without the modes in which neither side runs, as long as another tells: the candidate loses nothing there."""
    dead = [each for each in found if not each.reference.ran and not each.candidate.ran]
    if len(dead) == len(found):
        return found, []
    told = [f"neither runs with {each.reference.runner}: {each.reference.problem}" for each in dead]
    return [each for each in found if each not in dead], told


def _run(source: str, samples: Samples, entry: Entry | None, mode: str, options: Options) -> Results:
    return run(source, samples, entry=entry, mode=mode, registerers=options.registerers, timeout=options.timeout)


def _inputs(pair: _Pair, gates: Gates, options: Options, notes: list[str]) -> tuple[dict[str, str], list[str]]:
    """Reference input -> candidate input, and what makes it pointless to run: shapes are compared before values."""
    if pair.ours is None or pair.theirs is None:
        base = pair.ours or pair.theirs
        return {port.name: port.name for port in base.inputs} if base else {}, []
    named = pair.ours.key is not None and pair.theirs.key is not None
    names, binding = bound(pair.ours.inputs, pair.theirs.inputs, dict(options.bind), named=named)
    if not named:
        notes.append("inputs and outputs are bound by position: not both sides have signatures")
    elif binding != "by name":
        notes.append(f"inputs are bound {binding}")
    theirs = {port.name: port for port in pair.theirs.inputs}
    problems = []
    for port in pair.ours.inputs:
        other = theirs.pop(names.get(port.name, ""), None)
        if other is None:
            problems.append(f"the candidate has no input '{port.name}'")
        elif not _meet(port.shape, other.shape):
            problems.append(f"input '{port.name}' is {other}, the reference's {port}")
        elif (port.dtype, port.affine) != (other.dtype, other.affine):
            (problems if gates.exact else notes).append(f"input '{port.name}' is {other}, the reference's {port}")
        elif port.shape != other.shape:
            notes.append(f"input '{port.name}' is {other}, the reference's {port}: compared at sizes that both take")
    problems += [f"the candidate has one more input, '{name}'" for name in theirs]
    return names, problems


def _meet(one: tuple[int, ...] | None, other: tuple[int, ...] | None) -> bool:
    """Some shape is both."""
    if one is None or other is None:
        return True
    return len(one) == len(other) and all(a == b or -1 in (a, b) for a, b in zip(one, other, strict=True))


def conformed(samples: Samples, entry: Entry) -> Samples:
    """Samples as raw tensors of an entry's inputs, by their names. Raises TflintError for what does not fit."""
    rows: list[dict[str, Any]] = []
    for index, row in enumerate(samples.rows, 1):
        found = {}
        for place, port in enumerate(entry.inputs):
            name = next((name for name in (port.name, f"{POSITIONS}{place}") if name in row), None)
            if name is None:
                raise TflintError(f"sample {index} has no input '{port.name}'; it has {', '.join(row) or 'none'}")
            try:
                found[port.name] = fed(row[name], port)
            except TflintError as problem:
                raise TflintError(f"sample {index}: {problem.message}") from None
        rows.append(found)
    return replace(samples, rows=tuple(rows))


def _carried(samples: Samples, pair: _Pair, names: Mapping[str, str]) -> Samples:
    """The samples by the candidate's names and in its terms."""
    if pair.ours is None or pair.theirs is None:
        return samples
    theirs = {port.name: port for port in pair.theirs.inputs}
    ports = [(port, theirs[names[port.name]]) for port in pair.ours.inputs]
    rows: list[dict[str, Any]] = [
        {other.name: carried(row[port.name], port, other) for port, other in ports if port.name in row}
        for row in samples.rows
    ]
    return replace(samples, rows=tuple(rows))
