"""Budgets, and models whose weights lie where FlatBuffers do not reach."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tflint import sketch
from tflint.engine import Plan, check_file, check_model
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from pathlib import Path

WEIGHTS = "x: float32[1,64]\nw: float32[64,64] = const\ny: float32[1,64] = FULLY_CONNECTED(x, w, -)\n"


def check(path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command on one model with the size rules only."""
    command = [sys.executable, "-m", "tflint", "check", str(path), "--select", "TFL80", "-f", "concise", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=path.parent)


def test_a_budget_needs_no_profile(tmp_path: Path) -> None:
    """An option of the rule sets it, on the command line or in the configuration, and the message gives estimates."""
    path = tmp_path / "m.tflite"
    path.write_bytes(sketch.build(WEIGHTS))
    size = path.stat().st_size
    found = (
        f"{size:,} bytes, the budget is 10,000; about {size - 8192:,} with float16 weights, {size - 12288:,} with int8"
    )

    assert check(path).returncode == 0
    assert check(path, "-x", f"TFL801.max-size={size}").returncode == 0
    over = check(path, "-x", "TFL801.max-size=10000")
    assert over.returncode == 1
    assert found in over.stdout
    (tmp_path / "pyproject.toml").write_text("[tool.tflint.rules.TFL801]\nmax-size = 10000\n")
    assert found in check(path).stdout


def outside(path: Path, offset: int) -> None:
    """Write a model of one weight at `offset`; the bytes between are a hole in the file."""
    root: dict[str, Any] = sketch.parse(WEIGHTS)
    graph = root["subgraphs"][0]
    root["buffers"][graph["tensors"][1]["buffer"]] = {"offset": offset, "size": 64 * 64 * 4}
    path.write_bytes(bytes(encode(root)))
    with path.open("r+b") as file:
        file.truncate(offset + 64 * 64 * 4)


@pytest.mark.parametrize(
    ("offset", "target", "found"),
    [
        (4096, "litert", []),
        (4096, "tflite-2.14", []),
        (4096, "tflite-2.13", [("error", "weights lie behind the FlatBuffer, where tflite-2.13 does not look")]),
        ((2 << 30) - 64 * 64 * 4, "litert", [("warning", "2.00 GiB: no 32-bit process can map it")]),
        (3 << 30, "litert", [("warning", "3.00 GiB: no 32-bit process can map it")]),
        (3 << 30, "tflite-2.13", [("error", "weights lie behind the FlatBuffer, where tflite-2.13 does not look")]),
    ],
)
def test_weights_behind_the_flatbuffer(offset: int, target: str, found: list[tuple[str, str]], tmp_path: Path) -> None:
    """A runtime that does not look there gets an error, a file of 2 GiB and more a warning, the rest nothing."""
    path = tmp_path / "m.tflite"
    outside(path, offset)
    report = check_file(path, Plan(entries=(catalogue()["TFL804"],), profiles=(resolve(target),)))

    assert [(f.severity.value, f.message) for f in report.findings] == found


def test_weights_in_other_files() -> None:
    """They are named by those of the file's groups that have a name."""
    root: dict[str, Any] = sketch.parse("x: float32[1,4]\nw: float32[1,4] external=1\ny: float32[1,4] = ADD(x, w)\n")
    root["external_buffer_groups"] = [{"name": "a.bin"}, {}, {"name": "b.bin"}]
    plan = Plan(entries=(catalogue()["TFL804"],), profiles=(resolve("litert-2.3.0"),))
    (found,) = check_model(decode(bytes(encode(root))), plan).findings

    assert found.message == "weights are in a.bin, b.bin, which litert-2.3.0 does not read"
