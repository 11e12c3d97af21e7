"""The loop that keeps a fix honest: candidate beside the model, read and checked again, proved, then put in its place.

Until the very last step the model is not touched: whoever dies before it leaves the old file, and perhaps a hidden
`.NAME.*` beside it.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.fixer.document import open_document
from tflint.fixer.place import held, put, scratch, write_pieces
from tflint.fixer.plan import ordered
from tflint.fixer.prove import prove
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import mapped, read_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tflint.findings import FileReport
    from tflint.fixer.document import Document
    from tflint.fixer.plan import Step
    from tflint.fixer.prove import Proof

    Check = Callable[[Path], FileReport]
    Choose = Callable[[FileReport], tuple[list[Step], list[Step]]]

ROUNDS = 10  # a fix may show what another fix mends; real models take two
CHUNK = 1 << 22


class FixFailedError(TflintError):
    """The file is as it was."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 1)


@dataclass(slots=True)
class FixReport:
    """What was done, what is left to do, and what proves it. `out` is None where nothing was written."""

    before: FileReport
    after: FileReport
    done: list[Step] = field(default_factory=list)
    left: list[Step] = field(default_factory=list)
    proof: Proof | None = None
    out: Path | None = None
    backup: Path | None = None
    sizes: tuple[int, int] = (0, 0)  # bytes, before and after
    digests: tuple[str, str] = ("", "")


def mend(
    path: Path,
    check: Check,
    asked: list[Step],
    choose: Choose,
    *,
    out: Path | None = None,
    backup: bool = False,
    preview: Callable[[Path], None] | None = None,
    progress: Callable[[str], None] = lambda _: None,
) -> FixReport:
    """Do what was asked and what `choose` makes of the findings, until it makes nothing more of them.

    With `out` and nothing to do, that gets the same bytes. Where the model does not run here, what cannot be proved by
    its tables is left. `preview` is shown the candidate instead of having it proved and put in its place. Raises
    TflintError for what is the user's to mend, FixFailedError for a fix that could not be made: the file is as it was
    then.
    """
    with held(path) as model, scratch(_place(out or model.path, looks=preview is not None)) as candidate:
        progress("checking")
        work = _Work(path, model.path, candidate, check, check(model.path), asked, progress)
        outcome, document = work.edited(choose)
        if outcome.done and preview is None:
            progress("running both models")
            outcome.proof = proof = work.proved(outcome, document)
            if proof.idle and any(not step.edit.keeps_computation for step in outcome.done if step.code):
                outcome, proof = work.without(choose, outcome, proof)
            if proof.problems:
                raise FixFailedError(f"{path}: left as it was: {'; '.join(proof.problems)}")
        outcome.sizes = (model.path.stat().st_size, candidate.stat().st_size)
        if preview is not None:
            if outcome.done:
                preview(candidate)
        elif outcome.done or (out is not None and Path(os.path.realpath(out)) != model.path):
            if not outcome.done:
                write_pieces([mapped(model.path)], candidate)
            outcome.digests = (digest(model.path), digest(candidate))
            outcome.out, outcome.backup = put(candidate, model, out, backup=backup)
    return outcome


def _place(target: Path, *, looks: bool) -> Path:
    """What the candidate is to be beside; for a mere look nothing is written near the model."""
    return Path(tempfile.gettempdir()) / target.name if looks else target


@dataclass(frozen=True, slots=True)
class _Work:
    """A model on which steps are tried, each time from the start."""

    name: Path
    path: Path
    candidate: Path
    check: Check
    before: FileReport
    asked: list[Step]
    progress: Callable[[str], None]

    def edited(self, choose: Choose) -> tuple[FixReport, Document]:
        """Make the candidate; read and checked again, and found to be as it should."""
        document = open_document(self.path)
        todo, left = choose(self.before)
        outcome = FixReport(self.before, self.before, left=left)
        todo = ordered([*self.asked, *todo])
        for _ in range(ROUNDS):
            done = [step for step in todo if step.edit.apply(document)]
            if not done:
                break
            outcome.done += done
            self.progress("writing")
            write_pieces(document.pieces(), self.candidate)
            outcome.after = _read_again(self.candidate, self.check)
            todo, outcome.left = choose(outcome.after)
        else:
            raise FixFailedError(f"{self.name}: fixes make each other necessary: {_titles(outcome.done[-2:])}")
        if outcome.done:
            _accept(self.name, outcome)
        return outcome, document

    def proved(self, outcome: FixReport, document: Document) -> Proof:
        """Hold the candidate against the model."""
        return prove(self.path, self.candidate, document, [step.edit for step in outcome.done])

    def without(self, choose: Choose, failed: FixReport, proof: Proof) -> tuple[FixReport, Proof]:
        """Do what tables prove, of a model that does not run; what failed, where there is no such thing."""
        why = f"not done, for the model does not run here and so nothing proves it: {proof.idle}"

        def provable(report: FileReport) -> tuple[list[Step], list[Step]]:
            todo, left = choose(report)
            unproved = [replace(step, why=why) for step in todo if not step.edit.keeps_computation]
            return [step for step in todo if step.edit.keeps_computation], [*unproved, *left]

        outcome, document = self.edited(provable)
        if not outcome.done:
            return failed, proof
        outcome.proof = self.proved(outcome, document)
        return outcome, outcome.proof


def digest(path: Path) -> str:
    """`sha256:...` of a file."""
    data = memoryview(mapped(path))
    found = hashlib.sha256()
    for start in range(0, len(data), CHUNK):
        found.update(data[start : start + CHUNK])
    return f"sha256:{found.hexdigest()}"


def _read_again(candidate: Path, check: Check) -> FileReport:
    try:
        read_model(candidate)
    except MalformedModelError as problem:
        raise FixFailedError(f"what was written is no model: {problem.reason}") from None
    return check(candidate)


def _accept(path: Path, outcome: FixReport) -> None:
    """Raise unless what was to be mended is, and nothing of the least of these severities or worse is new."""
    before, after = _count(outcome.before), _count(outcome.after)
    aims = {(step.code, step.place) for step in outcome.done if step.code}
    aimed = [finding for finding in outcome.before.findings if (finding.rule.code, finding.place.path) in aims]
    kept = [f for f in aimed if after[f.rule.code, f.severity.rank] > before[f.rule.code, f.severity.rank] - f.count]
    if kept:
        raise FixFailedError(f"{path}: left as it was: {kept[0].rule.code} is still there: {kept[0].message}")
    exposed = {code for step in outcome.done for code in step.edit.exposes}
    least = max((finding.severity.rank for finding in aimed), default=1)
    for finding in outcome.after.findings:
        code, rank = finding.rule.code, finding.severity.rank
        if (
            finding.suppressed is None
            and rank <= least
            and code not in exposed
            and after[code, rank] > before[code, rank]
        ):
            raise FixFailedError(f"{path}: left as it was: {code} would be new: {finding.message}")


def _count(report: FileReport) -> Counter[tuple[str, int]]:
    """Places of unsuppressed findings by code and severity."""
    found: Counter[tuple[str, int]] = Counter()
    for finding in report.findings:
        if finding.suppressed is None:
            found[finding.rule.code, finding.severity.rank] += finding.count
    return found


def _titles(steps: Iterable[Step]) -> str:
    return ", ".join(step.edit.title for step in steps)
