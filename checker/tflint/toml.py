"""TOML that users write: what cannot be read, or is none, is one line that says so."""

from __future__ import annotations

import os
import re
import stat
import sys
from typing import Any

from tflint.errors import TflintError

LONGEST = 4 << 20  # bytes of a file
DOTS = 250  # in a line, outside of text: `tomllib` takes the square of the parts of a dotted key

_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")


def read_toml(path: str) -> dict[str, Any]:
    """A TOML file. Raises TflintError for one that cannot be read or is none."""
    return decoded(read(path), path)


def parse_toml(text: str, problem: str) -> dict[str, Any]:
    """TOML; `problem` is what to say when it is none, before the reason. Raises TflintError."""
    try:
        return loads(text)
    except ValueError as error:
        raise TflintError(f"{problem}: {error}") from None


def loads(text: str) -> dict[str, Any]:
    """TOML of whoever wrote it. Raises ValueError for what is none, and for what takes too long or too deep a stack."""
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only when there is TOML
    else:
        import tomli as tomllib  # noqa: PLC0415 - same
    if any(line.count(".") > DOTS and _TEXT.sub("", line).count(".") > DOTS for line in text.splitlines()):
        raise ValueError(f"a line has more than {DOTS} dots")
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ValueError(str(error)) from None


def read(path: str) -> bytes:
    """The bytes of a file that somebody else may have written, or named. Raises TflintError, for a long one too."""
    try:
        return contents(path, LONGEST)
    except OSError as problem:
        raise TflintError(f"{path}: {problem.strerror or problem}") from None


def contents(path: str, longest: int) -> bytes:
    """The bytes of a file of some length at most. Raises TflintError for a longer one and for a device, and OSError."""
    mode = os.stat(path).st_mode  # noqa: PTH116 - a path is text here
    if stat.S_ISCHR(mode) or (stat.S_ISFIFO(mode) and not path.startswith("/dev/")):  # /dev/fd/63: <(...) of a shell
        raise TflintError(f"{path}: a device or a pipe, not a file")
    with open(path, "rb") as file:  # noqa: PTH123 - same
        data = file.read(longest + 1)
    if len(data) > longest:
        raise TflintError(f"{path}: longer than {longest:,} bytes")
    return data


def decoded(data: bytes, path: str) -> dict[str, Any]:
    """The TOML in the bytes of a file. Raises TflintError."""
    problem = f"{path}: not valid TOML"
    try:
        return parse_toml(data.decode("utf-8"), problem)
    except UnicodeDecodeError as error:
        raise TflintError(f"{problem}: {error}") from None
