"""The ops that delegates and NPU compilers take, from `data/accelerators/`.

A condition is a sentence. `checks` says what it means: an expression over a node as in `kernel.py`, with `op` (its
name), `runtime(x)` and `constant(x)` (how many of the inputs are and are not constants) and `undecided()` besides;
None: no condition of an operator. A sentence that has no entry is one that nobody put in an expression yet.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from tflint.errors import TflintError, nearest
from tflint.runtimes.profile import ACCELERATORS, read_data

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILES = {"ethos-u65": "ethos-u55"}  # Vela gives the two one table


@dataclass(frozen=True, slots=True)
class AcceleratorOp:
    """What a delegate or compiler asks of an op. `max_version` None: it checks no version, or none is documented."""

    min_version: int
    max_version: int | None
    conditions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Accelerator:
    """The ops that a delegate or an NPU compiler takes; what it does not take stays on the CPU."""

    name: str
    ops: Mapping[str, AcceleratorOp]
    custom_ops: frozenset[str]
    requirements: tuple[str, ...]  # of every op
    source: tuple[str, ...]
    base: str  # the runtime that runs what stays on the CPU
    partitions: Literal["all", "largest", "leading"]  # those that are delegated
    dynamic: bool  # takes part of a graph that has dynamic tensors
    quantized_only: bool
    checks: Mapping[str, str | None]


@lru_cache(maxsize=16)
def accelerator(name: str) -> Accelerator:
    """Read the op table of a delegate or NPU. Raises TflintError."""
    if name not in ACCELERATORS:
        raise TflintError(f"unknown accelerator {name!r}{nearest(name, ACCELERATORS)}")
    raw = read_data(f"accelerators/{_FILES.get(name, name)}")
    ops = {
        op: AcceleratorOp(entry.get("min_version", 1), entry.get("max_version"), tuple(entry.get("conditions", ())))
        for op, entry in raw["ops"].items()
    }
    return Accelerator(
        name,
        ops,
        frozenset(raw["custom_ops"]),
        tuple(raw["requirements"]),
        tuple(raw["source"]),
        raw["base"],
        raw.get("partitions", "all"),
        raw.get("dynamic", True),
        raw.get("quantized_only", False),
        raw["checks"],
    )
