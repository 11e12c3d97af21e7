"""One process at a time: a lock on a file, which goes with the process that holds it and with its children."""

from __future__ import annotations

import os
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TRIES = 0.5  # seconds between two
WORDS = 5.0  # seconds between two words on progress, which may be lines of a log


@contextmanager
def held(path: Path, limit: float, waiting: Callable[[float], None]) -> Iterator[int]:
    """Hold the lock, and give its handle; `waiting` hears for how many seconds another process has had it.

    Raises TflintError after `limit` seconds and where files cannot be locked, OSError where there can be none.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    start = due = time.monotonic()
    try:
        while not locked(handle, path):
            passed = time.monotonic() - start
            if passed > limit:
                raise TflintError(f"{path}: another process has held this lock for {limit:g} seconds")
            if start + passed >= due:
                waiting(passed)
                due += WORDS
            time.sleep(TRIES)
        yield handle
    finally:
        os.close(handle)


def locked(handle: int, path: Path) -> bool:
    """Lock a file, unless somebody else has. Raises TflintError where files cannot be locked."""
    try:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415 - Windows

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # noqa: PLC0415 - POSIX

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as problem:
        raise TflintError(f"{path}: cannot be locked: {problem.strerror or problem}") from None
    return True
