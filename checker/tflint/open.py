"""Open the model of a file that a user named: what is wrong with it is told in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import read_model

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.model.view import Model


def open_model(path: Path) -> Model:
    """The model of a file. Raises TflintError (exit code 1 for what is no model, 2 for what cannot be opened)."""
    try:
        if not path.is_file():
            raise TflintError(f"no such file: {path}" if not path.exists() else f"not a file: {path}")
        return read_model(path)
    except MalformedModelError as problem:
        raise TflintError(f"{path}: {problem.reason}", 1) from None
    except OSError as problem:
        raise TflintError(f"{path}: cannot be read: {problem.strerror or problem}") from None
