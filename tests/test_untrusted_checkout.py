"""A checkout that others wrote: nothing in it runs, whichever way tflint is started in it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from command import TFLINT, tflint
from models import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("tflint", "typer", "rich", "tomllib", "json", "multiprocessing", "sitecustomize", "usercustomize", "evil")
PACK = "[tflint.rules]\nevil = evil\n[tflint.targets]\nevil = evil\n[console_scripts]\ntflint = evil:main\n"
START = """
import multiprocessing, sys
from tflint.__main__ import run
if __name__ == "__main__":
    multiprocessing.set_start_method(sys.argv[1])
    sys.exit(run(sys.argv[2:]))
"""


def planted(folder: Path, owned: Path) -> None:
    """Put modules into a checkout that are named as what tflint imports, and a pack that is not installed."""
    for name in NAMES:
        (folder / f"{name}.py").write_text(f"open({str(owned)!r}, 'w').close()\n")
    (folder / "evil-1.dist-info").mkdir()
    (folder / "evil-1.dist-info" / "entry_points.txt").write_text(PACK)


@pytest.mark.parametrize("way", ["command", "module", "spawn", "forkserver"])
def test_modules_of_a_checkout_are_not_imported(way: str, tmp_path: Path) -> None:
    """Neither by the command, nor under -I, nor by the processes that it starts where Python does not fork."""
    checkout, owned, start = tmp_path / "checkout", tmp_path / "owned", tmp_path / "other" / "start.py"
    for folder in (checkout, start.parent):
        folder.mkdir()
    start.write_text(START)
    for name in ("a.tflite", "b.tflite"):
        shutil.copy(EXAMPLES / "clean.tflite", checkout / name)
    planted(checkout, owned)
    ways: dict[str, list[str | Path]] = {
        "command": [TFLINT],
        "module": [sys.executable, "-I", "-m", "tflint"],
        "spawn": [sys.executable, start, "spawn"],
        "forkserver": [sys.executable, start, "forkserver"],
    }

    done = subprocess.run(
        [*ways[way], "check", "--jobs", "2", "-f", "concise"], cwd=checkout, capture_output=True, text=True, check=False
    )

    assert not owned.exists()
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 models: 0 errors" in done.stdout


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder; give what it prints."""
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout


def buried(folder: Path, owned: Path) -> None:
    """Make a folder a bare repository, in files that any commit may hold, whose configuration runs a program."""
    git(folder, "init", "-q", "--bare", "bare")
    for part in (folder / "bare").iterdir():
        if part.name != "hooks":
            part.rename(folder / part.name)
    (folder / "config").write_text(
        f'[core]\nrepositoryformatversion = 0\nbare = false\nworktree = .\nfsmonitor = "touch {owned}; false"\n'
    )


@pytest.mark.parametrize("arguments", [("models",), ("models", "--changed-since", "HEAD")])
def test_a_repository_buried_in_a_checkout_runs_nothing(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """A folder that git takes for a bare repository has its models checked, and its configuration is not read."""
    checkout, owned = tmp_path / "checkout", tmp_path / "owned"
    (checkout / "models").mkdir(parents=True)
    git(checkout, "init", "-q")
    git(checkout, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-q", "--allow-empty", "-m", "first")
    shutil.copy(EXAMPLES / "clean.tflite", checkout / "models")
    buried(checkout / "models", owned)
    git(checkout / "models", "ls-files", "--others")
    assert owned.exists()  # what git by itself does
    owned.unlink()

    done = tflint("check", *arguments, "-f", "concise", cwd=checkout)

    assert not owned.exists()
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].startswith("1 model: 0 errors")
