"""A connection to the scheduler of a cluster, or one line that says why there is none."""

from __future__ import annotations

import asyncio
import logging
import re
import warnings
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from distributed import Client

EXTRA = "--scheduler {}: a cluster is reached by Dask: install tflint with its extra `dask`"
CLOSING = 5  # seconds in which to say good-bye
TLS = "distributed.comm.tls of Dask's configuration"


@contextmanager
def connected(address: str) -> Iterator[Client]:
    """Give a client of the scheduler. Raises TflintError where there is none, within Dask's own limit on that.

    Where the scheduler has another Dask, what goes wrong within the block is said with it: any version talks to any
    other until something is not understood, or not answered.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - for who has a cluster
    except ModuleNotFoundError as problem:
        raise TflintError(EXTRA.format(address)) from problem
    versions = ""
    with _silence():
        try:
            versions = asyncio.run(_knock(address))
            client = Client(address, set_as_default=False)
        except TflintError:
            raise
        except Exception as problem:  # whatever a server that is none of Dask's answers
            raise TflintError(f"--scheduler {address}: {_words(problem, address)}{versions}") from problem
        try:
            yield client
        except TflintError as problem:
            raise TflintError(f"{problem}{versions}") from problem
        finally:
            with suppress(Exception):  # it was lost before, and its loss is said
                client.close(CLOSING)


def patience() -> float:
    """Seconds in which a connection has to come about: Dask's own setting."""
    from dask import config  # noqa: PLC0415 - for who has a cluster
    from dask.utils import parse_timedelta  # noqa: PLC0415 - same

    seconds: float = parse_timedelta(config.get("distributed.comm.timeouts.connect"))
    return seconds


async def _knock(address: str) -> str:
    """Connect as a client would, which itself waits without end for a server that accepts and never answers.

    What is to be added to a problem where it has another Dask.
    """
    import distributed  # noqa: PLC0415 - for who has a cluster
    from distributed.comm import connect  # noqa: PLC0415 - same

    comm = await asyncio.wait_for(connect(address, **_security(address)), patience() + 1)
    try:
        await comm.write({"op": "versions"})
        answer = await asyncio.wait_for(comm.read(), patience() + 1)
    finally:
        comm.abort()
    try:
        theirs = answer["packages"]["distributed"]
    except (LookupError, TypeError):  # no scheduler, as will be seen
        return ""
    ours = distributed.__version__
    return "" if theirs == ours else f" (Dask is {theirs} there, and {ours} here)"


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
