"""Growth with operators, up to what a runtime takes, and how soon a model beyond that is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import made
from measure import rounds, rows
from peers import READ_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from peers import Peer

COUNTS = (100, 1_000, 10_000, 100_000, 300_000)
BEYOND = 400_000  # operators: 1,100,000 tables, and runtimes verify 1,000,000
ENOUGH = 200_000  # operators of all rounds together: a call takes long where there are many


def section(peers: Sequence[Peer], runs: int, most: int, scratch: Path) -> dict[str, Any]:
    """Each in a process of its own, imports not counted."""
    groups = [
        {"x": count, **_group(f"{count:,} operators", count, peers, runs, scratch)} for count in COUNTS if count <= most
    ]
    if most >= COUNTS[-1]:
        title = f"{BEYOND:,} operators, more tables than runtimes take: the time to a refusal"
        groups.append(_group(title, BEYOND, [peer for peer in peers if peer.name != READ_MODEL], runs, scratch))
    return {"name": "operators", "title": "Growth with operators", "groups": groups}


def _group(title: str, count: int, peers: Sequence[Peer], runs: int, scratch: Path) -> dict[str, Any]:
    small = made.of_operators(4, scratch / "small.tflite")
    model = made.of_operators(count, scratch / f"{count}.tflite")
    tasks = {peer.name: lambda peer=peer: peer.once(model, small) for peer in peers}
    name = READ_MODEL if READ_MODEL in tasks else peers[-1].name
    taken = rounds(tasks, max(1, min(runs, ENOUGH // count)), warm=False)
    model.unlink()
    return {"title": title, "peer": name, "rows": rows(taken, name)}
