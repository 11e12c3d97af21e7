"""Programs in processes of their own: a crash, a hang and no memory are results, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command import TFLINT
from tflint.errors import TflintError
from tflint.process import run_program

if TYPE_CHECKING:
    from collections.abc import Callable

    from tflint.process import Ended

HEAD = "import json, os, pathlib, signal, sys, time\nfolder = pathlib.Path(sys.argv[1])\n"


def ran(tmp_path: Path, body: str, *, timeout: float = 30, memory: int | None = None) -> Ended:
    script = tmp_path / "program.py"
    script.write_text(HEAD + body)
    folder = tmp_path / "folder"
    folder.mkdir()
    return run_program([str(script)], {"x": 1}, folder, sys.executable, timeout=timeout, memory=memory)


def test_an_answer_comes_back(tmp_path: Path) -> None:
    """The request goes in, the answer and what was said come out."""
    ended = ran(
        tmp_path,
        "request = json.loads((folder / 'request.json').read_text())\n"
        "(folder / 'answer.json').write_text(json.dumps({'x': request['x'] + 1}))\n"
        "sys.stderr.write('said\\xe9')",
    )

    assert (ended.code, ended.answer, ended.timed_out) == (0, {"x": 2}, False)
    assert ended.said.startswith("said")


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("name", ["SIGSEGV", "SIGABRT", "SIGKILL"])
def test_a_signal_is_named(tmp_path: Path, name: str) -> None:
    """What a process died of is known, and where it was."""
    ended = ran(tmp_path, f"(folder / 'stage').write_text('convert')\nos.kill(os.getpid(), signal.{name})")

    assert (ended.died_of, ended.stage, ended.answer) == (name, "convert", None)


def test_what_a_program_leaves_goes_with_its_folder(tmp_path: Path) -> None:
    """Temporary files of what is killed are in the folder of its run."""
    ended = ran(
        tmp_path,
        "import tempfile\n(folder / 'stage').write_text(tempfile.mkstemp()[1])\nos.kill(os.getpid(), signal.SIGTERM)",
    )

    assert ended.died_of == "SIGTERM"
    assert Path(ended.stage).is_relative_to(tmp_path / "folder")


def state_of(pid: str) -> str:
    status = Path("/proc", pid, "stat")
    return status.read_text().split()[2] if status.exists() else "gone"


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="where processes are listed")
def test_a_hang_ends_with_all_that_it_started(tmp_path: Path) -> None:
    """After the time limit neither the process nor its own child is left."""
    ended = ran(
        tmp_path,
        "import subprocess\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        "(folder / 'stage').write_text(str(child.pid))\ntime.sleep(600)",
        timeout=8,
    )

    assert ended.timed_out
    assert state_of(ended.stage) in ("gone", "Z")


@pytest.mark.skipif(sys.platform != "linux", reason="prctl")
def test_who_is_killed_leaves_no_child(tmp_path: Path) -> None:
    """A child that never comes back ends with a parent that was killed, as the kernel does where memory runs out."""
    model = Path(__file__).parents[1] / "examples" / "models" / "clean.tflite"
    source = "import os, pathlib, time\npathlib.Path(__file__).with_name('pid').write_text(str(os.getpid()))\n"
    (tmp_path / "hangs.py").write_text(source + "time.sleep(600)\n")
    pid = tmp_path / "pid"
    command = [str(TFLINT), "verify", "hangs:model", str(model)]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}  # what is killed leaves its files
    with subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=-3, stderr=-3) as run:
        until(lambda: run.poll() is not None or (pid.exists() and pid.read_text() != ""))
        run.send_signal(signal.SIGKILL)

    assert run.returncode == -signal.SIGKILL
    until(lambda: state_of(pid.read_text()) in ("gone", "Z"))


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds, for a minute."""
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit")
def test_memory_is_limited(tmp_path: Path) -> None:
    """An allocation beyond the limit fails inside, and nothing outside."""
    ended = ran(tmp_path, "time.sleep(1)\nx = bytearray(2_000_000_000)", memory=500_000_000)

    assert ended.code == 1
    assert "MemoryError" in ended.said


def test_no_interpreter_is_one_line(tmp_path: Path) -> None:
    """An interpreter that is not there is the user's to mend."""
    script = tmp_path / "program.py"
    script.write_text("")
    (tmp_path / "folder").mkdir()

    with pytest.raises(TflintError, match="no-python"):
        run_program([str(script)], {}, tmp_path / "folder", str(tmp_path / "no-python"), timeout=5)
