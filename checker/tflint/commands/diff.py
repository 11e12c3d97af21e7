"""`tflint diff OLD NEW`: what changed from one model to another; also as git calls an external diff."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tflint import plans
from tflint.artifacts.artifact import redacted
from tflint.config.given import flag_layers
from tflint.config.hierarchy import Hierarchy
from tflint.diff.difference import Side, difference
from tflint.errors import TflintError, one_of
from tflint.open import open_model
from tflint.registry import catalogue
from tflint.report import COLORS, colored, write
from tflint.report.apart import apart
from tflint.report.escape import plain

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = ("text", "json", "markdown")
NOTHING = ("/dev/null", "nul", "NUL")  # what git passes for a file that is not there


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line said."""

    files: tuple[str, ...]
    targets: tuple[str, ...]
    output_format: str
    output: Path | None
    fail_on_break: bool
    color: str


@dataclass(frozen=True, slots=True)
class _Pair:
    """Two files, and what they are called."""

    old: str
    new: str
    old_name: str
    new_name: str
    by_git: bool


def diff_command(request: Request) -> int:
    """Print it; give the exit code. Raises TflintError."""
    one_of(request.output_format, "--output-format", FORMATS)
    one_of(request.color, "--color", COLORS)
    if len(request.files) == 1 and "GIT_DIFF_PATH_COUNTER" in os.environ:  # git, of a path in conflict
        sys.stdout.write(f"{plain(request.files[0])}\nunmerged: nothing to compare\n\n")
        return 0
    pair = _pair(request.files)
    apart((request.output,), (pair.old, pair.new))
    hierarchy = Hierarchy(flags=flag_layers({"target": list(request.targets) or None}))
    settings = hierarchy.of(pair.old_name if pair.new in NOTHING else pair.new_name)
    old, new = _side(pair.old, pair.old_name, pair), _side(pair.new, pair.new_name, pair)
    report = difference(old, new, plans.make(settings, catalogue()), settings.target)
    text = _rendered(report, request)
    if request.output is not None:
        write(request.output, text)
    else:
        sys.stdout.write(text)
    return int(request.fail_on_break and report["breaking"] and not pair.by_git)


def between(old: Path, new: Path, name: str, targets: tuple[str, ...], output_format: str) -> str:
    """What changed from one file to another, which are both called `name`. Raises TflintError."""
    request = Request((str(old), str(new)), targets, output_format, None, False, "auto")
    settings = Hierarchy(flags=flag_layers({"target": list(targets) or None})).of(name)
    before, after = (Side(name, open_model(path)) for path in (old, new))
    return _rendered(difference(before, after, plans.make(settings, catalogue()), settings.target), request)


def _pair(files: tuple[str, ...]) -> _Pair:
    """The two files of `OLD NEW`, or of git's own order.

    git calls an external diff with `path old-file old-hex old-mode new-file new-hex new-mode`, and for a rename with
    `new-path header` behind them (gitdiffcore, GIT_EXTERNAL_DIFF in git(1); diff.c run_external_diff).
    """
    if len(files) == 2:
        return _Pair(files[0], files[1], files[0], files[1], False)
    if len(files) in (7, 9):
        return _Pair(files[1], files[4], files[0], files[7] if len(files) == 9 else files[0], True)
    raise TflintError("write tflint diff OLD NEW; as a diff driver, git adds seven or nine arguments by itself")


def _side(file: str, name: str, pair: _Pair) -> Side:
    """One file. What is no model ends the run, but not that of git, which has other files to show."""
    if file in NOTHING:
        return Side(name)
    try:
        return Side(redacted(name), open_model(file, weights=True))
    except TflintError as problem:
        if not pair.by_git:
            raise
        return Side(name, None, problem.message.removeprefix(f"{file}: "))


def _rendered(report: dict[str, object], request: Request) -> str:
    if request.output_format == "json":
        from tflint.report.json import dumped  # noqa: PLC0415 - this form only

        return dumped(report)
    if request.output_format == "markdown":
        from tflint.diff import markdown  # noqa: PLC0415 - this form only

        return markdown.render(report)
    from tflint.diff import text  # noqa: PLC0415 - this form only

    return text.render(report, color=colored("never" if request.color == "auto" and request.output else request.color))
