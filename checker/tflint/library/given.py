"""What callers may give: names of files, models, one word or several."""

from __future__ import annotations

import os
from collections.abc import Iterable

Name = str | os.PathLike[str]
Content = bytes | bytearray | memoryview
Names = str | Iterable[str]
TIMEOUT = 600.0  # seconds, as the commands have it


def text(name: Name) -> str:
    """A path or URL as text."""
    return os.fspath(name)


def words(names: Names) -> tuple[str, ...]:
    """All of them."""
    return (names,) if isinstance(names, str) else tuple(names)
