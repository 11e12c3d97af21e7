"""All files of a run through the engine, here or over several processes; the reports are the same either way.

They come one by one in the order of the jobs, and no more are held than come out of order.
"""

from __future__ import annotations

import gc
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from tflint.dataclass import replace
from tflint.engine import check_file, unfinished, unreadable
from tflint.errors import TflintError
from tflint.findings import FileReport
from tflint.model.opened import Kept
from tflint.running.job import UNOPENED, Job
from tflint.running.limit import OutOfTime, limited
from tflint.timing import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from tflint.artifacts.artifact import Artifact
    from tflint.contract.find import Contract
    from tflint.engine import Plan
    from tflint.running.pool import Lost
    from tflint.timing import Begin

FEW = 8  # files for each process, below which starting it takes longer than it saves
PROCESSES = "processes"  # the scheduler that is none: this machine
LIMIT = "TFLITE_LINT_FILE_SECONDS"
SECONDS = 300.0  # for one file: a thousand times what a check takes, so that only what hangs is ended


Until = Callable[[Iterator[tuple[int, "FileReport | Lost"]]], Iterator[tuple[int, "FileReport | Lost"]]]
Finish = Callable[[Job, FileReport], FileReport]


def check_all(
    jobs: Iterable[Job],
    plans: Sequence[Plan],
    processes: int = 1,
    limit: float = SECONDS,
    *,
    scheduler: str = PROCESSES,
    timed: bool = False,
    until: Until = iter,
    finish: Finish | None = None,
) -> Generator[tuple[Job, FileReport], None, None]:
    """Yield each job with its report, in order; `plans` are those of all jobs.

    `processes`: 1 is this one; `limit`: seconds that one file may take; `scheduler`: the address of a cluster that does
    it instead; `until` passes what is done on, and may end it early; `finish` is told of a job when it is done, before
    others that are to come before it, and gives the report. Jobs are taken as there is room for them. Close the
    generator to end the processes at once.
    """
    numbers = {id(plan): number for number, plan in enumerate(plans)}
    work = _Work(tuple(plans), timed=timed)
    begun: dict[int, Job] = {}
    done: dict[int, FileReport] = {}

    def tasks() -> Iterator[_Task]:
        for index, job in enumerate(jobs):
            begun[index] = job
            yield job.artifact, numbers[id(job.plan)], job.contracts

    following = 0
    with closing(_spread(work, tasks(), processes, limit, scheduler)) as answers:
        for index, answer in until(answers):
            job = begun[index]
            report = answer if isinstance(answer, FileReport) else lost(job, answer)
            done[index] = finish(job, report) if finish else report
            while following in done:
                yield begun.pop(following), done.pop(following)
                following += 1
    for index in sorted(done):  # some that were begun before it did not come to an end
        yield begun[index], done[index]


def processes_for(files: int) -> int:
    """As many as there are cores, where it pays."""
    return min(_cores(), files // FEW)


def lost(job: Job, loss: Lost) -> FileReport:
    """The report of a file whose process was lost over it."""
    at = f" ({loss.at})" if loss.at else ""
    return unfinished(job.artifact.name, f"{loss.problem}{at}", job.plan)


_Task = tuple["Artifact", int, tuple["Contract", ...]]  # an artifact, the number of its plan, its contracts


def _spread(
    work: _Work, tasks: Iterable[_Task], processes: int, limit: float, scheduler: str
) -> Generator[tuple[int, FileReport | Lost], None, None]:
    if scheduler != PROCESSES:
        from tflint.cluster import run  # noqa: PLC0415 - for who has a cluster

        packs = {entry.pack for plan in work.plans for entry in plan.entries}
        with closing(run.spread(work, tasks, scheduler, limit, packs)) as answers:
            yield from answers
        return
    if processes <= 1:
        yield from ((index, _alone(work, task, limit)) for index, task in enumerate(tasks))
        return
    from tflint.running.pool import spread  # noqa: PLC0415 - for who has many files

    with closing(spread(work, tasks, processes, limit)) as answers:
        yield from answers


def _alone(work: _Work, task: _Task, limit: float) -> FileReport:
    """The report of a file that is checked in this process."""
    at = [""]
    try:
        with limited(limit):
            return work(task, at.append)
    except OutOfTime:
        artifact, plan, _ = task
        problem = f"it took longer than {limit:g} seconds"
        return unfinished(artifact.name, f"{problem} ({at[-1]})" if at[-1] else problem, work.plans[plan])


class _Work:
    """What is done with each file; it travels to the processes once."""

    def __init__(self, plans: tuple[Plan, ...], *, timed: bool) -> None:
        self.plans, self.timed = plans, timed
        self._kept = Kept()
        self._several = False

    def __call__(self, task: _Task, begin: Begin) -> FileReport:
        """Check one file; `begin` is told what is begun."""
        if self._several:
            gc.collect(0)  # parts of a model hold each other: a thousand small ones before them would go by themselves
        self._several = True
        artifact, plan, contracts = task
        if not self.timed:
            return _checked(artifact, self.plans[plan], contracts, begin, self._kept)
        watch = Stopwatch(begin)
        report = _checked(artifact, self.plans[plan], contracts, watch.begin, self._kept)
        watch.begin("")
        return replace(report, seconds=dict(watch.seconds))


def _checked(artifact: Artifact, plan: Plan, contracts: tuple[Contract, ...], begin: Begin, kept: Kept) -> FileReport:
    """One file; what cannot be opened is a finding, and so is our own mistake, so that the others are not lost."""
    try:
        if not (artifact.is_url or stat.S_ISREG(os.stat(artifact.where).st_mode)):  # noqa: PTH116 - a path is text here
            return unreadable(artifact.name, 0, "not a regular file", plan)
        return check_file(artifact, plan, contracts=contracts, begin=begin, kept=kept)
    except OSError as problem:
        return unreadable(artifact.name, 0, f"{UNOPENED}: {problem.strerror or problem}", plan)
    except Exception as problem:
        if os.environ.get("TFLITE_LINT_DEBUG"):
            raise
        return unfinished(artifact.name, f"{type(problem).__name__}: {problem}; TFLITE_LINT_DEBUG=1 shows where", plan)


def _cores() -> int:
    """Those that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def time_limit() -> float:
    """Seconds for one file, as the environment has it. Raises TflintError for what is no such number."""
    text = os.environ.get(LIMIT, "")
    try:
        seconds = float(text or SECONDS)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < float("inf"):
        raise TflintError(f"{LIMIT}: a number of seconds, not {text!r}")
    return seconds
