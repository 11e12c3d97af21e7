"""`tflint fix` that is killed, has no room, may not write, or is not alone: the old file is there, whole."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from command import TFLINT, tflint
from mending import SIGNED, UNSIGNED, hidden, model, signatures
from tflint import sketch

if TYPE_CHECKING:
    from pathlib import Path

SLOW_TO_RUN = "a: float32[1,600,600]\n" + "\n".join(
    f"{new}: float32[1,600,600] = BATCH_MATMUL({old}, a)" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)

# Kills itself at the Nth change of the folder: files made, renamed, removed, opened for writing.
KILLED = """
import os, signal, sys
limit, folder = int(sys.argv[1]), sys.argv[2]
seen = 0
WATCHED = {"open", "os.rename", "os.remove", "os.link", "os.chmod", "tempfile.mkstemp", "shutil.copyfile"}
def hook(event, arguments):
    global seen
    if event in WATCHED and any(folder in str(a) for a in arguments):
        seen += 1
        if seen == limit:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(hook)
from tflint.__main__ import run
try:
    run(["fix", *sys.argv[3:]])
finally:
    print("events", seen)
"""


@pytest.mark.parametrize("every", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_killed_at_any_instant(tmp_path: Path, every: int) -> None:
    """Whichever step of the loop SIGKILL comes at, the old file or the new one is there, whole."""
    old = sketch.build(UNSIGNED)
    path = tmp_path / "model.tflite"
    path.write_bytes(old)
    whole = subprocess.run(
        [sys.executable, "-c", KILLED, "0", str(tmp_path), str(path), "--backup"],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    events = int(whole.stdout.split()[-1])
    new = path.read_bytes()
    assert events > 8
    states = []
    for limit in range(events, 0, -every):
        path.write_bytes(old)
        killed = subprocess.run(
            [sys.executable, "-c", KILLED, str(limit), str(tmp_path), str(path), "--backup"],
            cwd=tmp_path, capture_output=True, check=False, timeout=120,
        )  # fmt: skip
        assert killed.returncode == -9
        states.append(path.read_bytes())
    assert set(states) == {old, new}, events


@pytest.mark.parametrize("size", [100, 600])
def test_disk_full(tmp_path: Path, size: int) -> None:
    """A candidate that cannot be written whole is an error of one line, and nothing is left of it.

    No bytecode is written under the limit: Python would keep what is cut off, beside modules of this checkout.
    """
    path = model(tmp_path, UNSIGNED)
    before = path.read_bytes()
    limited = f"import resource, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); \
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, {size})); \
from tflint.__main__ import run; raise SystemExit(run(['fix', {str(path)!r}]))"
    done = subprocess.run(
        [sys.executable, "-B", "-c", limited], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "File too large" in done.stderr
    assert path.read_bytes() == before
    assert hidden(tmp_path) == []


def without_privilege() -> None:
    """Let root's next program be bound by permissions: CAP_DAC_OVERRIDE leaves the bounding set (linux/prctl.h)."""
    if os.getuid() == 0:
        ctypes.CDLL(None).prctl(24, 1)


@pytest.mark.skipif(sys.platform == "win32", reason="permissions of folders are POSIX")
def test_read_only_folder(tmp_path: Path) -> None:
    """Where no candidate can be made, the model is left and one line says so."""
    folder = tmp_path / "models"
    folder.mkdir()
    path = model(folder, UNSIGNED)
    before = path.read_bytes()
    folder.chmod(0o555)
    try:
        done = subprocess.run(
            [TFLINT, "fix", str(path)],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            preexec_fn=without_privilege,
        )
    finally:
        folder.chmod(0o755)

    assert done.returncode == 1, done.stderr
    assert "cannot write in" in done.stderr
    assert path.read_bytes() == before


def test_two_processes_on_one_file(tmp_path: Path) -> None:
    """Of fixes that run at once one does the work; the others say so, or find nothing left to do."""
    path = model(tmp_path, SLOW_TO_RUN)
    found: list[subprocess.CompletedProcess[str]] = []
    threads = [
        threading.Thread(target=lambda: found.append(tflint("fix", path, "--signature", "s", cwd=tmp_path)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(done.returncode for done in found) in ([0, 1, 1], [0, 0, 1], [0, 0, 0])
    assert [("written" in done.stdout) for done in found].count(True) == 1
    for done in found:
        assert done.returncode == 0 or "another tflint fix" in done.stderr or "changed it meanwhile" in done.stderr
    assert list(signatures(path)) == ["s"]
    assert hidden(tmp_path) == []


def test_a_file_that_changes_meanwhile_is_left(tmp_path: Path) -> None:
    """What somebody else wrote while both models ran is not overwritten."""
    from tflint.fixer.place import held, put, scratch, write_pieces  # noqa: PLC0415 - the parts between which it happens

    path = model(tmp_path, UNSIGNED)
    with held(path) as mine, scratch(path) as candidate:
        write_pieces([b"candidate"], candidate)
        path.write_bytes(b"theirs")
        with pytest.raises(Exception, match="somebody changed it meanwhile"):
            put(candidate, mine, None, backup=False)
    assert path.read_bytes() == b"theirs"


def test_missing_runtime_is_one_line(tmp_path: Path) -> None:
    """Without the extra nothing is run and nothing written: rc 2 and how to install it; a plan needs none."""
    path = model(tmp_path, UNSIGNED)
    hide = "import importlib.util as u; real = u.find_spec; \
u.find_spec = lambda n, *a: None if n == 'ai_edge_litert' else real(n, *a); \
from tflint.__main__ import run; import sys; raise SystemExit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", hide, "fix", str(path)]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)
    plan = subprocess.run([*command, "--plan"], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120)

    assert (done.returncode, plan.returncode) == (2, 0)
    assert done.stderr.count("\n") == 1
    assert "install tflint with its extra `verify`" in done.stderr


def test_fixes_of_one_folder_are_all_noted(tmp_path: Path) -> None:
    """Models that are mended at once, side by side, all get their entry in the one lock."""
    paths = [model(tmp_path, SIGNED, f"m{number}.tflite") for number in range(4)]
    found: list[subprocess.CompletedProcess[str]] = []

    def mend(path: Path) -> None:
        found.append(tflint("fix", path, "--signature", "serve=s", cwd=tmp_path))

    threads = [threading.Thread(target=mend, args=(path,)) for path in paths]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [(done.returncode, done.stderr) for done in found] == [(0, "")] * 4
    assert sorted(json.loads((tmp_path / "tflint.lock").read_text())["models"]) == [path.name for path in paths]
