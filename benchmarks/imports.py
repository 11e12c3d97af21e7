"""Start-up by import: whose modules a check imports, and which take longest (`python -X importtime`)."""

from __future__ import annotations

import re
import statistics
import subprocess
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from measure import ENVIRONMENT, Sample, rounds, rows

if TYPE_CHECKING:
    from pathlib import Path

    from measure import Row

LINE = re.compile(r"^import time:\s+(\d+) \|\s+(\d+) \| +(\S+)$", re.MULTILINE)
WHOSE = {"tflint": "tflint", "tflint_rules": "tflint", "typer": "typer", "rich": "rich"}
ALL, LITERT = "tflint check, all imports", "LiteRT, all imports"
TOP = 12


class Imported(NamedTuple):
    """A module: milliseconds of its own, and with all that it is the first to import."""

    name: str
    own: float
    cumulative: float


def imported(*command: str | Path) -> list[Imported]:
    """What a Python program imports, in order of completion."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command], capture_output=True, text=True, env=ENVIRONMENT, check=True
    )
    return [Imported(name, int(own) / 1000, int(whole) / 1000) for own, whole, name in LINE.findall(done.stderr)]


def section(model: Path, runs: int) -> dict[str, Any]:
    """By owner, and by module; times are as long as the tracing makes them, ratios are what counts."""
    check = ("-m", "tflint", "check", "--isolated", "--exit-zero", "-f", "concise", model)
    seen: list[list[Imported]] = []
    owners = ("tflint", "typer", "rich", "standard library", "others")

    def ours() -> Sample:
        seen.append(imported(*check))
        return _sum(seen[-1])

    parts = {
        f"of them {owner}": lambda owner=owner: _sum([each for each in seen[-1] if _owner(each.name) == owner])
        for owner in owners
    }
    peer = "from ai_edge_litert.interpreter import Interpreter"
    tasks = {ALL: ours, **parts, LITERT: lambda *_: _sum(imported("-c", peer))}
    by_owner = {"title": "by owner", "peer": LITERT, "rows": rows(rounds(tasks, runs), LITERT)}
    by_module = {"title": f"the {TOP} longest", "peer": ALL, "rows": _longest(seen[1:])}
    return {"name": "imports", "title": "Start-up by import", "groups": [by_owner, by_module]}


def _longest(seen: list[list[Imported]]) -> list[Row]:
    """Modules by what they take themselves, with their share of the whole."""
    whole = statistics.median(_sum(each).ms or 0 for each in seen)
    found: dict[str, list[Imported]] = {}
    for each in seen:
        for module in each:
            found.setdefault(module.name, []).append(module)
    table: list[Row] = [
        {
            "name": name,
            "ms": statistics.median(m.own for m in many),
            "cumulative_ms": statistics.median(m.cumulative for m in many),
        }
        for name, many in found.items()
    ]
    table.sort(key=lambda row: -row["ms"])
    return [{**row, "ratio": round(row["ms"] / whole, 3)} for row in table[:TOP]]


def _sum(modules: list[Imported]) -> Sample:
    return Sample(sum(each.own for each in modules))


def _owner(module: str) -> str:
    top = module.partition(".")[0]
    return WHOSE.get(top) or ("standard library" if top in sys.stdlib_module_names else "others")
