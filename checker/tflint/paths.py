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
            found.update(dict.fromkeys(p for p in _search(path) if not excluded(p)))
        elif os.path.lexists(path):
            if not (force_exclude and excluded(path)):
                found[path] = None
        else:
            raise TflintError(f"no such file or folder: {path}")
    return list(found)


def _search(folder: Path) -> Iterator[Path]:
    tracked = _git(folder)
    if tracked is not None:
        yield from sorted(tracked)
        return
    for parent, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in SKIPPED)
        yield from (Path(parent, name) for name in sorted(files) if name.endswith(SUFFIX))


def _git(folder: Path) -> list[Path] | None:
    """Models of a git checkout that git does not ignore; None where there is no git checkout."""
    import subprocess  # noqa: PLC0415 - 2 ms, for who searches folders

    argv = [
        "git",
        "-C",
        str(folder),
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
        "--",
        f"*{SUFFIX}",
    ]
    try:
        done = subprocess.run(argv, capture_output=True, check=True, timeout=60)  # noqa: S603 - git, by list
    except (OSError, subprocess.SubprocessError):
        return None
    names = (os.fsdecode(name) for name in done.stdout.split(b"\0") if name)
    return [path for name in dict.fromkeys(names) if (path := folder / name).exists()]
