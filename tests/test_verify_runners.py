"""`tflint verify`: whatever a model does to its process is a result."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from command import TFLINT, tflint
from tflint import sketch
from verifying import CLEAN, CORPUS, report

if TYPE_CHECKING:
    from pathlib import Path

HANGS = """
graph main(x) -> (y)
x: float32[1,4]
y: float32[1,4] = WHILE(x) cond_subgraph_index=1 body_subgraph_index=2
graph cond(c) -> (t)
c: float32[1,4]
t: bool[] = const [1]
graph body(b) -> (e)
b: float32[1,4]
e: float32[1,4] = NEG(b)
"""


def test_a_model_that_never_ends_is_a_result(tmp_path: Path) -> None:
    """Its process is ended at the time limit, and the report says where it was."""
    found = report(tmp_path, CLEAN, HANGS, "--timeout", "5", rc=1)

    assert found["reasons"] == [
        "with builtin kernels: the candidate does not run: no answer within 5 seconds (at sample 1)"
    ]


def test_a_process_that_dies_is_a_result(tmp_path: Path) -> None:
    """Here of a kernel library that aborts as it is loaded."""
    (tmp_path / "broken_ops.py").write_text("import os\nos.abort()\n")
    found = report(tmp_path, CLEAN, CLEAN, "--registerer", "broken_ops:register", rc=1)

    assert found["reasons"][0] == "with builtin kernels: neither runs: the process died of SIGABRT (at load)"


@pytest.mark.skipif(not CORPUS.exists(), reason="no corpus here")
def test_what_only_a_delegate_runs_is_told(tmp_path: Path) -> None:
    """A custom op of XNNPACK: nothing is lost against itself, and nothing is proved where no delegate is."""
    source = CORPUS / "490e9ea73431__selfie_segmenter_landscape.tflite"
    done = tflint("verify", source, source, "--samples", "1", "-f", "json", cwd=tmp_path)
    (entry,) = json.loads(done.stdout)["entries"]
    assert done.returncode == 0
    assert [run["candidate"]["runner"] for run in entry["runs"]] == ["default delegates"]
    assert "neither runs with builtin kernels: Encountered unresolved custom op" in entry["notes"][-1]

    done = tflint("verify", source, source, "--delegates", "none", "--samples", "1", cwd=tmp_path)
    assert (done.returncode, "parity FAILS" in done.stdout) == (1, True)


BIG = """
x: float32[1,4]
sizes: int32[2] = const [60000,60000]
one: float32[] = const [1]
big: float32[1,4] sig=[-1,-1] = FILL(sizes, one)
axes: int32[2] = const [0,1]
s: float32[] = SUM(big, axes)
y: float32[1,4] = ADD(x, s)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="no limit of memory here")
def test_a_model_that_runs_out_of_memory_is_a_result(tmp_path: Path) -> None:
    """Its process asks for 14 GB where 4 GB may be had."""
    (tmp_path / "old.tflite").write_bytes(sketch.build(CLEAN))
    (tmp_path / "new.tflite").write_bytes(sketch.build(BIG))
    command = f"ulimit -v 4000000; exec {TFLINT} verify old.tflite new.tflite --delegates none"
    done = subprocess.run(["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (1, "")
    assert "the candidate does not run: RuntimeError without a message, as when memory runs out" in done.stdout


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is of Linux")
def test_the_peak_of_memory_is_that_of_the_child(tmp_path: Path) -> None:
    """Of a process that starts it and holds a gigabyte it tells nothing, though `ru_maxrss` does."""
    (tmp_path / "m.tflite").write_bytes(sketch.build(CLEAN))
    script = """
from tflint.parity.runners import run
from tflint.parity.generate import Side, generate
from tflint.parity.entry import entries
from tflint.model.read import read_model
from pathlib import Path
held = b"\x01" * (1 << 30)
model = read_model(Path("m.tflite"))
(entry,) = entries(model)
samples = generate((Side(model, entry, {"x": "x"}),), count=1)
print(run("m.tflite", samples, entry=entry).memory)
"""
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert 1 << 24 < int(done.stdout) < 1 << 29


TEXT = """
x: string[1] sig=[-1]
shape: int32[2] = const [-1,1]
y: string[1,1] sig=[-1,1] = RESHAPE(x, shape)
"""


def test_text_of_sizes_that_vary_is_taken(tmp_path: Path) -> None:
    """After the first call the runtime forgets that the size of a text input may vary."""
    found = report(tmp_path, TEXT, TEXT, rc=0)

    (run,) = found["entries"][0]["runs"]
    assert (run["compared"], run["notes"]) == (3, [])


def test_a_library_of_ops_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """Whichever part of `module:name` it is; exit code 2."""
    (tmp_path / "m.tflite").write_bytes(sketch.build(CLEAN))
    (tmp_path / "mine.py").write_text("")
    for spec, words in (
        ("gone:ops", "--registerer gone:ops: No module named 'gone' ("),
        ("mine:ops.all", "--registerer mine:ops.all: module 'mine' has no attribute 'ops' ("),
        ("mine", "--registerer mine: write module:name"),
    ):
        done = tflint("verify", "m.tflite", "m.tflite", "--registerer", spec, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert words in done.stderr
