"""Which contracts hold for which file: its entry in the closest `tflint.lock`, and what the user named."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from tflint.artifacts.artifact import absolute, parted
from tflint.contract import LOCK

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.artifacts.artifact import Artifact
    from tflint.contract.compare import Change
    from tflint.contract.interface import Interface
    from tflint.contract.lock import Lock
    from tflint.model.view import Model
    from tflint.patterns import Glob


class Contract(NamedTuple):
    """An interface that a file has to have."""

    name: str
    """Who asks: `tflint.lock`, or the name of a contract."""
    interface: Interface
    whole: bool
    """It states everything (a lock), so that whatever it does not state is a change; else only what it asks counts."""

    def changes(self, model: Model) -> list[Change]:
        """How a model differs from it."""
        from tflint.contract.compare import compare  # noqa: PLC0415 - only a file with a contract needs them
        from tflint.contract.interface import interface_of  # noqa: PLC0415 - same

        found = compare(self.interface, interface_of(model))
        return found if self.whole else [change for change in found if change.breaking]


class Contracts:
    """Contracts by path. Raises TflintError, when asked, for a lock or a contract that cannot be read."""

    def __init__(self, explicit: Path | None = None, *, locks: bool = True) -> None:
        """`explicit`: a contract for all files; `locks`: look for `tflint.lock`."""
        self.asked = () if explicit is None else (read_contract(str(explicit)),)
        self.locks = locks
        self._closest: dict[str, str | None] = {}  # folder -> lock
        self.read: dict[str, Lock] = {}

    def of(self, artifact: Artifact, models: Mapping[Glob, Mapping[str, Any]] | None = None) -> tuple[Contract, ...]:
        """The contracts of a model; `models` is that table of its configuration."""
        path = absolute(artifact.name)
        configured = [
            read_contract(table["contract"])
            if isinstance(table["contract"], str)
            else contract(table["contract"], f'models."{glob}".contract')
            for glob, table in (models or {}).items()
            if "contract" in table and glob.matches(path)
        ]
        return (*self.asked, *configured, *(self._locked(path) if self.locks and not artifact.is_url else ()))

    def _locked(self, path: str) -> tuple[Contract, ...]:
        folder = os.path.dirname(parted(path)[0])
        if folder not in self._closest:
            self._closest[folder] = closest_lock(folder)
        lock = self._closest[folder]
        if lock is None:
            return ()
        from tflint.contract.lock import read_lock  # noqa: PLC0415 - only where there is a lock

        if lock not in self.read:
            self.read[lock] = read_lock(Path(lock))
        interface = self.read[lock].interface(key_in(path, lock))
        return () if interface is None else (Contract(LOCK, interface, True),)


def closest_lock(folder: str) -> str | None:
    """The path of the lock at or above a folder."""
    while True:
        path = f"{folder.rstrip(os.sep)}{os.sep}{LOCK}"
        if os.path.isfile(path):
            return path
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent


def key_in(path: str | Path, lock: str | Path) -> str:
    """How a lock calls a file: its path from the lock's folder, with slashes; the same of an archive and its member."""
    where, inside, member = parted(str(path))
    return f"{Path(os.path.relpath(where, Path(lock).parent)).as_posix()}{inside}{member}"


def read_contract(path: str) -> Contract:
    """A hand-written contract. Raises TflintError."""
    from tflint.config.load import shown  # noqa: PLC0415 - only for who names a contract
    from tflint.toml import read_toml  # noqa: PLC0415 - same

    return contract(read_toml(path), shown(path))


def contract(tables: Any, name: str) -> Contract:
    """The contract of TOML tables: a file's, or those of a configuration. Raises TflintError."""
    from tflint.contract.plain import contracted  # noqa: PLC0415 - only for who has one

    return Contract(name, contracted(tables, name), False)
