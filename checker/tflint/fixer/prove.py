"""Proof that an edited model answers as the old one did: `tflint verify` of both, by the edits' own binding.

A model that does not run here can prove nothing by running. Then edits that keep the computation are proved by the
tables: operators, tensors and weights of both files are the same. And where the edit is to make it run, that it does is
what can be shown.
"""

from __future__ import annotations

import importlib.util
import re
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from math import inf
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError
from tflint.fixer.computation import computation
from tflint.fixer.document import SIDES, open_document
from tflint.fixer.edits.interface import Rename, RenameSignature
from tflint.fixer.edits.shapes import SetDims
from tflint.fixer.place import scratch, write_pieces
from tflint.model.read import read_model

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from tflint.fixer.document import Document
    from tflint.fixer.edits.edit import Edit
    from tflint.parity.entry import Port
    from tflint.parity.judge import Judgement
    from tflint.parity.report import ParityReport, Part
    from tflint.parity.verify import Options

EXTRA = "tflint fix runs both models to prove that nothing broke: install tflint with its extra `verify`"
RUNTIME = "ai-edge-litert"
_HELP = re.compile(r"\s*(?:\n|See instructions:|Make sure you apply)")  # where a runtime's message goes on with advice


@dataclass(frozen=True, slots=True)
class Proof:
    """`problems`: none where it holds. `words`: on what it rests; `metrics` for the lock.

    `idle`: why the model as it was does not run here, where that is all that is in the way.
    """

    words: str = ""
    problems: tuple[str, ...] = ()
    metrics: dict[str, Any] = field(default_factory=dict)
    idle: str = ""


def require_runtime() -> None:
    """Raise TflintError, which says what to install, where this environment cannot run a model."""
    if any(importlib.util.find_spec(name) is None for name in ("ai_edge_litert", "numpy")):
        raise TflintError(EXTRA)


def prove(reference: Path, candidate: Path, document: Document, edits: Collection[Edit]) -> Proof:
    """Compare what both answer. Raises TflintError where there is no runtime."""
    require_runtime()
    from tflint.parity.gates import EXACT  # noqa: PLC0415 - numpy
    from tflint.parity.verify import Options, default_gates, verify  # noqa: PLC0415 - same

    exact = all(edit.exact for edit in edits)
    keys = {edit.old: edit.new for edit in edits if isinstance(edit, RenameSignature)}
    gates = EXACT if exact else default_gates(str(candidate))  # what changes numbers may cost what quantization does
    options = Options(bind=_binding(reference, candidate, document, edits), keys=keys)
    try:
        report = verify(str(reference), str(candidate), None, gates, options)
    except TflintError as problem:  # inputs that nobody can make up
        return _by_tables(reference, candidate, problem.message, edits)
    if not report.parts and not report.problems:
        return _by_tables(reference, candidate, "nothing of it can be called", edits)
    gone = {port.name for port, place in _moved(_ports(reference, "outputs"), document, "outputs") if place is None}
    repairs = any(edit.repairs for edit in edits)
    idle = [part for part in report.parts if part.judgements and not any(j.reference.ran for j in part.judgements)]
    running = [part for part in report.parts if part not in idle]
    problems = [*report.problems, *(line for part in running for line in _problems(part, gone, repairs=repairs))]
    words = [_words(report, running)] if running or not idle else []
    if idle and not problems:
        proof = _without_reference(reference, candidate, idle, edits)
        return replace(proof, words="; ".join([*words, proof.words]), metrics={**metrics_of(report), **proof.metrics})
    for edit in edits:
        if isinstance(edit, SetDims) and edit.opened and not problems:
            problems += _at_another_size(reference, candidate, edit, options)
            words.append(f"as they are at twice the size of {edit.opened}")
    return Proof("; ".join(words), tuple(problems), metrics_of(report))


def _at_another_size(reference: Path, candidate: Path, edit: SetDims, options: Options) -> Iterator[str]:
    """Why the candidate does not answer as the old model does when its inputs are declared at twice the size."""
    from tflint.parity.gates import EXACT  # noqa: PLC0415 - numpy
    from tflint.parity.verify import verify  # noqa: PLC0415 - same

    document = open_document(reference)
    edit.double(document)
    with scratch(candidate) as larger:
        write_pieces(document.pieces(), larger)
        report = verify(str(larger), str(candidate), None, EXACT, options)
    yield from (f"at twice the size of {edit.opened}: {reason}" for reason in report.reasons)


def _problems(part: Part, gone: set[str], *, repairs: bool) -> Iterator[str]:
    """Why a part does not hold; outputs that the edits took away are no reason, nor that it runs now."""
    yield from part.problems
    for judgement in part.judgements:
        runner = judgement.candidate.runner
        if repairs and not judgement.reference.ran and judgement.candidate.ran:
            continue
        yield from (f"with {runner}: {problem}" for problem in judgement.problems)
        lost = (v for v in judgement.verdicts if not v.holds and not (v.output in gone and not v.candidate_output))
        yield from (f"with {runner}: output '{verdict.output}': {verdict.problem}" for verdict in lost)


def _without_reference(reference: Path, candidate: Path, idle: list[Part], edits: Collection[Edit]) -> Proof:
    judgements = [each for part in idle for each in part.judgements]
    why = _HELP.split(judgements[0].reference.problem)[0]
    if any(edit.repairs for edit in edits) and all(map(_runs_well, judgements)):
        return Proof(f"it runs and its outputs are finite, and before it did not: {why}", (), {"gate": "runs"})
    return _by_tables(reference, candidate, why, edits)


def _by_tables(reference: Path, candidate: Path, why: str, edits: Collection[Edit]) -> Proof:
    if not all(edit.keeps_computation for edit in edits):
        problem = f"the model as it was does not run here, so nothing can be compared: {why}"
        return Proof(problems=(problem,), idle=why)
    if computation(reference) != computation(candidate):
        return Proof(problems=("the computation of both files is not the same",))
    words = f"operators, tensors and weights of both files are the same (it does not run here: {why})"
    return Proof(words, (), {"gate": "tables"})


def _runs_well(judgement: Judgement) -> bool:
    rows = [row for row in judgement.candidate.rows if not isinstance(row, str)]
    return judgement.candidate.ran and all((abs(v) < inf).all() for row in rows for v in row if v.dtype.kind in "fc")


def _binding(reference: Path, candidate: Path, document: Document, edits: Collection[Edit]) -> dict[str, str]:
    """Reference name -> candidate name of what is called or placed otherwise than it was."""
    found = {edit.old: edit.new for edit in edits if isinstance(edit, Rename)}
    placed: list[tuple[str, str]] = []
    for side in SIDES:
        now = {port.position: port.name for port in _ports(candidate, side)}
        for port, place in _moved(_ports(reference, side), document, side):
            if place in now and now[place] != port.name:
                placed.append((port.name, now[place]))
    names = [ours for ours, _ in placed]
    return found | {ours: theirs for ours, theirs in placed if names.count(ours) == 1}  # others are bound by position


def _ports(path: Path, side: str) -> list[Port]:
    """Ports of the entry that callers bind to by position."""
    from tflint.parity.entry import entries  # noqa: PLC0415 - after the check of the runtime

    found = (getattr(entry, side) for entry in entries(read_model(path)) if entry.subgraph == 0)
    return [port for port in next(found, ()) if port.position is not None]


def _moved(ports: list[Port], document: Document, side: str) -> Iterator[tuple[Port, int | None]]:
    """Each with the position that it has now; None: it is gone."""
    moved = document.moved(side)
    return ((port, moved[port.position] if (port.position or 0) < len(moved) else None)
            for port in ports if port.position is not None)  # fmt: skip


def _words(report: ParityReport, parts: list[Part]) -> str:
    samples = sum(len(part.samples.rows) for part in parts)
    runners = list(dict.fromkeys(each.candidate.runner for part in parts for each in part.judgements))
    how = "bit-identical" if report.gates.exact else f"alike within the gates of {report.gates.name}"
    origin = next((part.samples.origin for part in parts), "")
    return f"outputs are {how} on {samples} samples ({origin}), with {' and '.join(runners)}"


def metrics_of(report: ParityReport) -> dict[str, Any]:
    """What the lock keeps of a proof."""
    numbers = [v.numbers for p in report.parts for j in p.judgements for v in j.verdicts if v.numbers]
    try:
        runtime = f"{RUNTIME} {version(RUNTIME)}"
    except PackageNotFoundError:
        runtime = RUNTIME
    return {
        "gate": report.gates.name,
        "samples": sum(len(part.samples.rows) for part in report.parts),
        "max_abs": max((n.max_abs for n in numbers if n.max_abs is not None), default=None),
        "runtime": runtime,
    }
