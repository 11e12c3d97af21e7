"""What a worker of the cluster does: tasks in child processes of its own, so that one that dies or hangs costs itself.

All that passes here is bytes, unpacked in the child alone: a worker imports no rule, and no rule can harm it.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import threading
from contextlib import suppress
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tflint.running.pool import Lost, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tflint.timing import Begin

NOTHING = b""  # the task of being ready
STARTING = 300  # seconds in which a child has to be
ORPHANED = 60  # seconds past the limit after which a child ends itself: its worker, who should have, is gone
_ONE = threading.Lock()  # starting a process changes the environment for a moment


class Bench:
    """The work of a run with the processes that do it. Wherever it travels it starts its own; they end with it."""

    def __init__(self, work: bytes, folder: str, limit: float) -> None:
        self._packed = work, folder, limit
        self._limit = limit
        self._idle: list[Worker[bytes, bytes | Lost]] = []

    def __reduce__(self) -> tuple[type[Bench], tuple[bytes, str, float]]:
        """Travel without processes."""
        return Bench, self._packed

    def __del__(self) -> None:
        """Dask has dropped it: the run is over, here or altogether."""
        for child in self._idle:
            child.end()

    def do(self, tasks: Sequence[bytes]) -> list[bytes | Lost]:
        """Do a few tasks, one after the other; threads of the worker may be here at the same time.

        Raises CancelledError once nobody waits for them any more: Dask cancels no thread, and gives it no other work.
        """
        return self.done(tasks, _wanted())

    def done(self, tasks: Sequence[bytes], wanted: Callable[[], bool]) -> list[bytes | Lost]:
        """Do them as long as they are wanted."""
        answers: list[bytes | Lost] = []
        for task in tasks:
            try:
                child = self._idle.pop()
            except IndexError:
                child = self._start()
                answer = child.answer(NOTHING, STARTING, wanted)  # it does not start at the expense of a task
            if not child.dead:
                answer = child.answer(task, self._limit, wanted)
            if not child.dead:
                self._idle.append(child)
            if answer is None:
                from concurrent.futures import CancelledError  # noqa: PLC0415 - not in the children

                raise CancelledError
            answers.append(answer)
        return answers

    def _start(self) -> Worker[bytes, bytes | Lost]:
        # a worker is a daemon of its nanny, which multiprocessing forbids to have children, lest they be left behind:
        # ours end when they can read no more, or by their own alarm
        multiprocessing.current_process()._config["daemon"] = False  # type: ignore[attr-defined] # noqa: SLF001 - as above
        method = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        multiprocessing.set_forkserver_preload(["tflint.running.work", "tflint.cluster.worker"])
        with _ONE:
            return Worker(_Unpacked(*self._packed), method)  # never by a fork: a worker has threads


class _Unpacked:
    """The work itself, in the child."""

    def __init__(self, work: bytes, folder: str, limit: float) -> None:
        self.packed, self.folder, self.limit = work, folder, limit
        self._work: Any = None

    def __call__(self, task: bytes, begin: Begin) -> bytes | Lost:
        """Do one task."""
        try:
            if self._work is None:
                _stand(self.folder)
                self._work = pickle.loads(self.packed)  # noqa: S301 - from the user's own process; docs/cluster.md
            if task == NOTHING:
                return NOTHING
            _alarm(self.limit + ORPHANED)
            return pickle.dumps(self._work(pickle.loads(task), begin))  # noqa: S301 - same
        except Exception as problem:  # noqa: BLE001 - whatever is wrong with this worker's environment
            return Lost(f"{type(problem).__name__}: {problem}", "")
        finally:
            _alarm(0)


def _wanted() -> Callable[[], bool]:
    """Whether the task of Dask's that this thread is at has been cancelled meanwhile, as a question."""
    from distributed import get_worker  # noqa: PLC0415 - not in the children

    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        task = worker.state.tasks.get(key)
        return task is not None and task.state != "cancelled"

    return wanted


def _stand(folder: str) -> None:
    """Where the user stands, for paths are relative to it; where that is not here, nowhere: no other file is meant."""
    sys.path[:] = filter(os.path.isabs, sys.path)  # nothing is imported from there
    try:
        os.chdir(folder)
    except OSError:
        with suppress(OSError), TemporaryDirectory() as nowhere:
            os.chdir(nowhere)


def _alarm(seconds: float) -> None:
    """End this process then, whatever it is at; 0: do not."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)
