"""A whole process, imports included, on one model: what a hook or a CI step waits for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from measure import launched, rounds, rows
from peers import CONCISE, FULL, LITERT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from measure import Sample
    from peers import Peer


def section(model: Path, tflint: Path, peers: Sequence[Peer], runs: int) -> dict[str, Any]:
    """The command beside its peers; bare Python is the floor."""
    check: list[str | Path] = [tflint, "check", "--isolated", "--exit-zero"]
    tasks: dict[str, Callable[[], Sample]] = {
        CONCISE: lambda: launched([*check, "-f", "concise", model]),
        FULL: lambda: launched([*check, "-f", "full", model]),
        "python -c pass": lambda: launched([sys.executable, "-c", "pass"]),
    }
    tasks |= {peer.name: lambda peer=peer: peer.cold(model) for peer in peers}  # type: ignore[misc] # mypy cannot infer it
    group = {"title": model.name, "peer": LITERT, "rows": rows(rounds(tasks, runs), LITERT)}
    return {"name": "cold", "title": "Cold: one process, imports included", "groups": [group]}
