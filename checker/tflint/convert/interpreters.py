"""Interpreters of this machine: the one that runs, `python3.N` on PATH, pyenv's, and what uv knows. None is fetched."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Iterator

TIMEOUT = 60  # seconds for an interpreter to say who it is, on a machine that is busy
UV = "tflint installs converters with uv, which is not on PATH: pip install uv, or https://docs.astral.sh/uv"
# free-threaded builds have an ABI of their own, which no converter has wheels for
_ASK = """
import sys, sysconfig
free = sysconfig.get_config_var("Py_GIL_DISABLED")
print(sys.implementation.name + ("t" if free else ""), "%d.%d.%d" % sys.version_info[:3])
"""
# what would have Python or uv look elsewhere than at the environment that it is told of
_MISLEADING = ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP")
_MISLEADING_UV = ("UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_TARGET", "UV_PREFIX")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A CPython that environments can be made of."""

    path: Path
    version: str


def surroundings() -> dict[str, str]:
    """Environment variables for children that are to use another environment than this; uv fetches no Python."""
    kept = {key: value for key, value in os.environ.items() if key not in (*_MISLEADING, *_MISLEADING_UV)}
    return {**kept, "UV_PYTHON_DOWNLOADS": "never"}


def find_uv() -> str | None:
    """Give uv's path, from PATH or from beside the interpreter that runs."""
    found = shutil.which("uv") or shutil.which("uv", path=str(Path(sys.executable).parent))
    return str(Path(found).absolute()) if found else None


def require_uv() -> str:
    """Give uv's path. Raises TflintError, which says how to get it."""
    uv = find_uv()
    if uv is None:
        raise TflintError(UV)
    return uv


@lru_cache(maxsize=32)
def find(minor: str) -> Interpreter | None:
    """Give an interpreter of a version such as `3.11`, the one that runs first."""
    for path in _candidates(minor):
        version = running() if path == Path(sys.executable) else _version(path)
        if version.startswith(f"{minor}."):
            return Interpreter(path, version)
    return None


def running() -> str:
    """Give the version of the interpreter that runs; "" where it is no usual CPython."""
    usual = sys.implementation.name == "cpython" and not sysconfig.get_config_var("Py_GIL_DISABLED")
    return ".".join(map(str, sys.version_info[:3])) if usual else ""


def _candidates(minor: str) -> Iterator[Path]:
    """Interpreters that may be of that version: a shim on PATH may stand for none."""
    yield Path(sys.executable)
    on_path = shutil.which(f"python{minor}")
    if on_path:
        yield Path(on_path).absolute()
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv", "versions")
    yield from sorted(versions.glob(f"{minor}.*/bin/python"), key=_patch, reverse=True)
    uv = find_uv()
    told = output([uv, "python", "find", "--no-project", f"cpython@{minor}"]) if uv else ""
    if told:
        yield Path(told)


def _patch(python: Path) -> tuple[int, ...]:
    return tuple(map(int, re.findall(r"\d+", python.parts[-3])))


def _version(python: Path) -> str:
    """What it says of itself; "" where it says nothing or is no usual CPython."""
    name, _, version = output([str(python), "-I", "-c", _ASK]).partition(" ")
    return version if name == "cpython" else ""


def output(command: list[str]) -> str:
    """The first line that a command prints; "" where it fails."""
    try:
        done = subprocess.run(  # noqa: S603 - an interpreter or uv, by list
            command,
            env=surroundings(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.partition("\n")[0].strip() if done.returncode == 0 else ""
