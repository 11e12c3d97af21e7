"""`tflint fix`: settings, plan, loop, report: one straight line. The model is written at the very end or not at all."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tflint import __version__, plans, select
from tflint.artifacts.artifact import INSIDE, Artifact, redacted, url_of
from tflint.commands.lock import lock_of
from tflint.config.given import flag_layers
from tflint.config.hierarchy import Hierarchy
from tflint.contract.find import Contracts, key_in
from tflint.contract.lock import read_lock
from tflint.engine import check_file
from tflint.errors import TflintError, one_of
from tflint.fixer import asked
from tflint.fixer.edits.upkeep import KeepOutputs
from tflint.fixer.loop import FixReport, mend
from tflint.fixer.place import alone
from tflint.fixer.plan import steps_for
from tflint.fixer.prove import require_runtime
from tflint.open import open_model
from tflint.registry import catalogue
from tflint.report import write
from tflint.report.escape import LONGEST_MESSAGE, no_commands, plain, short
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tflint.findings import FileReport
    from tflint.fixer.plan import Step
    from tflint.runtimes.profile import RuntimeProfile

FORMATS = ("text", "json")
SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to mend, and what is wished for beside it: texts are as the command line has them."""

    model: Path
    out: Path | None = None
    signature: str | None = None
    renames: tuple[str, ...] = ()
    keep_outputs: tuple[str, ...] = ()
    orders: tuple[str, ...] = ()
    fix_dims: tuple[str, ...] = ()
    mean: str | None = None
    std: str | None = None
    labels: Path | None = None
    vocabulary: Path | None = None
    select: str | None = None
    targets: tuple[str, ...] = ()
    unsafe: bool = False
    backup: bool = False
    progress: Callable[[str], None] = lambda _: None


def fix_command(request: Request, output_format: str, *, plan: bool, diff: bool) -> int:
    """Print what was done; give the exit code. `plan`, `diff`: what would be, and no more. Raises TflintError."""
    one_of(output_format, "--output-format", FORMATS)
    if plan and diff:
        raise TflintError("--plan and --diff: one of them")
    shown: list[str] = []

    def preview(candidate: Path) -> None:
        if diff:
            shown.append(_difference(request, candidate, output_format))

    outcome = mended(request, preview if plan or diff else None)
    if diff and output_format == "text":
        sys.stdout.write(shown[0] if shown else f"{plain(str(request.model))}: nothing to change\n")
    else:
        sys.stdout.write(_rendered(request, outcome, output_format))
    return 0


def mended(request: Request, preview: Callable[[Path], None] | None = None) -> FixReport:
    """Mend it, prove it and put it in its place; with `preview`, show it the candidate instead. Raises TflintError."""
    url = url_of(request.model)
    if url or (INSIDE in str(request.model) and not request.model.exists()):
        name = redacted(url or str(request.model))
        raise TflintError(f"{name}: tflint fix writes local files only: download it, or unpack it, first")
    model = open_model(request.model)
    wishes = list(_wishes(request, model))
    if preview is None:
        require_runtime()
    codes = _codes(request, catalogue(), bool(wishes))

    def choose(report: FileReport) -> tuple[list[Step], list[Step]]:
        return steps_for(report.findings, codes, unsafe=request.unsafe)

    outcome = mend(
        request.model,
        checker(request.model, request.targets),
        wishes,
        choose,
        out=request.out,
        backup=request.backup,
        progress=request.progress,
        preview=preview,
    )
    if outcome.done and outcome.out is not None:
        _note(outcome)
    return outcome


def checker(model: Path, targets: tuple[str, ...]) -> Callable[[Path], FileReport]:
    """Checks a file as `tflint check` does the model: against its targets, configuration and contracts."""
    settings = Hierarchy(flags=flag_layers({"target": list(targets) or None, "deep": True})).of(model)
    plan = plans.make(settings, catalogue())
    contracts = Contracts().of(Artifact(str(model)), settings.models)
    return lambda path: check_file(path, plan, str(model), contracts)


def targets_of(model: Path, named: tuple[str, ...]) -> list[RuntimeProfile]:
    """What a model is for: the targets that are named, else those that its configuration has. Raises TflintError."""
    return [resolve(target) for target in named or Hierarchy().of(model).target]


def _wishes(request: Request, model: Any) -> Iterator[Step]:
    if request.signature is not None:
        yield asked.step(asked.signature_edit(request.signature, model), "--signature")
    for text in request.renames:
        yield asked.step(asked.rename_edit(text), "--rename")
    if request.keep_outputs:
        yield asked.step(KeepOutputs(request.keep_outputs), "--keep-output")
    if request.fix_dims:
        yield asked.step(asked.dims_edit(request.fix_dims), "--fix-dim")
    metadata = asked.metadata_edit(request.mean, request.std, request.labels, request.vocabulary)
    if metadata is not None:
        flags = {"--mean": request.mean, "--std": request.std, "--labels": request.labels}
        given = {**flags, "--vocabulary": request.vocabulary}
        yield asked.step(metadata, ", ".join(flag for flag, value in given.items() if value is not None))
    for text in request.orders:
        yield from (asked.step(edit, "--order") for edit in asked.order_edits(text))


def _codes(request: Request, rules: Any, wished: bool) -> frozenset[str]:
    """Rules whose findings are mended: those selected, else all, but none where something else was asked for."""
    if request.select is None:
        return frozenset() if wished else frozenset(rules)
    words = [word.strip() for word in request.select.split(",") if word.strip()]
    return frozenset(code for word in words for code in select.matched(rules, word, "--select"))


def _difference(request: Request, candidate: Path, output_format: str) -> str:
    """What `tflint diff` says of the model and the candidate."""
    from tflint.commands import diff as command  # noqa: PLC0415 - for who asks

    return command.between(request.model, candidate, str(request.model), request.targets, output_format)


def _note(outcome: FixReport) -> None:
    """Record in the lock what was done and on what proof."""
    assert outcome.out is not None  # noqa: S101 - the caller's condition
    entry = {
        "tool": f"tflint {__version__}",
        "edits": [step.edit.title for step in outcome.done],
        "input": outcome.digests[0],
        "output": outcome.digests[1],
        "parity": {"holds": outcome.proof.words, **outcome.proof.metrics} if outcome.proof else {},
    }
    noted(outcome.out, entry)


def noted(out: Path, entry: dict[str, Any]) -> None:
    """Put an entry on a model into its lock, alone of those that are at it. Raises TflintError."""
    path = lock_of(out, anywhere=True)
    try:
        with alone(path.parent):
            write(path, read_lock(path).with_note(key_in(out.absolute(), path), "fix", entry).text)
    except TflintError as problem:
        raise TflintError(f"{out} is written, but not noted: {problem.message}", 1) from None


def _rendered(request: Request, outcome: FixReport, output_format: str) -> str:
    if output_format == "json":
        from tflint.report.json import dumped, finding_object  # noqa: PLC0415 - this form only

        return dumped(
            {
                "schema_version": SCHEMA_VERSION,
                "path": str(request.model),
                "written": None if outcome.out is None else str(outcome.out),
                "backup": None if outcome.backup is None else str(outcome.backup),
                "steps": [step.plain for step in outcome.done],
                "left": [step.plain for step in outcome.left],
                "sizes": list(outcome.sizes) if outcome.done else None,
                "digests": list(outcome.digests) if outcome.out else None,
                "parity": None if outcome.proof is None else {"words": outcome.proof.words, **outcome.proof.metrics},
                "findings": [finding_object(finding) for finding in outcome.after.findings],
            }
        )
    return no_commands("".join(f"{line}\n" for line in _lines(request, outcome)))


def _lines(request: Request, outcome: FixReport) -> Iterator[str]:
    name = plain(str(request.model))
    yield name
    for step in outcome.done:
        yield f"  {_step(step)}"
    if not outcome.done:
        yield "  nothing to change"
    for step in outcome.left:
        yield f"  left: {_step(step)}"
    new = {f.rule.code: f for f in outcome.after.findings} if outcome.done else {}
    had = {finding.rule.code for finding in outcome.before.findings}
    for code, finding in new.items():
        if code not in had and finding.suppressed is None:
            yield f"  now seen: {code} {finding.rule.name}: {short(finding.message, LONGEST_MESSAGE)}"
    if not outcome.done:
        if outcome.out is not None:
            yield f"written: {plain(str(outcome.out))}, the same bytes"
        return
    sizes = "{:,} -> {:,} bytes".format(*outcome.sizes)
    edits = f"{len(outcome.done)} edit{'' if len(outcome.done) == 1 else 's'}"
    if outcome.out is None:
        yield f"would make {edits}, {sizes}; nothing was written, nothing was run"
    else:
        yield f"proved: {short(outcome.proof.words, LONGEST_MESSAGE) if outcome.proof else ''}"
        kept = f", the old one is {plain(str(outcome.backup))}" if outcome.backup else ""
        yield f"written: {plain(str(outcome.out))}, {edits}, {sizes}{kept}"


def _step(step: Step) -> str:
    mark = "" if step.edit.applicability == "safe" else f" ({step.edit.applicability})"
    rule = f"{step.code} {step.name}: " if step.code else ""
    return f"{short(step.edit.title, LONGEST_MESSAGE)}{mark}: {rule}{short(step.why, LONGEST_MESSAGE)}"
