"""The ops that delegates and NPU compilers take, from `data/accelerators/`."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from tflint.errors import TflintError, nearest
from tflint.runtimes.profile import read_data

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCELERATORS = ("gpu", "nnapi", "coreml", "hexagon", "xnnpack", "edgetpu", "ethos-u55", "ethos-u65", "ethos-u85")
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
    requirements: tuple[str, ...]
    source: tuple[str, ...]


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
    return Accelerator(name, ops, frozenset(raw["custom_ops"]), tuple(raw["requirements"]), tuple(raw["source"]))
