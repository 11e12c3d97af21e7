"""Targets that other distributions bring.

An entry point of the group `tflint.targets` names a package whose folder holds TOML profiles; each is a target that is
called as its file. The package is found and not imported.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.entry_points import entry_points
from tflint.errors import warn
from tflint.runtimes.profile import FAMILIES, target_ids

if TYPE_CHECKING:
    from tflint.entry_points import EntryPoint

GROUP = "tflint.targets"


@dataclass(frozen=True, slots=True)
class PackTarget:
    """A profile of a pack."""

    pack: str
    path: Path


@lru_cache(maxsize=1)
def pack_targets() -> dict[str, PackTarget]:
    """Name -> profile, of all packs; what is wrong with a pack is said on stderr and left out."""
    found: dict[str, PackTarget] = {}
    for point in entry_points(GROUP):
        for path in _profiles(point):
            flaw = _flaw(path.stem, found)
            if flaw:
                warn(f"target {path.stem!r} of pack {point} is left out: {flaw}")
            else:
                found[path.stem] = PackTarget(point.name, path)
    return found


def _flaw(name: str, found: dict[str, PackTarget]) -> str:
    if "+" in name:
        return "'+' begins a suffix"
    if name in (*target_ids(), *FAMILIES):
        return "tflint has a target of that name"
    return f"pack {found[name].pack!r} has that target" if name in found else ""


def _profiles(point: EntryPoint) -> list[Path]:
    try:
        spec = importlib.util.find_spec(point.module)
    except KeyboardInterrupt:
        raise
    except BaseException as problem:  # noqa: BLE001 - a parent package may do anything when imported
        warn(f"target pack {point} is left out: {type(problem).__name__}: {problem}")
        return []
    folders = spec.submodule_search_locations if spec else None
    if not folders:
        warn(f"target pack {point} is left out: there is no package {point.module!r}")
        return []
    return sorted(path for folder in folders for path in Path(folder).glob("*.toml"))
