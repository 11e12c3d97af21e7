"""`tflint lock`: record the interfaces of models in `tflint.lock`, or say which of its entries are stale."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.artifacts.artifact import absolute, parted
from tflint.artifacts.paths import find
from tflint.config.hierarchy import Hierarchy
from tflint.config.load import closest
from tflint.contract import LOCK
from tflint.contract.compare import Change, compare
from tflint.contract.find import closest_lock, key_in
from tflint.contract.interface import Interface, interface_of
from tflint.contract.lock import read_lock
from tflint.contract.plain import tables_of
from tflint.errors import TflintError, say, warn
from tflint.model.flatbuf import MalformedModelError
from tflint.model.opened import Kept, read_artifact
from tflint.report import write
from tflint.report.escape import LONGEST_MESSAGE, plain, short

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.artifacts.artifact import Artifact


def lock_command(paths: tuple[str, ...], *, check: bool) -> int:
    """Update each lock that governs one of the files; give the exit code. Raises TflintError."""
    paths = paths or (".",)
    files = find(paths, Hierarchy().excludes)
    if remote := next((file.name for file in files if file.is_url), None):
        raise TflintError(f"{remote}: a lock is of files in its project")
    if not files:
        warn("no .tflite file found")
    by_lock: dict[Path, list[Artifact]] = {lock: [] for lock in map(lock_of, map(_file, paths)) if lock.exists()}
    for file in files:
        by_lock.setdefault(lock_of(Path(file.where)), []).append(file)
    folders = [Path(path) for path in paths if Path(path).is_dir()]
    codes = [_update(lock, mine, folders, check=check) for lock, mine in by_lock.items()]
    return max(codes, default=0)


def _file(path: str) -> Path:
    """The file that is named, or the archive of a member."""
    return Path(path if os.path.lexists(path) else parted(path)[0])


def lock_of(path: Path, *, anywhere: bool = False) -> Path:
    """The lock that governs a path: the closest one, else a new one beside the closest configuration, else here.

    `anywhere`: what lies outside of here has it beside itself. Raises TflintError for it otherwise.
    """
    path = Path(os.path.abspath(path))  # noqa: PTH100 - Path.absolute() keeps ".."
    folder = path if path.is_dir() else path.parent
    if (found := closest_lock(str(folder))) is not None:
        return Path(found)
    root = next((parent for parent in (folder, *folder.parents) if closest(str(parent))), Path.cwd())
    if anywhere and not path.is_relative_to(root):
        return folder / LOCK
    if not path.is_relative_to(root):
        raise TflintError(f"{path} is outside of {root}: run tflint lock in its project")
    return root / LOCK


def _update(path: Path, files: list[Artifact], folders: list[Path], *, check: bool) -> int:
    """Bring one lock up to date, or say what is not. 1: something was stale, or cannot be recorded."""
    lock = read_lock(path)
    changed: dict[str, Interface] = {}
    keys: set[str] = set()
    broken, kept = 0, Kept()
    for file in files:
        key = key_in(absolute(file.name), path)
        if key in keys:
            broken = 1
            say(f"{file.name}: not recorded: another member has the same name")
            continue
        keys.add(key)
        try:
            interface = interface_of(read_artifact(file, kept=kept))
        except (MalformedModelError, OSError) as problem:
            broken = 1
            reason = problem.reason if isinstance(problem, MalformedModelError) else problem.strerror or str(problem)
            say(f"{file.name}: not recorded: {reason}")
            continue
        old = lock.interface(key)
        if old is not None and tables_of(old) == tables_of(interface):
            continue
        changed[key] = interface
        _say(key, "no interface recorded" if check else "recorded", [] if old is None else compare(old, interface))
    gone = _gone(lock.entries, path.parent, folders)
    for key in sorted(gone):
        _say(key, "its file is gone" if check else "removed: its file is gone", [])
    stale = bool(changed or gone)
    if stale and not check:
        write(path, lock.with_interfaces(changed, gone).text)
    total = len(lock.entries.keys() - gone | changed.keys())
    shown = plain(os.path.relpath(path))
    state = "up to date" if not stale else "stale: run tflint lock" if check else "written"
    sys.stdout.write(f"{shown}: {total} model{'' if total == 1 else 's'}, {state}\n")
    return broken or int(stale and check)


def _gone(keys: Iterable[str], root: Path, folders: list[Path]) -> set[str]:
    """Entries whose file is no longer there, of the folders that were searched."""
    searched = [os.path.abspath(folder) for folder in folders]  # noqa: PTH100 - as above
    return {
        key
        for key in keys
        for path in (Path(parted(str(root / key))[0]),)
        if any(path.is_relative_to(folder) for folder in searched) and not path.exists()
    }


def _say(key: str, news: str, changes: list[Change]) -> None:
    if not changes:
        sys.stdout.write(f"{plain(key)}: {news}\n")
    for change in changes:
        breaks = "breaks callers" if change.breaking else "compatible"
        text = f"{change.what} was {change.old}, is {change.new}"
        sys.stdout.write(f"{plain(key)}: {short(text, LONGEST_MESSAGE)} ({breaks})\n")
