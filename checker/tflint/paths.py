"""Which files a run looks at."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

SUFFIX = ".tflite"
SKIPPED = {".git", ".venv", "node_modules", "__pycache__", ".tox", ".nox"}


def find(paths: Iterable[Path], excluded: Callable[[Path], bool], *, force_exclude: bool = False) -> list[Path]:
    """Files to check, each once, in order: those named as they are, folders searched for *.tflite.

    What git ignores is left out of a search. Raises TflintError for a path that does not exist.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found.update(dict.fromkeys(p for p in sorted(_search(path)) if not excluded(p)))
        elif os.path.lexists(path):
            if not (force_exclude and excluded(path)):
                found[path] = None
        else:
            raise TflintError(f"no such file or folder: {path}")
    return list(found)


def _search(folder: Path) -> Iterator[Path]:
    """Models in a folder: in each checkout, the outer or one inside, those that it does not ignore."""
    from tflint.checkout import listed  # noqa: PLC0415 - for who searches folders

    names = listed(folder, f"*{SUFFIX}")
    if names is not None:
        models, checkouts = names
        yield from models
        for checkout in checkouts:
            yield from _search(checkout)
        return
    for parent, folders, files in os.walk(folder):
        inner = [name for name in folders if (Path(parent, name) / ".git").exists()]
        folders[:] = [name for name in folders if name not in SKIPPED and name not in inner]
        yield from (Path(parent, name) for name in files if name.endswith(SUFFIX))
        for name in inner:
            yield from _search(Path(parent, name))
