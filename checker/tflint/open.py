"""Open the model that a user named: what is wrong with it is told in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.artifacts.artifact import redacted
from tflint.artifacts.paths import one
from tflint.errors import TflintError
from tflint.model.flatbuf import MalformedModelError
from tflint.model.opened import read_artifact

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.model.view import Model


def open_model(path: str | Path, *, weights: bool = False) -> Model:
    """The model of a file, of a member of an archive or behind a URL; `weights`: with these, where they are fetched.

    Raises TflintError (exit code 1 for what is no model, 2 for what cannot be opened).
    """
    name = redacted(str(path))
    try:
        return read_artifact(one(str(path)), weights=weights)
    except MalformedModelError as problem:
        raise TflintError(f"{name}: {problem.reason}", 1) from None
    except OSError as problem:
        raise TflintError(f"{name}: cannot be read: {problem.strerror or problem}") from None
