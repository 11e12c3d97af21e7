"""A run, without what is printed of it: settings and paths go in, and reports come out one by one, in order."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.artifacts.paths import find
from tflint.config.load import FILES, shown
from tflint.contract import LOCK
from tflint.contract.find import Contracts
from tflint.errors import TflintError
from tflint.plans import Plans
from tflint.registry import loaded
from tflint.running.job import Job
from tflint.running.work import PROCESSES, check_all, processes_for, time_limit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from tflint.artifacts.artifact import Artifact
    from tflint.baseline import Baseline
    from tflint.config.hierarchy import Hierarchy
    from tflint.config.settings import Settings
    from tflint.findings import FileReport
    from tflint.rule import Rule
    from tflint.running.results import Results
    from tflint.running.resume import Keys
    from tflint.running.work import Finish, Until
    from tflint.upkeep import Upkeep

BASELINE = "tflint-baseline.json"


class Run:
    """What is to be checked, and how; nothing is until `check`.

    Raises TflintError, when made, for whatever is wrong with paths, configurations, contracts, locks and sidecars.
    """

    def __init__(
        self,
        hierarchy: Hierarchy,
        paths: Sequence[str] = (),
        *,
        contract: Path | None = None,
        baseline: Baseline | None = None,
        renew: bool = False,
        force_exclude: bool = False,
        changed_since: str | None = None,
        verbose: bool = False,
        until: Callable[[Iterator[Artifact]], Iterator[Artifact]] = iter,
    ) -> None:
        """`paths`: none: here; `renew`: the baseline is to be that of this run; `until` may end the search."""
        self.hierarchy = hierarchy
        self.plans = Plans(hierarchy, verbose=verbose)
        self.contracts = Contracts(contract, locks=not hierarchy.isolated)
        paths = paths or (".",)
        self.excluded: set[str] = set()
        self.found = find(paths, self._excludes, force_exclude=force_exclude, until=until)
        self.files = self.found if changed_since is None else self._changed(changed_since)
        self.used = tuple({id(job.plan): job.plan for job in self.jobs()}.values())
        self.upkeep: Upkeep | None = None
        if baseline or any(plan.suppressions for plan in self.used):
            from tflint.upkeep import Reach, Upkeep  # noqa: PLC0415 - who suppresses nothing does not pay for it

            folders = [] if changed_since else filter(os.path.isdir, paths)
            self.upkeep = Upkeep(Reach(folders), baseline, renew=renew)

    @property
    def targets(self) -> tuple[str, ...]:
        """Those of all files: configurations may name others for each."""
        return tuple(dict.fromkeys(profile.id for plan in self.used or (self.plans.run,) for profile in plan.profiles))

    @property
    def assumed_target(self) -> bool:
        """Nobody named one for some file."""
        return any(plan.assumed_target for plan in self.used or (self.plans.run,))

    @property
    def waiting(self) -> Iterable[str]:
        """Rules that were asked for by name and need `deep`, which nobody asked for."""
        return dict.fromkeys(code for plan in self.used for code in plan.waiting)

    @property
    def rules(self) -> tuple[Rule, ...]:
        """All that look at some file, or would."""
        entries = {entry.code: entry for plan in (self.plans.run, *self.used) for entry in plan.entries}
        return tuple(loaded(entries[code] for code in sorted(entries)))

    def jobs(self, keys: Keys | None = None) -> Iterator[Job]:
        """What is to be done, made as it is asked for; with what it is known again by, where there are `keys`."""
        for each in self.files:
            job = Job(each, self.plans.of(each), self.contracts.of(each, self.hierarchy.of(each.where).models))
            yield job._replace(state=keys.of(job)) if keys else job

    def check(
        self,
        processes: int | None = None,
        *,
        scheduler: str = PROCESSES,
        timed: bool = False,
        until: Until = iter,
        resumable: bool = False,
        results: Results | None = None,
    ) -> Generator[FileReport, None, None]:
        """Check the files: their reports in order, with what the baseline holds suppressed.

        `processes`: 1 is this one; None: as many as there are cores, where it pays. `scheduler` and `until`: see
        `check_all`.
        `resumable`: reports hold what a later run needs to go on from them. `results`, matched with the jobs: what is
        done is taken from there, and the rest is added. Raises TflintError for a time limit that is none. Close the
        generator to end the processes at once.
        """
        files, jobs = len(self.files), self.jobs()
        finish: Finish | None = None
        if resumable or results:
            from tflint.running import resume  # noqa: PLC0415 - for long runs

            finish = resume.finished
            jobs = self.jobs(resume.Keys())
        if results:
            files -= results.done
            finish = results.finished
            jobs = results.left(jobs)
        processes = processes_for(files) if processes is None else processes
        checked = check_all(
            jobs,
            self.used,
            processes,
            time_limit(),
            scheduler=scheduler,
            timed=timed,
            until=until,
            finish=finish,
        )
        return self._reports(results.joined(self.jobs(), checked, self.plans.catalogue) if results else checked)

    def _reports(self, checked: Generator[tuple[Job, FileReport], None, None]) -> Generator[FileReport, None, None]:
        with closing(checked) as done:
            for job, report in done:
                yield self.upkeep.add(job.plan, report) if self.upkeep else report

    def outdated(self, baseline: Baseline | None) -> Sequence[FileReport]:
        """After the check of all: what holds no longer of suppressions and of the baseline, as it is by now."""
        return self.upkeep.reports(baseline, self.plans.run) if self.upkeep else ()

    def _excludes(self, artifact: Artifact) -> bool:
        """Whether its configuration excludes it; what is excluded is counted, lest a change of that goes unseen."""
        excluded = self.hierarchy.excludes(artifact)
        if excluded:
            self.excluded.add(artifact.name)
        return excluded

    def _changed(self, revision: str) -> list[Artifact]:
        """Those models that are to be checked: changed themselves, or in what is said of them."""
        from tflint.checkout import Changes  # noqa: PLC0415 - for who asks

        for each in self.found:
            if each.is_url:
                raise TflintError(f"--changed-since {revision}: {each.name} is not in a git checkout")
        changes = Changes(revision, {*FILES, LOCK, BASELINE})
        return [
            each for each in self.found if changes.concern(each.where, self.hierarchy.of(each.where).inputs(each.where))
        ]


def baseline_path(settings: Settings) -> Path:
    """Where the baseline of a run is, or would be: as the settings say, else beside their file, or here."""
    folder = Path(settings.source).parent
    here = folder if settings.source and Path.cwd().is_relative_to(folder) else Path.cwd()
    return Path(shown(settings.baseline or str(here / BASELINE)))


def baseline_of(settings: Settings, *, asked: bool = False, isolated: bool = False) -> Baseline | None:
    """The baseline of a run, or None. Raises TflintError for one that is named, or `asked` for, and not there."""
    path = baseline_path(settings)
    if not (settings.baseline or asked or (path.exists() and not isolated)):
        return None
    from tflint.baseline import Baseline  # noqa: PLC0415 - who has none does not pay for it

    return Baseline.read(path)
