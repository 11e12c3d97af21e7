"""A converter of 12 kB that uv really installs, and a process of its own that builds it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tflint.convert import interpreters
from tflint.convert.table import here, read_table

if TYPE_CHECKING:
    from pathlib import Path

MINE = f"{sys.version_info[0]}.{sys.version_info[1]}"
SMALL: dict[str, Any] = {  # a converter of 12 kB
    "module": "six",
    "distributions": ["six"],
    "extra": "convert",
    "platforms": {here(): ["1.10", "1.17"]},
    "series": {
        "1.15": {"newest": "1.15.0", "python": [MINE], "reads": True},
        "1.16": {"newest": "1.16.0", "python": [MINE], "reads": True},
        "1.17": {"newest": "1.17.0", "python": [MINE], "reads": True},
    },
}

# A process of its own that builds, says each word of progress on a line, and can be told to stop at one.
BUILD = """
import sys, time
from pathlib import Path
from tflint.convert.environment import environment
from tflint.convert.table import read_table
from tflint.errors import TflintError

table, stop = Path(sys.argv[1]).read_bytes(), sys.argv[2]

def progress(words):
    print(words, flush=True)
    if stop and words.startswith(stop):
        time.sleep(600)

try:
    print(environment("six==1.16.0", progress=progress, table=read_table(table)).python)
except TflintError as error:
    sys.exit(error.message)
"""

needs_uv = pytest.mark.skipif(interpreters.find_uv() is None, reason="no uv")


def table_of(**changed: Any) -> bytes:
    """A table that has the small converter alone."""
    return json.dumps({"converters": {"six": {**SMALL, **changed}}}).encode()


def small(**changed: Any) -> Any:
    """The same, read."""
    return read_table(table_of(**changed))


def visible(folder: Path) -> list[str]:
    """What lies there, without locks."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock") if folder.exists() else []


def child(tmp_path: Path, stop: str = "", **options: Any) -> subprocess.Popen[str]:
    """Start a process that builds."""
    (tmp_path / "table.json").write_bytes(table_of())
    return subprocess.Popen(
        [*options.pop("before", ()), sys.executable, "-c", BUILD, tmp_path / "table.json", stop],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )


def finish(process: subprocess.Popen[str]) -> tuple[str, str]:
    """Wait for it; give what it said on both streams."""
    with process:
        return process.communicate(timeout=120)


def await_progress(process: subprocess.Popen[str], start: str) -> None:
    """Wait until a process says a line that starts so."""
    assert process.stdout is not None
    while not process.stdout.readline().startswith(start):
        assert process.poll() is None
