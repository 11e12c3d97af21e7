"""The installed command in a folder of its own, and models to run it on."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import command
from tflint import sketch

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

GIT = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}

SOFTMAXES = """
x: int8[1,10] q=0.1+0
a/Softmax: int8[1,10] q=0.5+0 = SOFTMAX(x) beta=1
b/Softmax: int8[1,10] q=0.5+0 = SOFTMAX(a/Softmax) beta=1
other: int8[1,10] q=0.5+0 = SOFTMAX(b/Softmax) beta=1
signature serving_default(x=x) -> (y=other)
"""
"""TFL510 at three outputs and TFL212 at three ops, one finding each."""
CLEAN = """
x: float32[1,4]
y: float32[1,4] = RELU(x)
signature serving_default(x=x) -> (y=y)
"""


def environment(**more: str) -> dict[str, str]:
    """The environment without what would change a run: our settings, and git's."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("TFLITE_LINT_", "GIT_"))}
    return {**inherited, **GIT, **more}


def tflint(folder: Path, *arguments: object, **more: str) -> CompletedProcess[str]:
    """Run it there."""
    return command.tflint(*arguments, cwd=folder, **GIT, **more)


def findings(folder: Path, *arguments: object) -> list[dict[str, Any]]:
    """Findings of `tflint check` in that folder, each with its file."""
    done = tflint(folder, "check", "-f", "json", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return [{**each, "file": file["path"]} for file in json.loads(done.stdout)["files"] for each in file["findings"]]


def brief(found: list[dict[str, Any]]) -> list[tuple[str, int, str | None]]:
    """Code, count and reason of each."""
    return [(each["code"], each["count"], each["suppressed"]) for each in found]


def write_model(path: Path, text: str = SOFTMAXES) -> Path:
    """Build a sketch; give the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(sketch.build(text))
    return path


def one_line(done: CompletedProcess[str], *words: str) -> None:
    """A mistake of the user's: one line, exit code 2, no report."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr
