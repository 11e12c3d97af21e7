"""What callers may give: names of files, models, one word or several."""

from __future__ import annotations

import os
from collections.abc import Iterable

from tflint.errors import EMPTY_PATH, TflintError

Name = str | os.PathLike[str]
Content = bytes | bytearray | memoryview
Names = str | Iterable[str]
TIMEOUT = 600.0  # seconds, as the commands have it


def text(name: Name) -> str:
    """A path or URL as text. Raises TypeError for what is none, TflintError for an empty one."""
    found: object = os.fspath(name) if isinstance(name, os.PathLike) else name
    if not isinstance(found, str):
        raise TypeError(f"a path is a str or an os.PathLike of one, not {type(found).__name__}")
    if not found:
        raise TflintError(EMPTY_PATH)
    return found


def words(names: Names) -> tuple[str, ...]:
    """All of them."""
    return (names,) if isinstance(names, str) else tuple(names)
