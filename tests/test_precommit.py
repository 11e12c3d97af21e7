"""The hook, through the real pre-commit, in a repository of its own, from a commit of this tree."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from models import EXAMPLES, ROOT

PRE_COMMIT = Path(sys.executable).with_name("pre-commit")
MANIFEST = ROOT / ".pre-commit-hooks.yaml"
CONFIG = """
repos:
  - repo: {url}
    rev: {rev}
    hooks:
      - id: tflint
        args: [--target, litert-2.3.0]
      - id: tflint-config
"""

pytestmark = [
    pytest.mark.xdist_group("pre-commit"),
    pytest.mark.skipif(shutil.which("git") is None, reason="pre-commit needs git"),
]


@dataclass(frozen=True)
class Repository:
    """A scratch repository with the hook installed."""

    folder: Path
    home: Path

    def run(self, *argv: object) -> subprocess.CompletedProcess[str]:
        """Run a command in it, away from the user's and any outer git's settings."""
        return run(self.folder, self.home, *argv)

    def commit(self, **files: bytes) -> subprocess.CompletedProcess[str]:
        """Add the files (`__` in a name stands for `/`, `.tflite` is appended to models) and commit."""
        for name, content in files.items():
            path = self.folder / name.replace("__", "/")
            path = path.with_suffix(".tflite") if not path.suffix else path
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        assert self.run("git", "add", "-A").returncode == 0
        return self.run("git", "commit", "-m", "change")

    def commits(self) -> int:
        """How many commits there are."""
        return int(self.run("git", "rev-list", "--count", "HEAD").stdout)

    def reset(self) -> None:
        """Back to the last commit, with nothing else in the folder."""
        assert self.run("git", "reset", "--hard", "-q").returncode == 0
        assert self.run("git", "clean", "-fdq").returncode == 0


def run(folder: Path, home: Path, *argv: object) -> subprocess.CompletedProcess[str]:
    """Run a command in a folder with a home of its own."""
    clean = {
        k: v for k, v in os.environ.items() if not k.startswith(("GIT_", "PRE_COMMIT", "TFLITE_LINT_", "VIRTUAL_ENV"))
    }
    person = {f"GIT_{who}_{what}": "t@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    own = {"PRE_COMMIT_HOME": str(home), "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", **person}
    return subprocess.run(
        list(map(str, argv)), cwd=folder, env={**clean, **own}, capture_output=True, text=True, check=False, timeout=600
    )


def copy_of_the_tree(to: Path) -> None:
    """Copy what a commit of the working tree would hold."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout: there is nothing to copy by git's rules")
    for name in map(os.fsdecode, filter(None, listed.stdout.split(b"\0"))):
        if (ROOT / name).is_file():  # not what is deleted in the working tree
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """Make a repository whose commits the hook guards; its environment is built, as the first commit would do."""
    base = tmp_path_factory.mktemp("hook")
    source, folder, home = base / "tflint", base / "work", base / "home"
    for path in (source, folder):
        path.mkdir()
        assert run(path, home, "git", "init", "-q").returncode == 0
    copy_of_the_tree(source)
    for argv in (("add", "-A"), ("commit", "-q", "--no-verify", "-m", "this tree")):
        done = run(source, home, "git", *argv)
        assert done.returncode == 0, done.stderr
    rev = run(source, home, "git", "rev-parse", "HEAD").stdout.strip()
    repository = Repository(folder, home)
    (folder / ".pre-commit-config.yaml").write_text(CONFIG.format(url=source.as_uri(), rev=rev), encoding="utf-8")
    done = repository.run(PRE_COMMIT, "install", "--install-hooks")
    assert done.returncode == 0, done.stdout + done.stderr
    done = repository.commit()
    assert done.returncode == 0, done.stdout + done.stderr
    return repository


@pytest.fixture
def guarded(installed: Repository) -> Repository:
    """Give the repository as it was at first."""
    installed.reset()
    return installed


def example(name: str) -> bytes:
    """Read an example model."""
    return (EXAMPLES / f"{name}.tflite").read_bytes()


def test_bad_model_is_not_committed(guarded: Repository) -> None:
    """`git commit` of a model that the target refuses is stopped, and the finding and the file are named."""
    before = guarded.commits()
    done = guarded.commit(models__bad=example("wrong_types"))
    said = done.stdout + done.stderr

    assert done.returncode == 1
    assert guarded.commits() == before
    assert "models/bad.tflite" in said
    assert "TFL212" in said
    assert "litert-2.3.0: unsupported" in said


def test_good_model_is_committed(guarded: Repository) -> None:
    """`git commit` of the clean model passes, by the hook and not past it."""
    before = guarded.commits()
    done = guarded.commit(models__good=example("clean"))

    assert done.returncode == 0, done.stdout + done.stderr
    assert guarded.commits() == before + 1
    assert re.search(r"^tflint\.+Passed$", done.stdout + done.stderr, re.MULTILINE)


def test_lfs_pointer_is_not_committed(guarded: Repository) -> None:
    """A Git LFS pointer, which pre-commit takes for a text file, is caught too."""
    done = guarded.commit(models__pointer=example("lfs_pointer"))

    assert done.returncode == 1
    assert "Git LFS pointer" in done.stdout + done.stderr


def test_excluded_model_is_left_alone(guarded: Repository) -> None:
    """What tflint.toml excludes is not checked, though pre-commit names it on the command line."""
    done = guarded.commit(legacy__bad=example("wrong_types"))
    assert done.returncode == 1, done.stdout + done.stderr
    guarded.reset()
    done = guarded.commit(legacy__bad=example("wrong_types"), **{"tflint.toml": b'exclude = ["legacy/*"]\n'})
    said = done.stdout + done.stderr

    assert done.returncode == 0, said
    assert re.search(r"^tflint\.+Passed$", said, re.MULTILINE)


def test_other_files_do_not_run_the_hook(guarded: Repository) -> None:
    """A commit without a model skips both hooks."""
    done = guarded.commit(**{"notes.txt": b"nothing\n"})

    assert done.returncode == 0
    assert len(re.findall(r"^tflint.*Skipped$", done.stdout + done.stderr, re.MULTILINE)) == 2


def test_changed_configuration_checks_all_models_again(guarded: Repository) -> None:
    """A target that an old model does not run on stops the commit that sets it."""
    assert guarded.commit(models__recent=example("op_too_new")).returncode == 0
    done = guarded.commit(**{"tflint.toml": b'target = ["tflite-2.12"]\n'})

    assert done.returncode == 1
    assert "TFL201" in done.stdout + done.stderr


def test_manifest_is_valid(tmp_path: Path) -> None:
    """pre-commit accepts the manifest."""
    done = run(ROOT, tmp_path, PRE_COMMIT, "validate-manifest", MANIFEST)

    assert done.returncode == 0, done.stdout + done.stderr


def test_manifest_selects_models() -> None:
    """The hook's pattern matches the example models and nothing that only looks like one; no `types` narrows it."""
    text = MANIFEST.read_text(encoding="utf-8")
    hook = next(block for block in text.split("- id: ") if block.startswith("tflint\n"))
    pattern = re.search(r"^ +files: (.+)$", hook, re.MULTILINE)
    assert pattern is not None

    for path in EXAMPLES.glob("*.tflite"):
        assert re.search(pattern[1], path.relative_to(ROOT).as_posix())
    for name in ("model.tflite.md", "tflite", "models/tflite/x.py", "a.tflite2"):
        assert not re.search(pattern[1], name)
    assert "types" not in hook
    assert "--force-exclude" in hook
    assert "require_serial: true" in hook
