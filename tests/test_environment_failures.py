"""Builds of environments that fail: killed, interrupted, offline, on a full disk; nothing that looks ready is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from building import MINE, await_progress, child, finish, needs_uv, small, visible
from tflint.convert.build import why
from tflint.convert.environment import environment
from tflint.errors import TflintError

pytestmark = pytest.mark.usefixtures("kept")


@needs_uv
@pytest.mark.skipif(os.name == "nt", reason="POSIX")
@pytest.mark.parametrize("at", ["installing", "trying"])
def test_killed_build_leaves_nothing_that_looks_ready(kept: Path, tmp_path: Path, at: str) -> None:
    """A build that is killed is not there; the next one waits for the uv that outlived it, and takes its place."""
    with child(tmp_path, stop=at) as process:
        await_progress(process, at)
        process.kill()
    assert [name for name in visible(kept) if not name.startswith(".")] == []

    out, error = finish(child(tmp_path))

    assert error == ""
    assert visible(kept) == [Path(out.splitlines()[-1]).relative_to(kept).parts[0]]


@needs_uv
@pytest.mark.skipif(os.name == "nt", reason="POSIX")
@pytest.mark.parametrize("at", ["installing", "trying"])
def test_interrupted_build_leaves_nothing(kept: Path, tmp_path: Path, at: str) -> None:
    """Who is interrupted takes away what was built so far, and ends uv."""
    with child(tmp_path, stop=at) as process:
        await_progress(process, at)
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=60)
    assert error.splitlines()[-1] == "KeyboardInterrupt"
    assert visible(kept) == []


@needs_uv
def test_slow_build_is_ended(kept: Path) -> None:
    """A build that takes longer than it may is ended, in one line, and leaves nothing."""
    with pytest.raises(TflintError, match=f"^six 1.16.0 cannot be installed for Python {MINE}: not done within 0 sec"):
        environment("six==1.16.0", table=small(), limit=0)
    assert visible(kept) == []


@needs_uv
@pytest.mark.usefixtures("offline")
def test_no_network(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without network, or with an index that nobody serves, one line says what uv says, and nothing is left."""
    with pytest.raises(TflintError, match=r"six was not found in the cache.*network was disabled") as caught:
        environment("six==1.16.0", table=small())
    assert "\n" not in caught.value.message
    monkeypatch.delenv("UV_OFFLINE")
    monkeypatch.setenv("UV_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    with pytest.raises(TflintError, match=r"127.0.0.1:9/simple/six/.*[Cc]onnection refused") as caught:
        environment("six==1.16.0", table=small())
    assert "\n" not in caught.value.message
    assert visible(kept) == []


@needs_uv
@pytest.mark.skipif(shutil.which("unshare") is None, reason="no way to have a small disk")
def test_disk_full(tmp_path: Path) -> None:
    """A disk that is full is named in one line, and has nothing of the build afterwards."""
    mounted = tmp_path / "kept"
    mounted.mkdir()
    mount = f"mount -t tmpfs -o size=100k none {mounted}"
    space = ["unshare", "--user", "--map-root-user", "--mount"]
    if subprocess.run([*space, "sh", "-c", mount], capture_output=True, timeout=60, check=False).returncode:
        pytest.skip("no way to have a small disk")
    before = [*space, "sh", "-c", f'{mount} && ("$@"; code=$?; ls -A {mounted}; exit $code)', "sh"]

    out, error = finish(child(tmp_path, before=before))

    assert "No space left on device" in error
    assert error.startswith("six 1.16.0 cannot be installed")
    assert error.count("\n") == 1
    assert out.splitlines()[-1].endswith(".lock")
    assert not out.splitlines()[-2].startswith("six-1.16.0")


@needs_uv
def test_what_cannot_be_imported_is_not_put_in_place(kept: Path) -> None:
    """An environment whose converter does not import is told of by Python's own words, and not kept."""
    with pytest.raises(TflintError, match="cannot be imported: ModuleNotFoundError: No module named 'sixth'"):
        environment("six==1.16.0", table=small(module="sixth"))
    assert visible(kept) == []


@needs_uv
def test_no_such_release(kept: Path) -> None:
    """A release that was never made is uv's to refuse."""
    with pytest.raises(TflintError, match=r"no version of six==1.16.99"):
        environment("six==1.16.99", table=small())
    assert visible(kept) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_folder_that_cannot_be_written(kept: Path) -> None:
    """A cache that is not ours is named in one line, with the variable that names another."""
    kept.mkdir(mode=0o500)
    with pytest.raises(TflintError, match="Permission denied; TFLITE_LINT_CONVERTERS names another folder"):
        environment("six==1.16.0", table=small())


def test_folder_that_is_a_file(kept: Path) -> None:
    """A cache that is no folder is named in one line."""
    kept.write_text("")
    with pytest.raises(TflintError, match=r"kept: (File exists|Not a directory)"):
        environment("six==1.16.0", table=small())


def test_what_uv_says_on_one_line() -> None:
    """Words of uv of today and of before, which wrapped them, come as one line."""
    today = (
        "error: Request failed after 3 retries in 6.8s\n  cause: Failed to fetch: http://x/six/\n"
        "  cause: client error (Connect)\n  cause: Connection refused (os error 111)\n"
    )
    before = (
        "  \N{MULTIPLICATION SIGN} No solution found when resolving dependencies:\n  ╰─▶ Because there is no version\n"
        "      of six==99 and you require six==99, we can conclude that it is so.\n\n      hint: Look elsewhere\n"
    )
    assert why(today) == (
        "Request failed after 3 retries in 6.8s: Failed to fetch: http://x/six/: Connection refused (os error 111)"
    )
    assert why(before) == (
        "No solution found when resolving dependencies: Because there is no version of six==99 and you "
        "require six==99, we can conclude that it is so: Look elsewhere"
    )
    assert why("Traceback (most recent call last):\n  x\nImportError: no\n\nMore information: http://x\n") == (
        "ImportError: no"
    )
    assert why("") == ""
