"""Only what changed in git: models, and what is said of them."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from running import CLEAN, environment, one_line, tflint, write_model

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="asks git")
PERSON = {f"GIT_{who}_{what}": "t@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
BOARD = 'extends = "litert-2.3.0"\n'


def git(folder: Path, *arguments: object) -> str:
    """Run git there."""
    done = subprocess.run(
        ["git", "-c", "protocol.file.allow=always", *map(str, arguments)],
        cwd=folder,
        env=environment(**PERSON),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def repository(folder: Path, *names: str) -> Path:
    """A repository with a commit of clean models, and a branch that has left main."""
    folder.mkdir(exist_ok=True)
    git(folder, "init", "-q", "-b", "main")
    for name in names:
        write_model(folder / f"{name}.tflite", f'description "{name}"\n{CLEAN}')
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    git(folder, "switch", "-q", "-c", "branch")
    return folder


def checked(folder: Path, *arguments: object) -> list[str]:
    """Files that were checked since main."""
    done = tflint(folder, "check", "-f", "json", "--changed-since", "main", *arguments)
    assert done.returncode in (0, 1), done.stderr
    return [file["path"] for file in json.loads(done.stdout)["files"]]


def change(folder: Path, name: str) -> None:
    """Change a model, or make it."""
    write_model(folder / f"{name}.tflite", f'description "changed"\n{CLEAN}')


def test_every_way_to_change_counts(tmp_path: Path) -> None:
    """Committed, staged, unstaged, untracked and renamed models are checked, in order, and no others."""
    folder = repository(tmp_path / "repo", "committed", "staged", "unstaged", "same", "gone", "old", "sub/größe")
    assert checked(folder) == []
    change(folder, "committed")
    git(folder, "commit", "-q", "-am", "one")
    change(folder, "staged")
    git(folder, "add", "staged.tflite")
    change(folder, "unstaged")
    change(folder, "untracked")
    change(folder, "sub/größe")
    (folder / "gone.tflite").unlink()
    git(folder, "mv", "old.tflite", "renamed.tflite")

    wanted = ["committed.tflite", "renamed.tflite", "staged.tflite", "sub/größe.tflite", "unstaged.tflite"]
    assert checked(folder) == [*wanted, "untracked.tflite"]
    assert checked(folder, "same.tflite", "staged.tflite") == ["staged.tflite"]
    assert checked(folder / "sub", ".") == ["größe.tflite"]
    assert checked(tmp_path, folder / "sub") == [str(folder / "sub" / "größe.tflite")]


def test_what_the_revision_has_gained_since_is_no_change(tmp_path: Path) -> None:
    """It is the branch that is checked: what main did after the branch left it does not count."""
    folder = repository(tmp_path / "repo", "a", "b")
    git(folder, "switch", "-q", "main")
    change(folder, "a")
    git(folder, "commit", "-q", "-am", "on main")
    git(folder, "switch", "-q", "branch")
    change(folder, "b")

    assert checked(folder) == ["b.tflite"]


def test_what_is_said_of_a_model_counts_as_the_model(tmp_path: Path) -> None:
    """A sidecar: its model; a configuration, lock or baseline: all below it; a profile or a base: all that use it."""
    folder = repository(tmp_path / "repo", "a", "b", "sub/c", "sub/deep/d")
    (folder / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    (folder / "sub" / "tflint.toml").write_text('extend = "../base.toml"\ntarget = ["../board.toml"]\n')
    (folder / "base.toml").write_text("fail-on = 'info'\n")
    (folder / "board.toml").write_text(BOARD)
    (folder / "a.tflite.toml").write_text("")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "settings")
    git(folder, "branch", "-f", "main", "HEAD")
    everything = ["a.tflite", "b.tflite", "sub/c.tflite", "sub/deep/d.tflite"]

    for name, text, wanted in (
        ("a.tflite.toml", "# changed\n", ["a.tflite"]),
        ("sub/c.tflite.toml", "", ["sub/c.tflite"]),
        ("sub/tflint.toml", 'target = ["../board.toml"]\n', everything[2:]),
        ("sub/deep/tflint.toml", "", everything[3:]),
        ("base.toml", "fail-on = 'error'\n", everything[2:]),
        ("board.toml", f"{BOARD}batch = 'fixed'\n", everything[2:]),
        ("pyproject.toml", "[tool.tflint]\n", everything),
        ("tflint.lock", '{"schema_version": 1, "models": {}}', everything),
        ("notes.txt", "x", []),
    ):
        (folder / name).write_text(text)
        assert checked(folder) == wanted, name
        git(folder, "reset", "-q", "--hard")
        git(folder, "clean", "-fdq")
    (folder / "sub" / "tflint.toml").unlink()
    assert checked(folder) == everything[2:]


def test_submodules_and_nested_repositories_are_seen_as_the_outer_one_sees_them(tmp_path: Path) -> None:
    """A submodule that moved or is dirty, and an untracked repository inside, have changed as a whole."""
    inner = repository(tmp_path / "inner", "m")
    folder = repository(tmp_path / "repo", "a")
    git(folder, "submodule", "--quiet", "add", str(inner), "vendor")
    git(folder, "commit", "-q", "-m", "submodule")
    git(folder, "branch", "-f", "main", "HEAD")
    assert checked(folder, "a.tflite", "vendor/m.tflite") == []
    change(folder / "vendor", "m")
    assert checked(folder, "a.tflite", "vendor/m.tflite") == ["vendor/m.tflite"]
    git(folder / "vendor", "checkout", "-q", "m.tflite")
    repository(folder / "nested", "n")
    assert checked(folder, "a.tflite", "nested/n.tflite") == ["nested/n.tflite"]


def test_nothing_changed_is_a_clean_run(tmp_path: Path) -> None:
    """No model changed: exit code 0, no warning, also under --error-on-empty; no model at all is another matter."""
    folder = repository(tmp_path / "repo", "a")
    done = tflint(folder, "check", "--changed-since", "main", "--error-on-empty", "-f", "concise")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("0 models: 0 errors")
    (folder / "a.tflite").unlink()
    assert tflint(folder, "check", "--changed-since", "main", "--error-on-empty").returncode == 2


def test_what_git_does_not_know_is_a_line(tmp_path: Path) -> None:
    """An unknown revision, one without a common commit, an option in its place, a folder outside: exit code 2."""
    folder = repository(tmp_path / "repo", "a")
    one_line(
        tflint(folder, "check", "--changed-since", "mian"), "--changed-since mian: no such revision", "fetch-depth"
    )
    one_line(tflint(folder, "check", "--changed-since=--output=x"), "--changed-since --output=x: not a revision")
    one_line(tflint(folder, "check", "--changed-since", ""), "not a revision")
    git(folder, "switch", "-q", "--orphan", "other")
    git(folder, "commit", "-q", "--allow-empty", "-m", "other")
    write_model(folder / "a.tflite")
    one_line(tflint(folder, "check", "--changed-since", "main"), "no commit in common")
    write_model(tmp_path / "outside" / "m.tflite")
    one_line(tflint(tmp_path / "outside", "check", "--changed-since", "main"), "not in a git checkout")
    no_git = tflint(folder, "check", "--changed-since", "main", "a.tflite", PATH="/nowhere")
    one_line(no_git, "git cannot be run")
    assert not (folder / "x").exists()


def test_a_partial_run_does_not_judge_the_rest(tmp_path: Path) -> None:
    """Entries of a baseline for models that were left out, or deleted, are not stale under --changed-since."""
    folder = repository(tmp_path / "repo", "a", "b")
    tflint(folder, "check", "--write-baseline")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "baseline")
    git(folder, "branch", "-f", "main", "HEAD")
    (folder / "b.tflite").unlink()
    change(folder, "c")
    done = tflint(folder, "check", "--changed-since", "main", "-f", "concise")

    assert "TFL004" not in done.stdout
    assert "c.tflite: info TFL203" in done.stdout


def test_what_git_ignores_is_left_out_of_a_search(tmp_path: Path) -> None:
    """.gitignore holds for untracked models, at any depth; a tracked one is checked, and so is one that is named."""
    folder = repository(tmp_path / "repo", "build/tracked", "a")
    (folder / ".gitignore").write_text("build/\n")
    (folder / "sub").mkdir()
    (folder / "sub" / ".gitignore").write_text("*.tflite\n!kept.tflite\n")
    for name in ("build/ignored", "sub/ignored", "sub/kept", "untracked"):
        change(folder, name)

    done = tflint(folder, "check", "-f", "json")
    wanted = ["a.tflite", "build/tracked.tflite", "sub/kept.tflite", "untracked.tflite"]
    assert [file["path"] for file in json.loads(done.stdout)["files"]] == wanted
    done = tflint(folder, "check", "-f", "json", "build/ignored.tflite")
    assert [file["path"] for file in json.loads(done.stdout)["files"]] == ["build/ignored.tflite"]


def test_a_search_goes_into_submodules_and_nested_repositories(tmp_path: Path) -> None:
    """Their models are part of what a person sees in the folder, by the ignore rules of each."""
    inner = repository(tmp_path / "inner", "m")
    folder = repository(tmp_path / "repo", "a")
    git(folder, "submodule", "--quiet", "add", str(inner), "vendor")
    repository(folder / "nested", "n")
    (folder / "nested" / ".gitignore").write_text("x.tflite\n")
    change(folder / "nested", "x")

    done = tflint(folder, "check", "-f", "json")
    assert [file["path"] for file in json.loads(done.stdout)["files"]] == [
        "a.tflite",
        "nested/n.tflite",
        "vendor/m.tflite",
    ]
