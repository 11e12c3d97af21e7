"""Whether a report may be written where it is to go."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from tflint.artifacts.artifact import ARCHIVES, SUFFIX, redacted, url_of
from tflint.errors import TflintError
from tflint.model.sniff import IDENTIFIER

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


def apart(outputs: Iterable[Path | None], inputs: Iterable[str | Path]) -> None:
    """See that no output is a URL, a model, an input or another output. Raises TflintError.

    A device or a pipe may be all of these; None is stdout.
    """
    there: dict[object, Path] = {}
    for path in outputs:
        if path is None:
            continue
        if url := url_of(path):
            raise TflintError(f"{redacted(url)}: a URL, and reports are written to files")
        facts = _facts(path)
        known = os.path.realpath(path) if facts is None else _file(facts)
        if known is None:
            continue
        if known in there:
            raise TflintError(f"{path}: two outputs would go there")
        if _is_model(path):
            raise TflintError(f"{path}: an output would go there, and it is a model")
        there[known] = path
    for each in inputs if there else ():
        facts = _facts(each)
        if facts is not None and (found := there.get(_file(facts))) is not None:
            raise TflintError(f"{found}: an output would go there, and it is read too")


def _facts(path: str | Path) -> os.stat_result | None:
    """Those of what is there."""
    try:
        return os.stat(path)  # noqa: PTH116 - a pathlib.Path of each model takes longer
    except (OSError, ValueError):
        return None


def _file(facts: os.stat_result) -> tuple[int, int] | None:
    """What a file is known by; None for what is none."""
    return (facts.st_dev, facts.st_ino) if stat.S_ISREG(facts.st_mode) else None


def _is_model(path: Path) -> bool:
    """By its name, or by what it holds."""
    try:
        with path.open("rb") as file:
            return path.name.lower().endswith((SUFFIX, *ARCHIVES)) or file.read(8)[4:] == IDENTIFIER
    except OSError:
        return False
