"""An environment that has one release of a converter, made with uv beside its place and put there once it works.

Whatever ends a build, nothing that looks ready is left: what is in place has imported its converter. One process
builds and others wait for it; uv holds the lock too, so that one which outlives its parent is waited for as well.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.convert.interpreters import output, require_uv, surroundings
from tflint.convert.lock import WORDS, held, locked
from tflint.errors import TflintError
from tflint.process import died, end
from tflint.report.escape import short

if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint.convert.interpreters import Interpreter
    from tflint.convert.table import Requirement

FOLDER = "TFLITE_LINT_CONVERTERS"
LONGEST = 500  # characters of what uv or Python say of a failure
_ASK = """
import importlib.metadata, importlib.util, sys
print(importlib.metadata.version(sys.argv[2]) if importlib.util.find_spec(sys.argv[1]) else "")
"""
# the last three are what uv drew a tree with
_BULLET = re.compile(r"\s*(error:|cause:|Caused by:|hint:|[\u00d7\u251c\u2570]\W*)\s*")
_RAISED = re.compile(r"[\w.]*(Error|Exception|Exit|Interrupt)\b(:|$)")


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be in place."""

    requirement: Requirement
    packages: tuple[str, ...]
    folder: Path
    interpreter: Interpreter
    limit: float
    """Seconds, waiting for another process included."""
    progress: Callable[[str], None]


def inside(folder: Path) -> Path:
    """Give the interpreter of an environment."""
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def ready(folder: Path, requirement: Requirement) -> bool:
    """Tell whether an environment is in place, its interpreter runs and it has the release."""
    python, converter = inside(folder), requirement.converter
    command = [str(python), "-I", "-c", _ASK, converter.module, converter.name]
    return python.exists() and output(command) == requirement.version


def build(order: Order) -> None:
    """Have it in place, unless it is. Raises TflintError; then nothing is left but what was there."""
    folder, start = order.folder, time.monotonic()
    scratch = folder.with_name(f".{folder.name}.part")

    def waiting(seconds: float) -> None:
        order.progress(f"waiting for another process that installs {order.requirement}, {seconds:.0f} s")

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with held(folder.with_name(f".{folder.name}.lock"), order.limit, waiting) as lock:
            _sweep(folder.parent)
            if ready(folder, order.requirement):
                return
            try:
                _fill(scratch, order, start, lock)
                if folder.exists():
                    shutil.rmtree(folder)
                scratch.rename(folder)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
    except OSError as problem:
        raise TflintError(
            f"{order.requirement} cannot be installed in {folder.parent}: {problem.strerror or problem}; "
            f"{FOLDER} names another folder"
        ) from None


def _sweep(cache: Path) -> None:
    """Take away what killed builds have left, of any converter: nobody holds their locks."""
    for part in cache.glob(".*.part"):
        path = part.with_suffix(".lock")
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if locked(handle, path):
                shutil.rmtree(part, ignore_errors=True)
        finally:
            os.close(handle)


def _fill(scratch: Path, order: Order, start: float, lock: int) -> None:
    """Make the environment and see that it imports its converter. Raises TflintError."""
    uv, python = require_uv(), str(inside(scratch))
    shutil.rmtree(scratch, ignore_errors=True)
    minor = order.interpreter.version.rpartition(".")[0]
    wheels = order.requirement.converter.wheels
    steps = (
        [uv, "venv", "-q", "--no-project", "--relocatable", "--python", str(order.interpreter.path), str(scratch)],
        [uv, "pip", "install", "-q", "--python", python, *order.packages],
        [python, "-I", "-c", f"import {order.requirement.converter.module}"],
    )
    environment = {"TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1", **surroundings()}
    if wheels:  # who has a folder or a mirror of them has named that already
        environment.setdefault("UV_FIND_LINKS", wheels)
    for doing, command in zip(("installing", "installing", "trying"), steps, strict=True):

        def words(seconds: float, doing: str = doing) -> None:
            order.progress(f"{doing} {order.requirement} for Python {minor}, {seconds:.0f} s")

        failure = _run(command, environment, order.limit, start, lock, words)
        if failure and doing == "trying":
            raise TflintError(f"{order.requirement} is installed for Python {minor} and cannot be imported: {failure}")
        if failure:
            raise TflintError(f"{order.requirement} cannot be installed for Python {minor}: {failure}")


def _run(
    command: list[str],
    environment: dict[str, str],
    limit: float,
    start: float,
    lock: int,
    words: Callable[[float], None],
) -> str:
    """Run a step; why it failed, or "". It is ended with all that it started, whatever becomes of us."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(  # noqa: S603 - uv or what it installed, by list
            command,
            cwd=Path(sys.executable).anchor,  # where no project's configuration of uv is found
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            start_new_session=True,
            pass_fds=(lock,) if os.name == "posix" else (),
        )
        try:
            while True:
                passed = time.monotonic() - start
                words(passed)
                if passed > limit:
                    return f"not done within {limit:g} seconds"
                with suppress(subprocess.TimeoutExpired):
                    code = child.wait(max(0.0, min(WORDS, limit - passed)))
                    break
        finally:
            end(child)
        said.seek(0)
        text = said.read().decode(errors="replace")
    if died(code):
        return f"{Path(command[0]).name} {died(code)}"
    return why(text) or f"{Path(command[0]).name} ended with {code}" if code else ""


def why(text: str) -> str:
    """Give what uv or Python said of a failure as one line: uv's error, its first and last cause and its hint."""
    raised = [line.strip() for line in text.splitlines() if _RAISED.match(line)]
    if raised:
        return short(raised[-1], LONGEST)
    said: list[list[str]] = []  # a mark, and the words that follow it over lines
    for line in text.splitlines():
        mark = _BULLET.match(line)
        if mark:
            said.append([mark[1], line[mark.end() :].strip()])
        elif said and line.strip():
            said[-1].append(line.strip())
    causes = [" ".join(words).rstrip(":.") for mark, *words in said if mark != "hint:"]
    hints = [" ".join(words).rstrip(":.") for mark, *words in said if mark == "hint:"]
    kept = dict.fromkeys([*causes[:2], *causes[-1:], *hints[:1]])
    last = [line.strip() for line in text.splitlines() if line.strip()][-1:]
    return short(": ".join(kept) or "".join(last), LONGEST)
