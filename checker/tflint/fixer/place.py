"""Files while they are mended: held against others, written beside, put in place at once or not at all."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

NEW = 0o644  # permissions of a file that was not there


@contextmanager
def held(name: Path) -> Iterator[Held]:
    """Hold a model against other fixes. Raises TflintError where another one is at it, or where it cannot be read."""
    path = Path(os.path.realpath(name))  # what a link points at, not the link
    try:
        file = path.open("rb")
    except OSError as problem:
        raise TflintError(f"{name}: cannot be read: {problem.strerror or problem}") from None
    with file:
        if not _locked(file):
            raise TflintError(f"{name}: another tflint fix is working on it", 1)
        yield Held(name, path, os.fstat(file.fileno()))


@dataclass(frozen=True, slots=True)
class Held:
    """A model that this process is mending."""

    name: Path
    path: Path
    facts: os.stat_result

    @property
    def mode(self) -> int:
        """Its permissions."""
        return stat.S_IMODE(self.facts.st_mode)

    def unchanged(self) -> bool:
        """It is the file that was opened, and nobody has written to it since."""
        try:
            return _identity(self.path.stat()) == _identity(self.facts)
        except OSError:
            return False


def _identity(facts: os.stat_result) -> tuple[int, ...]:
    return facts.st_dev, facts.st_ino, facts.st_size, facts.st_mtime_ns


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Wait until nobody else is here; the lock goes with the process. Without locks of folders, nobody waits."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:  # Windows opens no folders
        handle = None
    try:
        if handle is not None:
            _locked(handle, wait=True)
        yield
    finally:
        if handle is not None:
            os.close(handle)


def _locked(file: Any, *, wait: bool = False) -> bool:
    """Whether a file could be locked against other fixes; the lock goes with the process, whatever ends it."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows, where only changes of the file are noticed
    except ImportError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


@contextmanager
def scratch(target: Path) -> Iterator[Path]:
    """An empty hidden file in the folder of what it is to replace; gone afterwards. Raises TflintError."""
    folder = Path(os.path.realpath(target)).parent
    try:
        handle, name = tempfile.mkstemp(dir=folder, prefix=f".{target.name[:50]}.")
    except OSError as problem:
        raise TflintError(f"cannot write in {folder}: {problem.strerror or problem}", 1) from None
    os.close(handle)
    path = Path(name)
    try:
        yield path
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def write_pieces(pieces: Iterable[Any], path: Path) -> None:
    """Write a new file in place of one, for who has the old one mapped keeps it. Raises TflintError."""
    try:
        path.unlink()
        with path.open("xb") as file:
            for piece in pieces:
                file.write(piece)
    except OSError as problem:
        raise TflintError(f"cannot write {path}: {problem.strerror or problem}", 1) from None


def put(candidate: Path, held: Held, out: Path | None, *, backup: bool) -> tuple[Path, Path | None]:
    """Put a candidate in the model's place, or at `out`; say where, and where the old one is kept.

    Raises TflintError.
    """
    target = held.path if out is None else Path(os.path.realpath(out))
    kept = None
    try:
        candidate.chmod(held.mode)
        _flush(candidate)
        if not held.unchanged():
            raise TflintError(f"{held.name}: left as it is: somebody changed it meanwhile", 1)
        if backup and target.exists():
            kept = target.with_name(target.name + ".bak")
            _keep(target, kept)
        _settle(candidate, target)
    except OSError as problem:
        raise TflintError(f"cannot write {target}: {problem.strerror or problem}", 1) from None
    return out or held.name, kept


def put_new(candidate: Path, name: Path, *, over: bool = False) -> None:
    """Put a candidate where nothing was, or over what was there. Raises TflintError."""
    target = Path(os.path.realpath(name))
    try:
        candidate.chmod(NEW)
        _flush(candidate)
        if target.exists() and not over:
            raise TflintError(f"{name}: left as it is: somebody made it meanwhile", 1)
        _settle(candidate, target)
    except OSError as problem:
        raise TflintError(f"cannot write {name}: {problem.strerror or problem}", 1) from None


def _settle(candidate: Path, target: Path) -> None:
    """Put it there in one step. Raises OSError."""
    candidate.replace(target)
    with suppress(OSError):  # not everywhere can a folder be flushed
        _flush(target.parent)


def _keep(path: Path, backup: Path) -> None:
    """Another name for the old file, or a copy where the file system has no such thing."""
    with scratch(backup) as spare:
        spare.unlink()
        try:
            os.link(path, spare)
        except OSError:
            shutil.copy2(path, spare)
            _flush(spare)
        spare.replace(backup)


def _flush(path: Path) -> None:
    """Make the disk have it. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
