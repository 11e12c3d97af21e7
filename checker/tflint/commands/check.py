"""`tflint check`: settings, files, engine, reports, exit code: one straight line."""

from __future__ import annotations

import stat
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint import config, select
from tflint.engine import Plan, check_file, unreadable
from tflint.errors import USAGE, TflintError
from tflint.findings import FileReport, Report, Severity
from tflint.paths import find
from tflint.registry import catalogue, loaded
from tflint.report import FORMATS, Style, render, write
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_TARGET = "litert"
COLORS = ("auto", "always", "never")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Request:
    """What the command line said."""

    paths: tuple[Path, ...]
    flags: Mapping[str, Any]  # Settings fields; None: not given; rule lists as comma-separated text
    deep: bool
    rule_options: tuple[str, ...]
    exit_zero: bool
    error_on_empty: bool
    output_format: str
    output: Path | None
    reports: tuple[str, ...]
    config: Path | None
    isolated: bool
    force_exclude: bool
    color: str
    quiet: bool
    verbose: bool


def check_command(request: Request) -> int:
    """Run it; give the exit code. Raises TflintError for whatever is the user's to mend."""
    outputs = _outputs(request)
    settings = _settings(request)
    plan = _plan(settings, request)
    files = find(request.paths or (Path(),), settings.exclude, force_exclude=request.force_exclude)
    report = Report(
        tuple(_check(path, plan) for path in files), tuple(p.id for p in plan.profiles), plan.assumed_target
    )
    if request.output_format == "sarif" or any(kind == "sarif" for kind, _ in outputs):
        report = replace(report, rules=tuple(loaded(plan.entries)))
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
        config.level(kind, "the report format", FORMATS)
    config.level(request.color, "--color", COLORS)
    return outputs


def _settings(request: Request) -> config.Settings:
    start = request.paths[0] if request.paths else Path()
    settings = config.Settings() if request.isolated else config.load(start.absolute(), request.config)
    flags = dict(request.flags)
    for key in ("select", "ignore", "extend_select"):
        if flags.get(key) is not None:
            flags[key] = tuple(code.strip() for code in flags[key].split(",") if code.strip())
    if flags.get("target") is not None:
        flags["target"] = tuple(flags["target"])
    if flags.get("fail_on") is not None:
        flags["fail_on"] = config.level(flags["fail_on"], "--fail-on")
    return config.rule_options(request.rule_options, config.overridden(settings, flags))


def _plan(settings: config.Settings, request: Request) -> Plan:
    rules = catalogue()
    entries = select.chosen(rules, settings)
    names = settings.target or (DEFAULT_TARGET,)
    profiles = {profile.id: profile for profile in map(resolve, names)}
    options = select.by_code(rules, settings.rules)
    severities = {code: Severity(level) for code, level in select.by_code(rules, settings.severity).items()}
    return Plan(
        entries=entries,
        profiles=tuple(profiles.values()),
        assumed_target=not settings.target,
        severities=severities,
        options=options,
        verbose=request.verbose,
        deep=request.deep,
    )


def _check(path: Path, plan: Plan) -> FileReport:
    """One file; what cannot be opened is a finding, so that the others are not lost."""
    try:
        mode = path.stat().st_mode
        if not stat.S_ISREG(mode):
            return unreadable(str(path), 0, "not a regular file", plan)
        return check_file(path, plan)
    except OSError as problem:
        return unreadable(str(path), 0, f"cannot be read: {problem.strerror or problem}", plan)
