"""The same work on a Dask cluster: `run` is this side of it, `worker` the other, `alike` makes sure that they agree."""

from __future__ import annotations

import re

from tflint.errors import TflintError, nearest

LAST_PORT = 65535
ADDRESS = re.compile(r"(tcp|tls|ws|wss)://[^\s/]+:[0-9]{1,9}")


def checked(scheduler: str, jobs: int | None) -> None:
    """Raise TflintError for what cannot be the address of a scheduler, and for processes of this machine beside it."""
    if not ADDRESS.fullmatch(scheduler):
        hint = nearest(scheduler, ["processes"])
        raise TflintError(f"--scheduler is processes or an address such as tcp://HOST:8786, not {scheduler!r}{hint}")
    port = scheduler.rpartition(":")[2]
    if not 0 < int(port) <= LAST_PORT:
        raise TflintError(f"--scheduler {scheduler}: ports are 1 to {LAST_PORT}")
    if jobs is not None:
        raise TflintError("--jobs counts processes of this machine; a cluster has as many as its workers have threads")
