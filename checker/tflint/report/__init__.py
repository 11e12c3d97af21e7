"""Reports: one file per format, each `render(Report, Style) -> str`, imported when it is asked for."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tflint.errors import TflintError
from tflint.findings import Severity

if TYPE_CHECKING:
    from tflint.findings import Report

FORMATS = ("full", "concise", "json", "json-lines", "sarif", "github", "gitlab", "junit", "markdown")


COLORS = ("auto", "always", "never")


class Style(NamedTuple):
    """How a report for people looks."""

    color: str = "auto"  # one of COLORS
    quiet: bool = False  # only what fails the run
    verbose: bool = False  # every place
    threshold: Severity | None = Severity.WARNING
    suppressed: bool = False  # what is suppressed too, with the reason


def colored(choice: str) -> bool:
    """Whether what is printed has colours: one of COLORS, where "auto" asks the terminal and NO_COLOR."""
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return choice == "always"


def render(kind: str, report: Report, style: Style) -> str:
    """Give the report as text, in one of FORMATS."""
    module = importlib.import_module(f"tflint.report.{kind.replace('-', '_')}")
    text: str = module.render(report, style)
    return text


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all; its folder is made. A device or pipe is written to. Raises TflintError."""
    write_bytes(path, text.encode("utf-8"))


def write_bytes(path: Path, data: bytes) -> None:
    """`write`, of bytes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file() and not path.is_dir():  # /dev/stdout, /dev/null, a named pipe
            path.write_bytes(data)
        else:
            _replace(Path(os.path.realpath(path)), data)  # what a link points at, not the link
    except OSError as problem:
        raise TflintError(f"cannot write {path}: {problem.strerror or problem}") from None


def _replace(path: Path, data: bytes) -> None:
    import tempfile  # noqa: PLC0415 - 4 ms, for who writes files

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
    scratch = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        scratch.chmod(0o644)
        scratch.replace(path)
    except BaseException:
        scratch.unlink()
        raise
