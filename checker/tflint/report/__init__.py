"""Reports: one file per format, each `render(Report, Style)` that gives its text in pieces, imported when asked for.

A format goes through the report's files as they come, and holds none of them; one of TWICE does it twice.
"""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from tflint.errors import TflintError
from tflint.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint.findings import Report, Threshold

FORMATS = ("full", "concise", "json", "json-lines", "sarif", "github", "gitlab", "junit", "markdown")
TWICE = ("json", "junit")  # what the files come to stands first in these

COLORS = ("auto", "always", "never")


class Style(NamedTuple):
    """How a report for people looks."""

    color: str = "auto"  # one of COLORS
    quiet: bool = False  # only what fails the run
    verbose: bool = False  # every place
    threshold: Threshold = Severity.WARNING
    suppressed: bool = False  # what is suppressed too, with the reason


def colored(choice: str) -> bool:
    """Whether what is printed has colours: one of COLORS, where "auto" asks the terminal and NO_COLOR."""
    if choice == "auto":
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return choice == "always"


def render(kind: str, report: Report, style: Style) -> str:
    """Give the report as text, in one of FORMATS."""
    return "".join(pieces(kind, report, style))


def pieces(kind: str, report: Report, style: Style) -> Iterator[str]:
    """`render`, piece by piece as the report's files come."""
    module = importlib.import_module(f"tflint.report.{kind.replace('-', '_')}")
    found: Iterator[str] = module.render(report, style)
    return found


def write_all(outputs: Iterable[tuple[str, Path | None]], report: Report, style: Style) -> None:
    """Write the report in each format, to its file or to stdout; the first as the report's files come.

    Files are written also where stdout takes no more, which is raised in the end.
    """
    unwritten: OSError | None = None
    for kind, path in outputs:
        if path is not None:
            write(path, pieces(kind, report, style._replace(color="never")))
            continue
        for piece in pieces(kind, report, style):
            if unwritten := _printed(piece):
                break
    if unwritten:
        raise unwritten


def _printed(text: str) -> OSError | None:
    """Print it at once; give what went wrong."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except OSError as problem:
        return problem
    return None


def write(path: Path, text: str | Iterable[str]) -> None:
    """Write a file whole or not at all; its folder is made. A device or pipe is written to. Raises TflintError."""
    texts = [text] if isinstance(text, str) else text
    _write(path, (piece.encode("utf-8") for piece in texts))


def write_bytes(path: Path, data: bytes) -> None:
    """`write`, of bytes."""
    _write(path, [data])


def _write(path: Path, data: Iterable[bytes]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file() and not path.is_dir():  # /dev/stdout, /dev/null, a named pipe
            with path.open("wb") as file:
                file.writelines(data)
        else:
            _replace(Path(os.path.realpath(path)), data)  # what a link points at, not the link
    except OSError as problem:
        raise TflintError(f"cannot write {path}: {problem.strerror or problem}") from None


def _replace(path: Path, data: Iterable[bytes]) -> None:
    import tempfile  # noqa: PLC0415 - 4 ms, for who writes files

    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:50]}.")
    scratch = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.writelines(data)
        scratch.chmod(0o644)
        scratch.replace(path)
    except BaseException:
        scratch.unlink()
        raise
