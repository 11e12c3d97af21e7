"""Models that are verified, and the report of `tflint verify` on them."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from command import tflint
from models import SHARED
from tflint import sketch

if TYPE_CHECKING:
    from pathlib import Path

CORPUS = SHARED / "corpus" / "files"
WEIGHT = np.random.default_rng(1).uniform(-1, 1, (4, 4)).round(3)
TWO = """
x: float32[1,4]
w: float32[4,4] = const {weight}
h: float32[1,4] = FULLY_CONNECTED(x, w, -)
a: float32[1,4] = TANH(h)
b: float32[1,4] = LOGISTIC(h)
signature serve(x=x) -> (first={first}, second={second})
"""
INT8 = """
x: int8[1,4] q=0.01+3
w: int8[4,4] q=[0.01,0.01,0.01,0.01]+[0,0,0,0]@0 = const [1,50,-3,7,9,-90,2,100,5,6,70,-8,33,12,-44,5]
b: int32[4] q=[0.0001,0.0001,0.0001,0.0001]+[0,0,0,0]@0 = const [0,100,-100,50]
h: int8[1,4] q=0.02-5 = FULLY_CONNECTED.v4(x, w, b)
k: int8[1,4] q=0.02+0 = const [9,-20,30,40]
s: int8[1,4] q=0.03+1 = ADD.v2(h, k)
f: float32[1,4] = DEQUANTIZE.v2(s)
signature serve(x=x) -> (y=f)
"""
BOTH = """
graph main(x) -> (y)
x: float32[1,4]
y: float32[1,4] = TANH(x)
graph other(u) -> (v)
u: float32[1,4]
v: float32[1,4] = ABS(u)
signature encode(x=x) -> (y=y)
signature decode@1(u=u) -> (v=v)
"""
CLEAN = """
x: float32[1,4]
z: float32[1,4] = const [0,0,0,0]
y: float32[1,4] = ADD(x, z)
"""


def text(values: Any) -> str:
    """An array as a sketch has it."""
    return json.dumps(np.asarray(values).reshape(-1).tolist())


def two(weight: Any = WEIGHT, first: str = "a", second: str = "b") -> str:
    """A model of two outputs."""
    return TWO.format(weight=text(weight), first=first, second=second)


def report(folder: Path, old: str, new: str, *arguments: str, rc: int, both: bool = False) -> dict[str, Any]:
    """The JSON report of two sketches, run on builtin kernels; `both`: with default delegates first."""
    for name, model in (("old", old), ("new", new)):
        (folder / f"{name}.tflite").write_bytes(sketch.build(model))
    arguments = (*arguments, "--samples", "3", "--delegates", "both" if both else "none")
    done = tflint("verify", "old.tflite", "new.tflite", "-f", "json", *arguments, cwd=folder)
    assert (done.returncode, done.stderr) == (rc, "")
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["holds"] is (rc == 0)
    return found


def made(folder: Path, environment: str, script: str, *arguments: str) -> str:
    """The interpreter of an environment that holds a framework, after it made models."""
    python = os.environ.get(environment)
    if not python:
        pytest.skip(f"{environment} names no interpreter")
    subprocess.run([python, "-c", script, *arguments], cwd=folder, check=True, capture_output=True, timeout=600)
    return python
