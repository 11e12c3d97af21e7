"""`tflint check`: settings, files, engine, reports, exit code: one straight line."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tflint import timing
from tflint.config.given import flag_layers, per_file_ignores, rule_options
from tflint.config.hierarchy import Hierarchy
from tflint.config.load import FILES, shown
from tflint.contract import LOCK
from tflint.contract.find import Contracts
from tflint.dataclass import replace
from tflint.errors import USAGE, TflintError, one_of, say, warn
from tflint.findings import Report
from tflint.paths import find
from tflint.plans import Plans
from tflint.registry import loaded
from tflint.report import COLORS, FORMATS, Style, render, write
from tflint.timing import Stopwatch
from tflint.work import Job, check_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.artifact import Artifact
    from tflint.baseline import Baseline
    from tflint.config.load import Layer
    from tflint.config.settings import Settings
    from tflint.engine import Plan
    from tflint.findings import FileReport
    from tflint.rule import Rule

BASELINE = "tflint-baseline.json"  # beside the configuration, or here


class Request(NamedTuple):
    """What the command line said: the parameters of `tflint.cli.check`, lists as tuples."""

    exit_zero: bool
    error_on_empty: bool
    preview: bool
    deep: bool
    output_format: str
    isolated: bool
    force_exclude: bool
    color: str
    quiet: bool
    verbose: bool
    write_baseline: bool
    prune_baseline: bool
    show_suppressed: bool
    statistics: bool
    timing: bool
    paths: tuple[str, ...] = ()  # of files, folders and members of archives, and URLs
    config: tuple[str, ...] = ()  # a file, and key=value
    target: tuple[str, ...] = ()
    select: str | None = None
    ignore: str | None = None
    extend_select: str | None = None
    fail_on: str | None = None
    per_file_ignores: tuple[str, ...] = ()
    rule_option: tuple[str, ...] = ()
    output: Path | None = None
    report: tuple[str, ...] = ()
    baseline: Path | None = None
    contract: Path | None = None
    changed_since: str | None = None
    jobs: int | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Request:
        """The request that parameters make; what is None was not given."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in given.items()
        }
        return cls(**{name: value for name, value in values.items() if value is not None})

    @property
    def flags(self) -> dict[str, Any]:
        """Keys of the configuration; None: not given; lists as comma-separated text."""
        return {
            "target": list(self.target) or None,
            "select": self.select,
            "ignore": self.ignore,
            "extend-select": self.extend_select,
            "fail-on": self.fail_on,
            "preview": self.preview or None,
            "deep": self.deep or None,
            "baseline": None if self.baseline is None else str(self.baseline),
            "per-file-ignores": per_file_ignores(self.per_file_ignores) or None,
        }


def check_command(request: Request) -> int:
    """Run it; give the exit code. Raises TflintError for whatever is the user's to mend."""
    watch = Stopwatch()
    watch.begin("settings")
    outputs = _outputs(request)
    hierarchy = Hierarchy(request.config, _flags(request), isolated=request.isolated)
    settings, plans = hierarchy.run, Plans(hierarchy, verbose=request.verbose)
    baseline = _baseline(request, settings)
    watch.begin("finding files")
    paths = request.paths or (".",)
    files = find(paths, hierarchy.excludes, force_exclude=request.force_exclude)
    chosen = _changed(files, request, hierarchy)
    contracts = Contracts(request.contract, locks=not request.isolated)
    jobs = [Job(each, plans.of(each), contracts.of(each, hierarchy.of(each.where).models)) for each in chosen]
    if waiting := dict.fromkeys(code for job in jobs for code in job.plan.waiting):
        say(f"note: {', '.join(waiting)}: not run, for it takes --deep to read weights")
    watch.begin("checking")
    reports = check_all(jobs, request.jobs, timed=request.timing)
    watch.begin("suppressions and baseline")
    if baseline or any(job.plan.suppressions for job in jobs):
        reports = _settled(request, baseline, jobs, reports, plans.run)
    report = _report(jobs, reports, plans.run)
    watch.begin("reports")
    if request.output_format == "sarif" or any(kind == "sarif" for kind, _ in outputs):
        report = replace(report, rules=_rules(jobs, plans.run))
    style = Style(
        request.color,
        quiet=request.quiet,
        verbose=request.verbose,
        threshold=settings.threshold,
        suppressed=request.show_suppressed,
    )
    for kind, path in outputs:
        write(path, render(kind, report, style._replace(color="never")))
    if request.output is None:
        sys.stdout.write(render(request.output_format, report, style))
    watch.begin("")
    _appendices(request, report, watch)
    if not files:
        warn("no .tflite file found")
        return USAGE if request.error_on_empty else 0
    return 0 if request.exit_zero else int(report.fails(settings.threshold))


def _baseline(request: Request, settings: Settings) -> Baseline | None:
    """The baseline of the run, read before any work is done; a new one where it is to be written."""
    if request.write_baseline and request.prune_baseline:
        raise TflintError("--write-baseline removes what is not found any more too: leave out --prune-baseline")
    folder = Path(settings.source).parent
    here = folder if settings.source and Path.cwd().is_relative_to(folder) else Path.cwd()
    path = Path(shown(settings.baseline or str(here / BASELINE)))
    if not settings.baseline and not path.exists() and not request.write_baseline and not request.prune_baseline:
        return None
    if not settings.baseline and request.isolated and not request.write_baseline:
        return None
    from tflint.baseline import Baseline  # noqa: PLC0415 - who has none does not pay for it

    return Baseline(path, {}) if request.write_baseline and not path.exists() else Baseline.read(path)


def _settled(
    request: Request, baseline: Baseline | None, jobs: list[Job], reports: list[FileReport], run: Plan
) -> list[FileReport]:
    """Reports as the baseline has them, which is written first if asked, and what is out of date behind them."""
    from tflint.upkeep import Reach, settled  # noqa: PLC0415 - who suppresses nothing does not pay for it

    folders = [] if request.changed_since else filter(os.path.isdir, request.paths or (".",))
    reach = Reach(folders, jobs, reports)
    if baseline and request.write_baseline:
        baseline = baseline.renewed(reports, reach.judges(baseline))
        baseline.write()
        say(f"recorded {baseline.size} findings in {baseline.path}")
    if baseline and request.prune_baseline:
        before, baseline = baseline.size, baseline.without(baseline.excess(reports, reach.judges(baseline)))
        baseline.write()
        say(f"kept {baseline.size} of {before} findings in {baseline.path}")
    return settled(reach, baseline, run)


def _changed(files: list[Artifact], request: Request, hierarchy: Hierarchy) -> list[Artifact]:
    """Those models that are to be checked under --changed-since: changed themselves, or in what is said of them."""
    if request.changed_since is None:
        return files
    from tflint.checkout import Changes  # noqa: PLC0415 - for who asks

    for file in files:
        if file.is_url:
            raise TflintError(f"--changed-since {request.changed_since}: {file.name} is not in a git checkout")
    changes = Changes(request.changed_since, {*FILES, LOCK, BASELINE})
    return [file for file in files if changes.concern(file.where, hierarchy.of(file.where).inputs(file.where))]


def _report(jobs: list[Job], files: list[FileReport], run: Plan) -> Report:
    used = [job.plan for job in jobs] or [run]
    targets = dict.fromkeys(profile.id for plan in used for profile in plan.profiles)
    return Report(tuple(files), tuple(targets), any(plan.assumed_target for plan in used))


def _rules(jobs: list[Job], run: Plan) -> tuple[Rule, ...]:
    entries = {
        entry.code: entry
        for plan in {id(p): p for p in (run, *(job.plan for job in jobs))}.values()
        for entry in plan.entries
    }
    return tuple(loaded(entries[code] for code in sorted(entries)))


def _appendices(request: Request, report: Report, watch: Stopwatch) -> None:
    """What was asked for beside the report, on stderr: a report for machines stays one."""
    if request.statistics:
        from tflint import statistics  # noqa: PLC0415 - for who asks

        sys.stderr.write(statistics.table(report))
    if request.timing:
        sys.stderr.write(timing.table(watch.seconds, report.files))


def _outputs(request: Request) -> list[tuple[str, Path]]:
    """Reports that go to files, checked before any work is done."""
    outputs = [(request.output_format, request.output)] if request.output else []
    for text in request.report:
        kind, equals, path = text.partition("=")
        if not equals or not path:
            raise TflintError(f"--report {text}: write FORMAT=PATH, such as --report sarif=tflint.sarif")
        outputs.append((kind, Path(path)))
    for kind in (request.output_format, *(kind for kind, _ in outputs)):
        one_of(kind, "the report format", FORMATS)
    one_of(request.color, "--color", COLORS)
    if request.jobs is not None and request.jobs < 1:
        raise TflintError(f"--jobs {request.jobs}: at least 1")
    return outputs


def _flags(request: Request) -> Iterator[Layer]:
    """What the command line sets, the nearest layer of all."""
    yield from flag_layers(request.flags)
    yield from rule_options(request.rule_option)
