"""Judge what two models answered to the same samples: numbers and a verdict for each output."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError
from tflint.parity.accuracy import accuracy, labels_of
from tflint.parity.entry import bound
from tflint.parity.gates import Gate, Limit
from tflint.parity.metrics import Numbers, measure
from tflint.parity.recorded import call
from tflint.parity.values import parted, real

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tflint.parity.accuracy import Accuracy
    from tflint.parity.entry import Port
    from tflint.parity.gates import Function, Gates
    from tflint.parity.results import Results

EQUAL = Gate((Limit("equal", 100),))


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one output: its numbers, what they had to keep, and why it fails ("": it holds)."""

    output: str
    candidate_output: str
    numbers: Numbers | None
    gates: tuple[str, ...]
    problem: str = ""

    @property
    def holds(self) -> bool:
        """Whether the output is close enough."""
        return not self.problem


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one run of each side. `problems` fail it whatever the numbers say; `notes` are good to know."""

    reference: Results
    candidate: Results
    binding: str
    verdicts: tuple[Verdict, ...] = ()
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    compared: int = 0  # samples

    @property
    def holds(self) -> bool:
        """Whether everything does."""
        return not self.problems and all(verdict.holds for verdict in self.verdicts)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why it does not, a line each."""
        failed = (f"output '{each.output}': {each.problem}" for each in self.verdicts if not each.holds)
        return tuple(f"with {self.candidate.runner}: {reason}" for reason in (*self.problems, *failed))


@dataclass(slots=True)
class _Case:
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    right: dict[str, Accuracy | None] = field(default_factory=dict)
    """Output -> how often both sides are right, where samples have labels."""


def judge(
    reference: Results,
    candidate: Results,
    gates: Gates,
    given: Mapping[str, str] | None = None,
    empty: Iterable[int] = (),
    labels: Sequence[Mapping[str, Any]] = (),
) -> Judgement:
    """Judge two results of the same samples. `given`: reference output -> candidate output, before all binding.

    `empty`: samples of padding alone. What a model makes of them is its own affair as long as both are finite, unless
    both are `.tflite`. `labels`: what samples say of the right answer. Raises TflintError where that fits no output,
    and for what a user's own metric does.
    """
    case = _Case()
    named = reference.named and candidate.named
    loose = not (reference.of_tflite and candidate.of_tflite)
    names, binding = bound(reference.outputs, candidate.outputs, dict(given or {}), named=named, loose=loose)
    if binding != "by name" and (loose or named):
        case.notes.append(f"outputs are bound {binding}")
    if _ran(reference, candidate, case):
        used = _samples(reference, candidate, case)
        _state(reference, candidate, case)
        finite = [index for index in used if loose and index in set(empty)]
        if finite and len(finite) < len(used):
            used = [index for index in used if index not in finite]
            case.notes.append("samples of padding alone are compared for NaN and infinities only")
        else:
            finite = []
        ours, theirs = _real(reference, used), _real(candidate, used, names)
        right = labels_of(labels, ours, used)
        case.right = {name: accuracy(ours[name], theirs[name], told) for name, told in right.items() if name in theirs}
        verdicts = tuple(_verdicts(reference, candidate, names, gates, (used, finite), case))
        for function in gates.functions:
            _ask(function, ours, theirs, case)
    else:
        used, verdicts = [], ()
    return Judgement(
        reference, candidate, binding, verdicts, tuple(case.problems), tuple(case.notes), compared=len(used)
    )


def _ran(reference: Results, candidate: Results, case: _Case) -> bool:
    """Whether both have anything to compare."""
    if reference.ran and candidate.ran:
        return True
    if reference.ran:
        case.problems.append(f"the candidate does not run: {candidate.problem}")
    elif candidate.ran:
        case.problems.append(f"the reference does not run: {reference.problem}")
    else:
        case.problems.append(f"neither runs: {reference.problem}")
    return False


def _samples(reference: Results, candidate: Results, case: _Case) -> list[int]:
    """Samples that both answered."""
    if len(reference.rows) != len(candidate.rows):
        case.problems.append(f"{len(reference.rows)} samples of the reference, {len(candidate.rows)} of the candidate")
    used = []
    for index, (one, other) in enumerate(zip(reference.rows, candidate.rows, strict=False)):
        if isinstance(other, str) and not isinstance(one, str):
            case.problems.append(f"sample {index + 1}: the candidate does not run: {other}")
        elif isinstance(one, str):
            who = "neither takes it" if isinstance(other, str) else "the reference does not take it"
            case.notes.append(f"sample {index + 1}: {who}: {one}")
        else:
            used.append(index)
    return used


def _state(reference: Results, candidate: Results, case: _Case) -> None:
    """State that survives a reset of the variables, and randomness."""
    if candidate.varies and not reference.varies:
        case.problems.append("the candidate's answers vary from run to run, the reference's do not")
    elif candidate.varies:
        case.notes.append("answers vary from run to run on both sides")
    elif candidate.leaks and not reference.leaks:
        case.problems.append(
            "state leaks between runs of the candidate: the same sample, run again with variables reset, gives another "
            "answer; the reference's does not change"
        )
    elif candidate.leaks:
        case.notes.append("both keep state between runs: each sample got a new interpreter")


def _verdicts(
    reference: Results,
    candidate: Results,
    names: Mapping[str, str],
    gates: Gates,
    used: tuple[list[int], list[int]],
    case: _Case,
) -> Iterator[Verdict]:
    theirs = {port.name: place for place, port in enumerate(candidate.outputs)}
    for place, port in enumerate(reference.outputs):
        name = names.get(port.name)
        if name not in theirs:
            yield Verdict(port.name, "", None, (), "the candidate has no such output")
            continue
        other = theirs[name]
        pairs = [[(reference.rows[i][place], candidate.rows[i][other]) for i in part] for part in used]
        verdict = _verdict(port, candidate.outputs[other], pairs, gates, case.right.get(port.name))
        where = "" if verdict.holds or not verdict.numbers or port.affine else parted(pairs[0], used[0])
        yield replace(verdict, problem=f"{verdict.problem}; {where}") if where else verdict
    extra = [port.name for port in candidate.outputs if port.name not in names.values()]
    if extra:
        case.notes.append(f"outputs of the candidate alone: {', '.join(extra)}")
    for output in gates.of:
        if output not in names:
            case.problems.append(f"a gate is set for the output '{output}', which the reference has not")


def _real(results: Results, used: list[int], names: Mapping[str, str] | None = None) -> dict[str, list[Any]]:
    """{output: [a real value a sample]}; of the candidate by the reference's names."""
    called = {theirs: ours for ours, theirs in (names or {}).items()}
    return {
        called.get(port.name, port.name): [real(results.rows[index][place], port) for index in used]
        for place, port in enumerate(results.outputs)
    }


def _ask(function: Function, ours: Mapping[str, Any], theirs: Mapping[str, Any], case: _Case) -> None:
    """A user's own metric."""
    found = call(function.spec, ours, theirs)
    try:
        value = bool(found) if isinstance(found, (bool, np.bool_)) else float(found)
    except (TypeError, ValueError):
        raise TflintError(f"{function.spec}: gave {type(found).__name__}, and not a number or True or False") from None
    if isinstance(value, bool):
        holds = value
    elif function.limit is None:
        raise TflintError(f"{function.spec}: gave a number: say how large it may be, as {function.spec}:LIMIT")
    else:
        holds = value <= function.limit
    (case.notes if holds else case.problems).append(
        f"{function.spec} is {value}" + ("" if function.limit is None else f" (at most {function.limit:g})")
    )


def _verdict(port: Port, other: Port, pairs: list[list[Any]], gates: Gates, right: Accuracy | None) -> Verdict:
    """The verdict of an output; `pairs`: of values to compare, and of those that are judged for being finite alone."""
    values, finite = pairs
    shapes = next(((one.shape, two.shape) for one, two in (*values, *finite) if one.shape != two.shape), None)
    if shapes is not None:
        problem = f"its shape is {_dims(shapes[1])}, the reference's {_dims(shapes[0])}"
        return Verdict(port.name, other.name, None, (), problem)
    exact = (port.dtype, port.affine) == (other.dtype, other.affine)
    if gates.exact and port.name not in gates.of and not exact:
        return Verdict(port.name, other.name, None, (), f"it is {other}, the reference's {port}")
    step = max(affine[0] if affine else 0.0 for affine in (port.affine, other.affine))
    numbers, others = (
        measure([real(one, port) for one, _ in part], [real(two, other) for _, two in part], step=step)
        for part in (values, finite)
    )
    numbers = replace(numbers, nonfinite=numbers.nonfinite + others.nonfinite, accuracy=right)
    floating = port.affine is not None or any(one.dtype.kind in "fc" for one, _ in values)
    return _held(port, other, numbers, gates.for_output(port.name, floating=floating), exact=exact)


def _held(port: Port, other: Port, numbers: Numbers, gates: tuple[Gate, ...], *, exact: bool) -> Verdict:
    """The verdict of numbers: NaN and infinities first, for no limit covers them."""
    answers = [(gate, gate.holds(numbers) if gate.limits or exact else False) for gate in gates]
    known = [(gate, holds) for gate, holds in answers if holds is not None]
    if not known:  # no number of these has a meaning for text
        known = [(EQUAL, bool(EQUAL.holds(numbers)))]
    words = tuple(str(gate) for gate, _ in known)
    problem = "; ".join(gate.missed(numbers) for gate, holds in known if not holds)
    if numbers.nonfinite:
        problem = f"NaN or infinity on one side only: {numbers.nonfinite} element{'s' * (numbers.nonfinite > 1)}"
    return Verdict(port.name, other.name, numbers, words, problem)


def _dims(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"
