"""`tflint check`: settings, files, engine, reports, exit code: one straight line."""

from __future__ import annotations

import stat
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.config.given import flag_layers, per_file_ignores, rule_options
from tflint.config.hierarchy import Hierarchy
from tflint.contract.find import Contracts
from tflint.engine import check_file, unreadable
from tflint.errors import USAGE, TflintError, one_of
from tflint.findings import Report
from tflint.paths import find
from tflint.plans import Plans
from tflint.registry import loaded
from tflint.report import FORMATS, Style, render, write

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.config.load import Layer
    from tflint.contract.find import Contract
    from tflint.engine import Plan
    from tflint.findings import FileReport

COLORS = ("auto", "always", "never")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Request:
    """What the command line said."""

    paths: tuple[Path, ...]
    config: tuple[str, ...]  # a file, and key=value
    flags: Mapping[str, Any]  # keys of the configuration; None: not given; lists as comma-separated text
    per_file_ignores: tuple[str, ...]
    rule_options: tuple[str, ...]
    exit_zero: bool
    error_on_empty: bool
    output_format: str
    output: Path | None
    reports: tuple[str, ...]
    contract: Path | None
    isolated: bool
    force_exclude: bool
    color: str
    quiet: bool
    verbose: bool


def check_command(request: Request) -> int:
    """Run it; give the exit code. Raises TflintError for whatever is the user's to mend."""
    outputs = _outputs(request)
    hierarchy = Hierarchy(request.config, _flags(request), isolated=request.isolated)
    settings, plans = hierarchy.run, Plans(hierarchy, verbose=request.verbose)
    files = find(request.paths or (Path(),), hierarchy.excludes, force_exclude=request.force_exclude)
    contracts = Contracts(request.contract, locks=not request.isolated)
    jobs = [(path, plans.of(path), contracts.of(path, hierarchy.of(path).models)) for path in files]
    used = {id(plan): plan for _, plan, _ in jobs}.values() or (plans.run,)
    if waiting := dict.fromkeys(code for plan in used for code in plan.waiting):
        sys.stderr.write(f"tflint: note: {', '.join(waiting)}: not run, for it takes --deep to read weights\n")
    report = Report(
        tuple(_check(*job) for job in jobs),
        tuple(dict.fromkeys(profile.id for plan in used for profile in plan.profiles)),
        any(plan.assumed_target for plan in used),
    )
    if request.output_format == "sarif" or any(kind == "sarif" for kind, _ in outputs):
        rules = {entry.code: entry for plan in used for entry in plan.entries}
        report = replace(report, rules=tuple(loaded(rules[code] for code in sorted(rules))))
    style = Style(request.color, quiet=request.quiet, verbose=request.verbose, threshold=settings.threshold)
    for kind, path in outputs:
        write(path, render(kind, report, replace(style, color="never")))
    if request.output is None:
        sys.stdout.write(render(request.output_format, report, style))
    if not files:
        sys.stderr.write("tflint: warning: no .tflite file found\n")
        return USAGE if request.error_on_empty else 0
    return 0 if request.exit_zero else int(report.fails(settings.threshold))


def _outputs(request: Request) -> list[tuple[str, Path]]:
    """Reports that go to files, checked before any work is done."""
    outputs = [(request.output_format, request.output)] if request.output else []
    for text in request.reports:
        kind, equals, path = text.partition("=")
        if not equals or not path:
            raise TflintError(f"--report {text}: write FORMAT=PATH, such as --report sarif=tflint.sarif")
        outputs.append((kind, Path(path)))
    for kind in (request.output_format, *(kind for kind, _ in outputs)):
        one_of(kind, "the report format", FORMATS)
    one_of(request.color, "--color", COLORS)
    return outputs


def _flags(request: Request) -> Iterator[Layer]:
    """What the command line sets, the nearest layer of all."""
    ignores = per_file_ignores(request.per_file_ignores)
    yield from flag_layers({**request.flags, "per-file-ignores": ignores or None})
    yield from rule_options(request.rule_options)


def _check(path: Path, plan: Plan, contracts: tuple[Contract, ...]) -> FileReport:
    """One file; what cannot be opened is a finding, so that the others are not lost."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return unreadable(str(path), 0, "not a regular file", plan)
        return check_file(path, plan, contracts=contracts)
    except OSError as problem:
        return unreadable(str(path), 0, f"cannot be read: {problem.strerror or problem}", plan)
