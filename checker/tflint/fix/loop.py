"""The loop that keeps a fix honest: candidate beside the model, read and checked again, proved, then put in its place.

Until the very last step the model is not touched: whoever dies before it leaves the old file, and perhaps a hidden
`.NAME.*` beside it.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.fix.document import open_document
from tflint.fix.place import held, put, scratch, write_pieces
from tflint.fix.plan import ordered
from tflint.fix.prove import prove
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import mapped, read_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tflint.findings import FileReport
    from tflint.fix.plan import Step
    from tflint.fix.prove import Proof

    Check = Callable[[Path], FileReport]
    Choose = Callable[[FileReport], tuple[list[Step], list[Step]]]

ROUNDS = 10  # a fix may show what another fix mends; real models take two
CHUNK = 1 << 22


class FixFailedError(TflintError):
    """The file is as it was."""

    def __init__(self, message: str) -> None:
        super().__init__(message, 1)


@dataclass(slots=True)
class Outcome:
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
) -> Outcome:
    """Do what was asked and what `choose` makes of the findings, until it makes nothing more of them.

    `preview` is shown the candidate instead of having it proved and put in its place. Raises TflintError for what is
    the user's to mend, FixFailedError for a fix that could not be made: the file is as it was then.
    """
    with held(path) as model:
        progress("checking")
        before = check(model.path)
        document = open_document(model.path)
        todo, left = choose(before)
        outcome = Outcome(before, before, left=left)
        with scratch(out or model.path) as candidate:
            todo = ordered([*asked, *todo])
            for _ in range(ROUNDS):
                done = [step for step in todo if step.edit.apply(document)]
                if not done:
                    break
                outcome.done += done
                progress("writing")
                write_pieces(document.pieces(), candidate)
                outcome.after = _read_again(candidate, check)
                todo, outcome.left = choose(outcome.after)
            else:
                raise FixFailedError(f"{path}: fixes make each other necessary: {_titles(outcome.done[-2:])}")
            if not outcome.done:
                return outcome
            _accept(path, outcome)
            outcome.sizes = (model.path.stat().st_size, candidate.stat().st_size)
            if preview is not None:
                preview(candidate)
                return outcome
            progress("running both models")
            outcome.proof = prove(model.path, candidate, document, [step.edit for step in outcome.done])
            if outcome.proof.problems:
                raise FixFailedError(f"{path}: left as it was: {'; '.join(outcome.proof.problems)}")
            outcome.digests = (digest(model.path), digest(candidate))
            outcome.out, outcome.backup = put(candidate, model, out, backup=backup)
    return outcome


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


def _accept(path: Path, outcome: Outcome) -> None:
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
