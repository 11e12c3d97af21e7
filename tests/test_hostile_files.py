"""Files that are not what their names say: links, loops, pipes, devices, sparse and growing ones. Nothing hangs."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

import pytest

from models import EXAMPLES
from running import CLEAN, tflint, write_model

if TYPE_CHECKING:
    from pathlib import Path

ODD = {
    "pipe": "not a regular file",
    "link to a pipe": "not a regular file",
    "link to itself": "cannot be read: Too many levels of symbolic links",
    "link to nothing": "cannot be read: No such file or directory",
    "link to /dev/zero": "not a regular file",
    "link to /proc/self/mem": "",
    "link to /proc/self/environ": "",
    "link to /etc/passwd": "a text file, not a model",
    "sparse": "no TFLite file",
    "locked": "",
}


@pytest.fixture
def odd(tmp_path: Path) -> Path:
    """A folder of each."""
    folder = tmp_path / "odd"
    folder.mkdir()
    os.mkfifo(folder / "pipe.tflite")
    for name in ODD:
        if name.startswith("link to"):
            word = name.removeprefix("link to ")
            to = {"a pipe": "pipe.tflite", "itself": f"{name.replace('/', '_')}.tflite", "nothing": "nowhere"}
            (folder / f"{name.replace('/', '_')}.tflite").symlink_to(to.get(word, word))
    with (folder / "sparse.tflite").open("wb") as file:
        file.truncate(1 << 42)
    shutil.copy(EXAMPLES / "clean.tflite", folder / "locked.tflite")
    (folder / "locked.tflite").chmod(0)
    (folder / "loop").symlink_to(".")
    return folder


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_odd_files_are_findings(jobs: str, odd: Path) -> None:
    """Each is reported, and a folder that leads into itself is searched once."""
    done = tflint(odd, "check", ".", "-f", "concise", "--jobs", jobs, "--error-on-empty")

    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    for name, words in ODD.items():
        file = f"{name.replace('/', '_')}.tflite"
        errors = [line for line in done.stdout.splitlines() if line.startswith(f"{file}: error")]
        assert len(errors) == 1 or (name == "locked" and os.geteuid() == 0), done.stdout
        assert words in "".join(errors)
    assert f"{len(ODD)} models: " in done.stdout


@pytest.mark.parametrize("command", ["inspect", "show", "report", "fix", "advise", "diff"])
def test_other_commands_wait_for_no_pipe(command: str, odd: Path) -> None:
    """A pipe that nobody writes to is refused in a line."""
    done = tflint(odd, command, "pipe.tflite", *(("pipe.tflite",) if command == "diff" else ()))

    assert done.returncode == 2, done.stdout
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_a_linked_model_is_checked_under_its_own_name(tmp_path: Path) -> None:
    """Where a link leads is no part of what is printed."""
    write_model(tmp_path / "elsewhere" / "m.tflite", CLEAN)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "linked.tflite").symlink_to(tmp_path / "elsewhere" / "m.tflite")
    done = tflint(tmp_path / "here", "check", ".", "-f", "concise")

    assert done.returncode == 0
    assert done.stdout.startswith("linked.tflite: ")
    assert "elsewhere" not in done.stdout


def test_a_report_replaces_a_file_and_keeps_a_device(tmp_path: Path) -> None:
    """A link that the user has there is followed, as a shell does; what it leads to is whole at any time."""
    write_model(tmp_path / "m.tflite", CLEAN)
    (tmp_path / "target.json").write_text("old")
    (tmp_path / "link.json").symlink_to("target.json")
    reports = ("--report", "json=link.json", "--report", "sarif=/dev/null")

    assert tflint(tmp_path, "check", "m.tflite", *reports).returncode == 0
    assert (tmp_path / "link.json").is_symlink()
    assert (tmp_path / "target.json").read_text().startswith("{")
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)  # noqa: PTH116 - a device
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == [
        "link.json",
        "m.tflite",
        "target.json",
    ]
