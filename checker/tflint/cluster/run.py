"""Tasks over the workers of a Dask cluster, which may be lost: each task is answered once, whatever becomes of them.

Dask gives what a lost worker was at to another, and gives up what has lost it several. That may be a task that was
merely near the one to blame, so each is tried again with nothing else of the run beside it; what loses its workers then
is answered with that.
"""

from __future__ import annotations

import operator
import os
import pickle
import time
import uuid
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from tflint.cluster.connection import connected
from tflint.cluster.members import Members
from tflint.cluster.worker import Bench
from tflint.running.pool import Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator

    from distributed import Client, Future

    from tflint.timing import Begin

Task = TypeVar("Task")
Result = TypeVar("Result")

BATCH = 8  # tasks that travel together: a scheduler takes some hundreds a second, and a model takes milliseconds
AHEAD = 2  # batches for each thread of the cluster, so that none waits for this process
HELD = 10_000  # tasks: while one takes its whole time, so many others are done; whoever puts them in order holds them
POLL = 0.02  # seconds


def spread(
    work: Callable[[Task, Begin], Result], tasks: Iterable[Task], address: str, limit: float, packs: Iterable[str] = ()
) -> Generator[tuple[int, Result | Lost], None, None]:
    """Yield (index of the task, its result) as they come, as `spread` of `running.pool` does on this machine.

    `packs`: names of the rule packs that workers have to have. Tasks are taken as there is room for them. Close the
    generator to cancel what is not done. Raises TflintError where there is no such cluster, where its workers are not
    like this process, and when all are lost.
    """
    with connected(address) as client:
        flights = _Flights(client, Members(client, address, packs), pickle.dumps(work), limit)
        yield from flights.answers(enumerate(map(pickle.dumps, tasks)))


class _Landed(NamedTuple):
    """A batch that has come to an end."""

    batch: list[tuple[int, bytes]]
    answers: list[bytes | Lost]  # empty where there is a problem
    problem: str


class _Flights:
    """Batches of tasks on their way."""

    def __init__(self, client: Client, members: Members, work: bytes, limit: float) -> None:
        from distributed import as_completed  # noqa: PLC0415 - for who has a cluster

        self.client, self.members = client, members
        self.run = f"tflint-{uuid.uuid4().hex}"
        self.sent = self.taken = 0  # batches, and tasks
        self.packed = pickle.dumps(Bench(work, os.getcwd(), limit))  # noqa: PTH109 - text
        self.bench = self._laid_out()
        self.landed = as_completed(loop=client.loop, with_results=True, raise_errors=False)
        self.flying: dict[Future, list[tuple[int, bytes]]] = {}

    def answers(self, tasks: Iterator[tuple[int, bytes]]) -> Iterator[tuple[int, Any]]:
        """Send all and yield what comes back."""
        suspects: deque[tuple[int, bytes]] = deque()

        def fresh() -> Iterator[list[tuple[int, bytes]]]:
            while not suspects and (batch := list(islice(tasks, BATCH))):
                yield batch

        while True:
            for landed in self._fly(fresh()):
                if landed.problem:
                    suspects.extend(landed.batch)
                yield from _unpacked(landed)
            if not suspects:
                return
            while suspects:
                index, task = suspects.popleft()
                for landed in self._fly(iter([[(index, task)]])):
                    if landed.problem:
                        yield index, Lost(landed.problem, "")
                    yield from _unpacked(landed)

    def _fly(self, batches: Iterator[list[tuple[int, bytes]]]) -> Iterator[_Landed]:
        """Send these, a few at a time, and yield them as they land."""
        more = True
        while True:
            while more and self._room():
                if batch := next(batches, None):
                    self._send(batch)
                else:
                    more = False
            if not self.flying:
                return
            self.members.threads()
            if not self.landed.has_ready():
                time.sleep(POLL)
            for future, answer in self.landed.next_batch(block=False):
                yield self._end(future, answer)

    def _room(self) -> bool:
        oldest = next(iter(self.flying.values()), None)
        held = self.taken - oldest[0][0] if oldest else 0
        return len(self.flying) < AHEAD * self.members.threads() and held < HELD

    def _laid_out(self) -> Future:
        # like the batches, it is unpacked as a task: what cannot be unpacked before that ends a worker
        return self.client.submit(pickle.loads, self.packed, key=(self.run, f"bench {self.sent}"))

    def _send(self, batch: list[tuple[int, bytes]]) -> None:
        self.sent += 1
        self.taken = max(self.taken, batch[-1][0] + 1)
        if self.bench.status == "error":  # it was near too many losses itself
            self.bench = self._laid_out()
        tasks = [task for _, task in batch]
        do = operator.methodcaller("do", tasks)
        # in order, lest one that takes its time holds up what is before it
        future = self.client.submit(do, self.bench, key=(self.run, self.sent), priority=-self.sent)
        self.flying[future] = batch
        self.landed.add(future)

    def _end(self, future: Future, answer: Any) -> _Landed:
        from distributed import KilledWorker  # noqa: PLC0415 - for who has a cluster

        batch = self.flying.pop(future)
        if future.status == "finished":
            return _Landed(batch, answer, "")
        if future.status != "error":  # cancelled, by who restarts the cluster or by Dask that has lost the scheduler
            raise self.members.lost()
        problem = answer[1]
        if isinstance(problem, KilledWorker):
            deaths = f"its worker was lost {problem.allowed_failures + 1} times"
            return _Landed(batch, [], f"{deaths}, the last time at {problem.last_worker.address}")
        self.members.look()  # a worker that has just come and is not like this process is what is to be said
        return _Landed(batch, [], f"its task failed on the cluster: {type(problem).__name__}: {problem}")


def _unpacked(landed: _Landed) -> Iterator[tuple[int, Any]]:
    for (index, _), answer in zip(landed.batch, landed.answers, strict=False):
        yield index, answer if isinstance(answer, Lost) else pickle.loads(answer)  # noqa: S301 - from the user's cluster; docs/cluster.md
