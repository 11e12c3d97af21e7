"""A small run of scripts/differential_fuzz.py, and what it has found."""

from __future__ import annotations

import subprocess
import sys

import pytest

from litert_child import Runtime
from models import ROOT
from tflint import sketch
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.runtimes.profile import resolve
from tflint.runtimes.verdict import judge

FOUND = {
    "a size that leaves 64 bits and then is 0": "x: float32[65536,65536,65536,65536,2,0]\ny: float32[1] = RELU(x)",
}


def fuzz(files: int) -> None:
    argv = [sys.executable, str(ROOT / "scripts" / "differential_fuzz.py"), "--files", str(files)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=3000)

    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{files:,} files against litert-" in done.stdout


def test_litert_loads_what_is_read_and_refuses_what_is_not() -> None:
    """On damaged models, the structure verifier and the reader agree, and no verdict calls loadable what is not."""
    fuzz(300)


@pytest.mark.slow
def test_litert_and_the_reader_agree_on_many() -> None:
    """The same, on twenty thousand."""
    fuzz(20_000)


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_what_litert_does_not_load_is_unsupported(text: str) -> None:
    """It was called supported."""
    unloadable(sketch.build(text))


def test_a_tensor_without_a_buffer_is_unsupported() -> None:
    """Where there is an empty list of buffers, buffer 1 is as far outside as of any other list."""
    tables = sketch.parse("x: float32[1]\nc: float32[1] buffer=1\ny: float32[1] = ADD(x, c)")
    unloadable(bytes(encode({**tables, "buffers": [], "metadata": []})))


@pytest.mark.parametrize("dtype", ["string", "resource", "variant"])
def test_a_variable_without_a_size_is_unsupported(dtype: str) -> None:
    """`String variable tensor isn't supported` is said of all three."""
    tables = sketch.parse(f"x: float32[1]\nv: {dtype}[1]\ny: float32[1] = RELU(x)")
    [variable] = [tensor for tensor in tables["subgraphs"][0]["tensors"] if tensor["name"] == "v"]
    variable["is_variable"] = True
    unloadable(bytes(encode(tables)))


def unloadable(data: bytes) -> None:
    runtime = Runtime()
    assert runtime.run(data).stage == "load"
    runtime.close()
    assert judge(decode(data), resolve("litert-2.3.0")).value == "unsupported"
