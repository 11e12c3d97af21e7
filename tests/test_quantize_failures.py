"""What goes wrong around `tflint fix --quantize`: time, memory, room, other processes. The model is as it was."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command import TFLINT
from quantizing import CORPUS, DENSE, LARGE, built, corpus
from tflint.fixer import quantizer
from tflint.model.read import read_model
from tflint.parity.process import Children

if TYPE_CHECKING:
    from collections.abc import Iterator

CLASSIFIER = "5ee0d849bd25__model.tflite"
linux = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="limits and processes as Linux has them")


def limited(limit: str, model: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command under a limit of the shell, with its temporary files in a folder."""
    command = shlex.join([str(TFLINT), "fix", str(model), "--quantize", "dynamic", "--metric", "logit:1e9", *arguments])
    environment = {**os.environ, "TMPDIR": str(folder), "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        ["sh", "-c", f"{limit} exec {command}"],
        cwd=model.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def descendants(pid: int) -> Iterator[tuple[int, str]]:
    """Processes that a process started, each with its command line."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child), Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ")


def test_a_child_that_takes_too_long_is_an_outcome(tmp_path: Path) -> None:
    """The library is ended after the time that was given; the model stays."""
    model = built(DENSE, tmp_path)
    before = model.read_bytes()
    orders = [quantizer.Order("d", "dynamic")]

    made = quantizer.make(model, read_model(model), orders, {}, tmp_path, 0.05, Children())

    assert made.failures["d"].startswith("no answer within 0.05 seconds")
    assert model.read_bytes() == before


def test_a_child_without_memory_is_an_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it dies of as memory runs out is said of that variant."""
    monkeypatch.setattr(quantizer, "machine_memory", lambda: 1 << 20)
    model = built(LARGE, tmp_path)
    orders = [quantizer.Order("d", "dynamic")]

    made = quantizer.make(model, read_model(model), orders, {}, tmp_path, 60, Children())

    assert not made.files
    assert made.failures["d"] == "out of memory (at start)"


@linux
@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ("ulimit -f 4;", "File too large"),  # units of 512 bytes in dash, 1024 in bash: no child gets its code
        ("ulimit -f 100;", "File too large"),  # the quantized model, of 137 kB, is not written
        ("ulimit -v 130000;", "out of memory"),  # kilobytes: not enough for a thread
        ("ulimit -v 160000;", "out of memory"),  # not enough to import what reads the model
    ],
)
def test_limits_leave_the_model_alone(limit: str, sentence: str, tmp_path: Path) -> None:
    """One line, exit code 1, nothing left behind, wherever room or memory ends."""
    (work := tmp_path / "work").mkdir()
    (temporary := tmp_path / "temporary").mkdir()
    model = corpus(CLASSIFIER, work)

    done = limited(limit, model, temporary)

    assert done.returncode == 1, done.stderr
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert model.read_bytes() == (CORPUS / CLASSIFIER).read_bytes()
    assert [path.name for path in work.iterdir()] == ["model.tflite"]
    assert list(temporary.iterdir()) == []


@linux
@pytest.mark.skipif(os.geteuid() != 0 if sys.platform != "win32" else True, reason="mounts a small file system")
@pytest.mark.parametrize(("size", "sentence"), [(20, "no space left"), (60, ""), (130, ""), (200, "")])
def test_a_full_disk_leaves_the_model_alone(size: int, sentence: str, tmp_path: Path) -> None:
    """So many kilobytes for temporary files end at the children's code, their samples, their answers, the new model.

    Which of the processes meets the end first, and says so, is a matter of time.
    """
    (work := tmp_path / "work").mkdir()
    (temporary := tmp_path / "temporary").mkdir()
    model = corpus(CLASSIFIER, work)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(temporary)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("no mounting here")

    try:
        done = limited("", model, temporary)
        left = list(temporary.iterdir())
    finally:
        subprocess.run(["umount", str(temporary)], check=True)

    assert done.returncode == 1, done.stderr
    assert sentence in done.stderr.lower()
    assert len(done.stderr.splitlines()) == 1
    assert model.read_bytes() == (CORPUS / CLASSIFIER).read_bytes()
    assert [path.name for path in work.iterdir()] == ["model.tflite"]
    assert left == []


@linux
@pytest.mark.parametrize("program", ["quantize", "run_tflite"])
def test_a_child_that_is_killed_is_an_outcome(program: str, tmp_path: Path) -> None:
    """It is said which one died of what; the model stays, and so does nothing else."""
    (temporary := tmp_path / "temporary").mkdir()
    model = built(LARGE, tmp_path)
    before = model.read_bytes()
    command = [str(TFLINT), "fix", str(model), "--quantize", "dynamic"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as run:
        victim = None
        while victim is None and run.poll() is None:
            victim = next((pid for pid, line in descendants(run.pid) if f"children {program}" in line), None)
            time.sleep(0.01)
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        _, said = run.communicate(timeout=200)

    assert run.returncode == 1
    assert "the process died of SIGKILL: out of memory, or killed by hand" in said
    assert len(said.splitlines()) == 1
    assert model.read_bytes() == before
    assert list(temporary.iterdir()) == []


@linux
def test_a_run_that_is_terminated_takes_its_children_along(tmp_path: Path) -> None:
    """SIGTERM, as of `timeout` or a cancelled job: exit code 143; no process and no file is left."""
    (temporary := tmp_path / "temporary").mkdir()
    model = built(LARGE, tmp_path)
    before = model.read_bytes()
    command = [str(TFLINT), "fix", str(model), "--quantize", "dynamic"]
    environment = {**os.environ, "TMPDIR": str(temporary)}
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=-1, stderr=-1, text=True) as run:
        children: dict[int, str] = {}
        while len(children) < 2 and run.poll() is None:
            children = {pid: line for pid, line in descendants(run.pid) if "/tflint/children " in line}
            time.sleep(0.01)
        run.terminate()
        said = run.communicate(timeout=200)

    assert (run.returncode, *said) == (143, "", "")
    assert children
    for pid in children:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    assert model.read_bytes() == before
    assert list(temporary.iterdir()) == []


@linux
def test_of_two_at_one_file_one_gives_way(tmp_path: Path) -> None:
    """The second says that the first is working on it; what is there in the end is the first one's model."""
    model = corpus(CLASSIFIER, tmp_path)
    command = [str(TFLINT), "fix", str(model), "--quantize", "dynamic", "--metric", "logit:1e9"]
    runs = [subprocess.Popen(command, cwd=tmp_path, stdout=-3, stderr=-1, text=True) for _ in range(2)]
    said = {run.wait(200): run.communicate()[1] for run in runs}

    assert sorted(said) == [0, 1]
    assert said[1].strip().endswith("another tflint fix is working on it")
    assert read_model(model).metadata_bytes("min_runtime_version", 16) == b"2.17.0".ljust(16, b"\0")
