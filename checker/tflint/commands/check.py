"""`tflint check`: settings, files, engine, reports, exit code: one straight line."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tflint import timing
from tflint.config.given import flag_layers, per_file_ignores, rule_options
from tflint.config.hierarchy import Hierarchy
from tflint.errors import USAGE, TflintError, one_of, say, warn
from tflint.findings import Report, Summary
from tflint.progress import Bar
from tflint.report import COLORS, FORMATS, TWICE, Style, write_all
from tflint.report.apart import apart
from tflint.report.words import interrupted
from tflint.running.interrupts import Interrupts
from tflint.running.run import Run, baseline_of, baseline_path
from tflint.running.work import PROCESSES
from tflint.timing import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from tflint.baseline import Baseline
    from tflint.config.load import Layer
    from tflint.config.settings import Settings
    from tflint.findings import FileReport
    from tflint.running.results import Results
    from tflint.running.spool import Spool
    from tflint.statistics import Statistics


class Request(NamedTuple):
    """What the command line said: the parameters of `tflint.cli.check`, lists as tuples."""

    exit_zero: bool
    error_on_empty: bool
    preview: bool
    deep: bool
    output_format: str
    scheduler: str
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
    max_file_size: str | None = None
    fail_on: str | None = None
    per_file_ignores: tuple[str, ...] = ()
    rule_option: tuple[str, ...] = ()
    output: Path | None = None
    report: tuple[str, ...] = ()
    baseline: Path | None = None
    contract: Path | None = None
    changed_since: str | None = None
    resume: Path | None = None
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
            "max-file-size": self.max_file_size,
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
    settings = hierarchy.run
    baseline = _baseline(request, settings)
    watch.begin("finding files")
    with (interrupts := Interrupts()):
        run = Run(
            hierarchy,
            request.paths,
            contract=request.contract,
            baseline=baseline,
            renew=request.write_baseline,
            force_exclude=request.force_exclude,
            changed_since=request.changed_since,
            verbose=request.verbose,
            until=interrupts.until,
        )
        results = ("json-lines", request.resume)  # may be replaced by themselves in order
        written = [path for kind, path in outputs if (kind, path) != results]
        made = baseline.path if baseline and not baseline.path.exists() else None
        apart((*written, request.resume, made), _inputs(request, run, baseline))
        if run.waiting:
            say(f"note: {', '.join(run.waiting)}: not run, for it takes --deep to read weights")
        checking = _Checking(request, run, watch, interrupts)
    with closing(_often(checking.reports(), outputs)) as files:
        rules = run.rules if any(kind == "sarif" for kind, _ in outputs) else ()
        report = Report(files, run.targets, run.assumed_target, rules, checking.summary)
        write_all(outputs, report, _style(request, settings))
    watch.begin("")
    if checking.statistics:
        sys.stderr.write(checking.statistics.table())
    if request.timing:
        sys.stderr.write(timing.table(watch.seconds, checking.times))
    if checking.summary.interrupted:
        stays = f"; {baseline.path} stays as it was" if baseline and _writes(request) else ""
        say(f"{interrupted(checking.summary)}{stays}")
        return checking.interrupts.code
    if not run.found:
        warn("no .tflite file found")
        return USAGE if request.error_on_empty else 0
    return 0 if request.exit_zero else int(checking.summary.fails(settings.threshold))


def _baseline(request: Request, settings: Settings) -> Baseline | None:
    """The baseline of the run, read before any work is done; a new one where it is to be written."""
    if request.write_baseline and request.prune_baseline:
        raise TflintError("--write-baseline removes what is not found any more too: leave out --prune-baseline")
    path = baseline_path(settings)
    if request.write_baseline and not path.exists():
        from tflint.baseline import Baseline  # noqa: PLC0415 - who has none does not pay for it

        return Baseline(path, {})
    asked = request.write_baseline or (request.prune_baseline and not request.isolated)
    return baseline_of(settings, asked=asked, isolated=request.isolated)


def _often(
    reports: Generator[FileReport, None, None], outputs: list[tuple[str, Path | None]]
) -> Generator[FileReport, None, None] | Spool:
    """Reports to go through as often as the outputs do."""
    if len(outputs) == 1 and outputs[0][0] not in TWICE:
        return reports
    from tflint.running.spool import Spool  # noqa: PLC0415 - for who goes through them twice

    return Spool(reports)


class _Checking:
    """The check of a run as a stream of reports, counted as they come."""

    def __init__(self, request: Request, run: Run, watch: Stopwatch, interrupts: Interrupts) -> None:
        self.request, self.run, self.watch, self.interrupts = request, run, watch, interrupts
        wanted = 0 if interrupts.code else len(run.files)  # not all are found then
        self.summary, self.times = Summary(wanted=wanted, excluded=len(run.excluded)), timing.Times()
        self.statistics: Statistics | None = None
        if request.statistics:
            from tflint.statistics import Statistics  # noqa: PLC0415 - for who asks

            self.statistics = Statistics()
        kinds = (request.output_format, *(text.partition("=")[0] for text in request.report))
        self._reports = run.check(
            request.jobs,
            scheduler=request.scheduler,
            timed=request.timing,
            until=self.interrupts.until,
            resumable="json-lines" in kinds,
            results=_results(request, run),
        )

    def reports(self) -> Generator[FileReport, None, None]:
        """Reports of models, and behind them those of what is out of date; the baseline is written between."""
        drawn = bool(self.request.output) or self.request.output_format in TWICE or not sys.stdout.isatty()
        bar = Bar(len(self.run.files), drawn=drawn)
        self.watch.begin("checking")
        with self.interrupts, closing(bar), closing(self._reports) as reports:
            for report in reports:
                bar.advance()
                yield self._counted(report)
                self.watch.begin("checking")
        if self.interrupts.code:
            self.summary.interrupted = True
        else:
            self.watch.begin("suppressions and baseline")
            yield from map(self._counted, self.run.outdated(_kept(self.request, self.run, self.summary.mandatory)))
        self.watch.begin("reports")

    def _counted(self, report: FileReport) -> FileReport:
        self.summary.add(report)
        self.times.add(report)
        if self.statistics:
            self.statistics.add(report)
        self.watch.begin("reports")
        return report


def _results(request: Request, run: Run) -> Results | None:
    """The results that the run goes on from, and adds to."""
    if request.resume is None:
        return None
    from tflint.report.json import head_object  # noqa: PLC0415 - for long runs
    from tflint.running.results import Results  # noqa: PLC0415 - same
    from tflint.running.resume import Keys  # noqa: PLC0415 - same

    results = Results(request.resume, head_object(Report((), run.targets, run.assumed_target)))
    if done := results.match(run.jobs(Keys())):
        say(f"{done:,} of {len(run.files):,} models are done in {request.resume}")
    return results


def _kept(request: Request, run: Run, mandatory: int) -> Baseline | None:
    """The baseline as it is after the run, written if asked; `mandatory`: findings that cannot be recorded."""
    if run.upkeep is None or run.upkeep.baseline is None:
        return None
    before = run.upkeep.baseline
    if request.write_baseline:
        baseline = run.upkeep.renewed(before)
        baseline.write()
        left = f"; errors of mandatory rules are never recorded: {mandatory} of these" if mandatory else ""
        say(f"recorded {baseline.size} findings in {baseline.path}{left}")
        return baseline
    if request.prune_baseline:
        baseline = run.upkeep.pruned(before)
        baseline.write()
        say(f"kept {baseline.size} of {before.size} findings in {baseline.path}")
        return baseline
    return before


def _writes(request: Request) -> bool:
    return request.write_baseline or request.prune_baseline


def _inputs(request: Request, run: Run, baseline: Baseline | None) -> Iterator[str | Path]:
    """Files that the run reads, and no report may go to."""
    yield from (path for path in (baseline and baseline.path, request.contract) if path)
    for each in run.found:
        yield each.where
        yield from run.hierarchy.of(each.where).inputs(each.where)
    yield from run.hierarchy.run.inputs("")
    yield from run.contracts.read


def _style(request: Request, settings: Settings) -> Style:
    return Style(
        request.color,
        quiet=request.quiet,
        verbose=request.verbose,
        threshold=settings.threshold,
        suppressed=request.show_suppressed,
    )


def _outputs(request: Request) -> list[tuple[str, Path | None]]:
    """Formats, each with its file, None for stdout; checked before any work is done."""
    outputs = [(request.output_format, request.output)]
    for text in request.report:
        kind, equals, path = text.partition("=")
        if not equals or not path:
            raise TflintError(f"--report {text}: write FORMAT=PATH, such as --report sarif=tflint.sarif")
        outputs.append((kind, Path(path)))
    for kind, _ in outputs:
        one_of(kind, "the report format", FORMATS)
    one_of(request.color, "--color", COLORS)
    if request.jobs is not None and request.jobs < 1:
        raise TflintError(f"--jobs {request.jobs}: at least 1")
    if request.scheduler != PROCESSES:
        from tflint.cluster import checked  # noqa: PLC0415 - for who has a cluster

        checked(request.scheduler, request.jobs)
    return outputs


def _flags(request: Request) -> Iterator[Layer]:
    """What the command line sets, the nearest layer of all."""
    yield from flag_layers(request.flags)
    yield from rule_options(request.rule_option)
