"""Growth with bytes of weights: no time and no memory, where nobody reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import made
from measure import rounds, rows
from peers import READ_MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from peers import Peer

SIZES = {"1 MB": 1 << 20, "10 MB": 10 << 20, "100 MB": 100 << 20, "1 GB": 1 << 30, "4 GB": 4 << 30}


def section(peers: Sequence[Peer], runs: int, scratch: Path) -> dict[str, Any]:
    """Each in a process of its own, imports not counted. Beyond 2 GB weights lie behind the FlatBuffer."""
    small = made.of_bytes(1 << 10, scratch / "small.tflite")
    groups = []
    for label, size in SIZES.items():
        model = made.of_bytes(size, scratch / "large.tflite")
        tasks = {peer.name: lambda peer=peer, model=model: peer.once(model, small) for peer in peers}
        taken = rounds(tasks, runs, warm=False)
        model.unlink()
        groups.append({"title": label, "x": size, "peer": READ_MODEL, "rows": rows(taken, READ_MODEL)})
    return {"name": "weights", "title": "Growth with bytes of weights", "groups": groups}
