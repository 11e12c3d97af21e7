"""Again and again in one process that has imported: what a server, a notebook or a large run pays for a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from measure import rounds, rows
from peers import READ_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from peers import Peer


def section(model: Path, peers: Sequence[Peer], runs: int) -> dict[str, Any]:
    """All stay in memory and take turns."""
    workers = {peer.name: peer.worker() for peer in peers}
    tasks = {name: lambda call=call: call(model) for name, (call, _) in workers.items()}
    taken = rounds(tasks, runs)
    for _, close in workers.values():
        close()
    group = {"title": model.name, "peer": READ_MODEL, "rows": rows(taken, READ_MODEL)}
    return {"name": "warm", "title": "Warm: in a process that has imported", "groups": [group]}
