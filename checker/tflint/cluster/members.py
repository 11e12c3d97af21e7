"""A connection to a cluster, and who is in it."""

from __future__ import annotations

import asyncio
import logging
import re
import time
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tflint.cluster.alike import difference
from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from distributed import Client

EXTRA = "--scheduler {}: a cluster is reached by Dask: pip install 'tflint[dask]'"
LOOK = 2.0  # seconds between two looks at the workers
CLOSING = 5  # seconds in which to say good-bye
TLS = "distributed.comm.tls of Dask's configuration"


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Give a client of the scheduler. Raises TflintError where there is none, within Dask's own limit on that."""
    try:
        from distributed import Client  # noqa: PLC0415 - for who has a cluster
    except ModuleNotFoundError as problem:
        raise TflintError(EXTRA.format(address)) from problem
    with _silence():
        try:
            asyncio.run(_knock(address))
            client = Client(address, set_as_default=False)
        except TflintError:
            raise
        except Exception as problem:  # whatever a server that is none of Dask's answers
            raise TflintError(f"--scheduler {address}: {_words(problem, address)}") from problem
        try:
            yield client
        finally:
            with suppress(Exception):  # it was lost before, and its loss is said
                client.close(CLOSING)


def patience() -> float:
    """Seconds in which a connection has to come about: Dask's own setting."""
    from dask import config  # noqa: PLC0415 - for who has a cluster
    from dask.utils import parse_timedelta  # noqa: PLC0415 - same

    seconds: float = parse_timedelta(config.get("distributed.comm.timeouts.connect"))
    return seconds


async def _knock(address: str) -> None:
    """Connect as a client would, which itself waits without end for a server that accepts and never answers."""
    from distributed.comm import connect  # noqa: PLC0415 - for who has a cluster

    comm = await asyncio.wait_for(connect(address, **_security(address)), patience() + 1)
    comm.abort()


def _security(address: str) -> dict[str, Any]:
    """What a connection takes, of Dask's configuration. Raises TflintError where the files named there will not do."""
    from distributed import Security  # noqa: PLC0415 - for who has a cluster

    try:
        arguments: dict[str, Any] = Security().get_connection_args("client")
    except (OSError, ValueError) as problem:  # no such file, or no certificate in it: it does not say in which
        words = f"{TLS}: its ca-file, client.cert or client.key: {problem}"
        raise TflintError(f"--scheduler {address}: {words}") from problem
    if _encrypted(address) and not arguments.get("ssl_context"):
        raise TflintError(f"--scheduler {address}: {TLS} names no certificates")
    return arguments


def _words(problem: Exception, address: str) -> str:
    """Why there is no connection."""
    from distributed.comm import CommClosedError  # noqa: PLC0415 - for who has a cluster

    if type(problem) is CommClosedError:  # what it says is the objects between which that was
        why = "does not take the certificate" if _encrypted(address) else "wants tls://"
        return f"the connection was closed from there, as one does that {why}, or is no scheduler"
    text = re.sub("^in <[^>]*>: ", "", str(problem))
    return " ".join(text.split()) or f"no answer within {patience():g} s"


def _encrypted(address: str) -> bool:
    return address.startswith(("tls:", "wss:"))


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
            threads: dict[str, int] = self.client.nthreads()
            self._looked = time.monotonic()
            if new := threads.keys() - self._alike:
                self._compare(new)
        except Exception as problem:
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


@contextmanager
def _silence() -> Iterator[None]:
    """Keep what Dask and tornado have to say about connections and versions off the report's streams."""
    before = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        try:
            yield
        finally:
            logging.disable(before)
