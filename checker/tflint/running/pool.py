"""Tasks over a few processes that may die: a crash in native code or a hang costs one task, and never the run.

A process takes one task at a time from a pipe, and writes into shared memory what it is at. The parent waits for
results, for the end of a pipe (its process is dead) and for the clock, and replaces a process that it has lost. Works
whichever way processes are started.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing.connection import wait
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator
    from multiprocessing.connection import Connection

    from tflint.timing import Begin

Task = TypeVar("Task")
Result = TypeVar("Result")

IDLE = -1
AHEAD = 256  # tasks: while one takes its whole time, so many others are done
LONGEST = 63  # bytes of what a process is at
LOOK = 0.5  # seconds between two looks whether a task is still wanted


@dataclass(frozen=True, slots=True)
class Lost:
    """What has become of a task without a result."""

    problem: str
    at: str  # what was begun last


def spread(
    work: Callable[[Task, Begin], Result], tasks: Iterable[Task], processes: int, limit: float
) -> Generator[tuple[int, Result | Lost], None, None]:
    """Yield (index of the task, its result) as they come. `limit`: seconds that one task may take.

    `work` is called with a task and a function that it tells what it begins; it, the tasks and the results are pickled.
    A task is taken when there is a process for it, and none that is AHEAD of one that is not done: who puts results in
    order has so many to hold at most. Close the generator to end the processes at once.
    """
    coming = enumerate(tasks)
    following = next(coming, None)
    workers: list[Worker[Task, Result]] = []
    busy: list[Worker[Task, Result]] = []
    try:
        while following or busy:
            while following and len(busy) < processes and all(following[0] < each.task + AHEAD for each in busy):
                idle = next((worker for worker in workers if worker.task == IDLE), None)
                if idle is None:
                    workers.append(idle := Worker(work))
                idle.give(*following)
                busy.append(idle)
                following = next(coming, None)
            soonest = min(worker.since for worker in busy) + limit
            ready = wait([worker.pipe for worker in busy], max(0.0, soonest - time.monotonic()))
            for worker in busy:
                if worker.pipe in ready:
                    answer = worker.take()
                elif time.monotonic() - worker.since > limit:
                    answer = worker.lose(_late(limit))
                else:
                    continue
                index, worker.task = worker.task, IDLE
                yield index, answer
            workers = [worker for worker in workers if not worker.dead]
            busy = [worker for worker in workers if worker.task != IDLE]
    finally:
        for worker in workers:
            worker.end()


class Worker(Generic[Task, Result]):
    """One process, seen from the parent."""

    def __init__(self, work: Callable[[Task, Begin], Result], method: str | None = None) -> None:
        context: Any = multiprocessing.get_context(method)
        self.pipe, theirs = context.Pipe()
        self.at = context.RawArray("c", LONGEST + 1)
        self.process = context.Process(target=_serve, args=(theirs, self.at, work), daemon=True)
        with _uninterrupted(), _imports_nothing_from_here():
            self.process.start()
        theirs.close()
        self.task = IDLE  # the index of what it is at
        self.since = 0.0  # when that was given
        self.dead = False

    def give(self, index: int, task: Task) -> None:
        """Send a task. That the process is dead is seen when it is read from."""
        self.task, self.since = index, time.monotonic()
        with suppress(OSError):
            self.pipe.send(task)

    def answer(self, task: Task, limit: float, wanted: Callable[[], bool]) -> Result | Lost | None:
        """Have a task done, and wait for it; None, and an end of the process, once it is `wanted` no more."""
        self.give(0, task)
        while wanted():
            left = self.since + limit - time.monotonic()
            if left <= 0:
                return self.lose(_late(limit))
            if self.pipe.poll(min(left, LOOK)):
                return self.take()
        self.lose("")
        return None

    def take(self) -> Result | Lost:
        """The result that has come, or what is known of the loss."""
        try:
            result: Result = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(1)
            return self.lose(_end(self.process.exitcode))
        return result

    def lose(self, problem: str) -> Lost:
        """End it, and give up what it is at."""
        self.dead = True
        self.end()
        return Lost(problem, self.at.value.decode("ascii", "replace"))

    def end(self) -> None:
        """Kill it: it holds nothing that has to be put away."""
        self.process.kill()
        self.process.join()
        self.pipe.close()


def _serve(pipe: Connection, at: Any, work: Callable[[Any, Begin], Any]) -> None:
    """Work at tasks until the parent is gone."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is interrupted too, and ends us
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent's handler is not ours, if we are its fork

    def begin(what: str) -> None:
        at.value = what.encode("ascii", "replace")[:LONGEST]

    while True:
        try:
            task = pipe.recv()
        except (EOFError, OSError):
            return
        begin("")
        result = work(task, begin)
        try:
            pipe.send(result)
        except OSError:
            return


def _end_with_parent() -> None:
    """End this process, whatever it is at, when its parent is killed.

    The pipe does not show that: a fork has its parent's end of it, and those of the forks before it.
    """
    if parent := multiprocessing.parent_process():
        wait([parent.sentinel])
        os._exit(1)


def _late(limit: float) -> str:
    return f"it took longer than {limit:g} seconds"


def _end(code: int | None) -> str:
    if code is None:
        return "its process has closed its pipe"
    if code >= 0:
        return f"its process ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:
        name = f"signal {-code}"
    memory = ", as the system does where memory runs out" if -code == getattr(signal, "SIGKILL", None) else ""
    return f"its process was ended by {name}{memory}"


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold Ctrl-C back, so that a process is not interrupted before it can say that it will not be."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _imports_nothing_from_here() -> Iterator[None]:
    """Keep a new interpreter from looking for `multiprocessing` in the current folder first, as `python -c` does.

    That folder may be a checkout that others wrote. Python 3.10 has no such variable.
    """
    name = "PYTHONSAFEPATH"
    before = os.environ.get(name)
    os.environ[name] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before
