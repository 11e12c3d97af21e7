"""Reports: one file per format, each `render(Report, Style) -> str`, imported when it is asked for."""

from __future__ import annotations

import importlib
import os
import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.findings import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.findings import Report

FORMATS = ("full", "concise", "json", "sarif", "github")


@dataclass(frozen=True, slots=True)
class Style:
    """How a report for people looks."""

    color: str = "auto"  # auto, always, never
    quiet: bool = False  # only what fails the run
    verbose: bool = False  # every place
    threshold: Severity | None = Severity.WARNING


def render(kind: str, report: Report, style: Style) -> str:
    """The report as text, in one of FORMATS."""
    module = importlib.import_module(f"tflint.report.{kind}")
    text: str = module.render(report, style)
    return text


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all; its folder is made. Raises TflintError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            os.chmod(scratch, 0o644)
            os.replace(scratch, path)
        except BaseException:
            os.unlink(scratch)
            raise
    except OSError as problem:
        raise TflintError(f"cannot write {path}: {problem.strerror or problem}") from None
