"""Whether a cluster's workers are of this run's kind: the same Python, the same tflint, the same rule packs."""

from __future__ import annotations

import sysconfig
from importlib import metadata
from typing import TYPE_CHECKING

from tflint.entry_points import OWN, entry_points
from tflint.registry import GROUP

if TYPE_CHECKING:
    from collections.abc import Iterable

    from distributed import Client


def difference(client: Client, workers: Iterable[str], packs: Iterable[str]) -> str:
    """Say how the first worker that differs does; empty where none does. `packs`: names of rule packs that are used.

    A worker that is lost meanwhile differs in nothing.
    """
    used = {point.distribution for point in entry_points(GROUP) if point.name in packs} - {OWN}
    workers = sorted(workers)
    # of Python itself only: of what else there is on a worker, nothing is known yet
    for what in ("Python", OWN, *sorted(used)):
        function, arguments = (sysconfig.get_python_version, ()) if what == "Python" else (metadata.version, (what,))
        ours = function(*arguments)
        answers = client.run(function, *arguments, workers=workers, on_error="return")
        for worker in workers:
            theirs = answers.get(worker, ours)
            if isinstance(theirs, metadata.PackageNotFoundError):
                return f"its worker {worker} has no {what}, here is {what} {ours}"
            if isinstance(theirs, str) and theirs != ours:
                return f"its worker {worker} has {what} {theirs}, here is {what} {ours}"
    return ""
