"""Who is in a cluster."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from tflint.cluster.alike import difference
from tflint.cluster.connection import patience
from tflint.errors import TflintError, tell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from distributed import Client

LOOK = 2.0  # seconds between two looks at the workers


class Members:
    """The workers of a cluster, looked at now and then; there is one when this is made.

    Raises TflintError where there was none for a while, where one is not like this process, and where the scheduler is
    lost; so do `threads` and `look`.
    """

    def __init__(self, client: Client, address: str, packs: Iterable[str]) -> None:
        self.client, self.address, self.packs = client, address, frozenset(packs)
        self.patience = patience()
        self._alike: set[str] = set()
        self._threads = 0
        self._seen = self._looked = time.monotonic()  # when there was a worker last, and when that was asked
        self.look()
        if not self._threads:
            tell(f"waiting for a worker at {address}")
        while not self._threads:
            time.sleep(0.2)
            self.look()

    def threads(self) -> int:
        """How many tasks they can be at, 1 where they are lost and others may come."""
        if time.monotonic() - self._looked > LOOK:
            self.look()
        return max(1, self._threads)

    def look(self) -> None:
        """See who is there, and compare who is new."""
        try:
            threads: dict[str, int] = self.client.nthreads(callback_timeout=self.patience)
            self._looked = time.monotonic()
            if new := threads.keys() - self._alike:
                self._compare(new)
        except Exception as problem:
            if isinstance(problem, asyncio.TimeoutError):
                words = f"the scheduler has not answered for {self.patience:g} s"
                raise TflintError(f"--scheduler {self.address}: {words}") from problem
            if isinstance(problem, OSError) or self.client.status != "running":
                raise self.lost() from problem
            raise
        if threads:
            self._seen = self._looked
        elif self._looked - self._seen > self.patience:
            raise TflintError(f"--scheduler {self.address}: the cluster has no worker")
        self._threads = sum(threads.values())

    def _compare(self, new: set[str]) -> None:
        if problem := difference(self.client, new, self.packs):
            raise TflintError(f"--scheduler {self.address}: {problem}")
        self._alike |= new

    def lost(self) -> TflintError:
        """What to say where the scheduler is gone, or has dropped what this process has asked for."""
        return TflintError(f"--scheduler {self.address}: the connection to the scheduler was lost")
