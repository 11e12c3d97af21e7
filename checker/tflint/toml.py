"""TOML that users write: what cannot be read, or is none, is one line that says so."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from tflint.errors import TflintError


def read_toml(path: str) -> dict[str, Any]:
    """A TOML file. Raises TflintError for one that cannot be read or is none."""
    return decoded(read(path), path)


def parse_toml(text: str, problem: str) -> dict[str, Any]:
    """TOML; `problem` is what to say when it is none, before the reason. Raises TflintError."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only when there is TOML
    else:
        import tomli as tomllib  # noqa: PLC0415 - same
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not TOML, a number of too many digits, too deep
        raise TflintError(f"{problem}: {error}") from None


def read(path: str) -> bytes:
    """The bytes of a file. Raises TflintError."""
    try:
        return Path(path).read_bytes()
    except OSError as problem:
        raise TflintError(f"{path}: {problem.strerror or problem}") from None


def decoded(data: bytes, path: str) -> dict[str, Any]:
    """The TOML in the bytes of a file. Raises TflintError."""
    problem = f"{path}: not valid TOML"
    try:
        return parse_toml(data.decode("utf-8"), problem)
    except UnicodeDecodeError as error:
        raise TflintError(f"{problem}: {error}") from None
