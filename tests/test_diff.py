"""`tflint diff`: what a reviewer of a new model reads, on the command line and under git."""

from __future__ import annotations

import json
import os
import subprocess
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from models import EXAMPLES, shared_models
from test_cli import TFLINT, one_line, tflint
from tflint import sketch

if TYPE_CHECKING:
    from pathlib import Path

OLD = """
x: float32[1,4]
w: float32[4,4] = const [1,2,3,4,1,2,3,4,1,2,3,4,1,2,3,4]
h: float32[1,4] = FULLY_CONNECTED(x, w, -)
y: float32[1,4] = RELU(h)
signature serve(x=x) -> (y=y)
metadata min_runtime_version = "1.5.0" 16 bytes
"""
CUSTOM = OLD.replace("RELU(h)", "CUSTOM:Mish(h)")
VERSION = OLD.replace("w: float32[4,4]", "w: int8[4,4] q=[0.1,0.2,0.1,0.2]+[0,0,0,0]@0").replace(
    "_CONNECTED(", "_CONNECTED.v12("
)


def pair(folder: Path, old: str, new: str) -> tuple[Path, Path]:
    """Two models."""
    paths = folder / "old.tflite", folder / "new.tflite"
    for path, text in zip(paths, (old, new), strict=True):
        path.write_bytes(sketch.build(text))
    return paths


def report(folder: Path, old: str, new: str, *arguments: str) -> dict[str, Any]:
    """The JSON report of two sketches."""
    done = tflint("diff", *pair(folder, old, new), "-f", "json", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_identical_models_are_one_line(tmp_path: Path) -> None:
    """Nothing to review."""
    done = tflint("diff", *pair(tmp_path, OLD, OLD))

    assert done.returncode == 0
    assert done.stdout.split("\n")[1:] == ["identical models", "", ""]


def test_an_interface_that_breaks_comes_first(tmp_path: Path) -> None:
    """And fails the run for who asks for that."""
    old, new = pair(tmp_path, OLD, OLD.replace("y=y", "z=y").replace("RELU", "RELU6"))
    done = tflint("diff", old, new, "--fail-on-break")
    lines = done.stdout.splitlines()

    assert done.returncode == 1
    assert lines[1] == "breaks callers: 1 interface change"
    assert lines[3] == "Interface"
    assert lines[5].split() == ["breaks", "name", "of", "output", "'y'", "'y'", "'z'"]
    assert [line.split()[0] for line in lines if "(v1)" in line] == ["RELU", "RELU6"]
    assert tflint("diff", old, new).returncode == 0


def test_what_breaks_nobody_passes(tmp_path: Path) -> None:
    """A new output is said, and no more."""
    more = OLD.replace("signature", "z: float32[1,4] = NEG(h)\nsignature").replace("y=y)", "y=y, z=z)")
    done = tflint("diff", *pair(tmp_path, OLD, more), "--fail-on-break")

    assert done.returncode == 0
    assert "no caller breaks, no runtime is lost" in done.stdout
    assert "output 'z'" in done.stdout


def test_lost_runtimes_are_named_with_the_rule_that_explains_them(tmp_path: Path) -> None:
    """An op version that older releases lack loses them; neighbours are put together."""
    done = tflint("diff", *pair(tmp_path, OLD, VERSION), "--fail-on-break")

    assert done.returncode == 1
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("lost") and "tflite-2.3" in line]
    assert line.split()[:4] == ["lost", "tflite-2.3.0", "to", "2.16.1"] or "TFL201" in line
    assert "FULLY_CONNECTED" in done.stdout


def test_targets_limit_what_can_be_lost(tmp_path: Path) -> None:
    """Who ships one runtime asks for that one: on the command line or in the configuration."""
    old, new = pair(tmp_path, OLD, VERSION)
    named = tflint("diff", old, new, "--target", "litert", "--fail-on-break")
    (tmp_path / "tflint.toml").write_text('target = "litert-2.3.0"\n')
    configured = tflint("diff", "old.tflite", "new.tflite", "--fail-on-break", cwd=tmp_path)

    assert (named.returncode, configured.returncode) == (0, 0)
    assert "lost" not in named.stdout.splitlines()[1].replace("no runtime is lost", "")
    assert tflint("diff", old, new, "--target", "tflite-2.12", "--fail-on-break").returncode == 1


def test_json_holds_everything(tmp_path: Path) -> None:
    """The keys that a program reads, and what stands in them."""
    found = report(tmp_path, OLD, CUSTOM, "--target", "litert-2.3.0")

    assert found["schema_version"] == 1
    assert (found["status"], found["breaking"]) == ("changed", True)
    assert found["interface"] == []
    assert [(row["op"], row["custom"], row["old"], row["new"]) for row in found["operators"]] == [
        ("Mish", True, {}, {"1": 1}),
        ("RELU", False, {"1": 1}, {}),
    ]
    assert [(row["target"], row["old"], row["new"], row["lost"]) for row in found["runtimes"]] == [
        ("litert-2.3.0", "supported", "unsupported", True)
    ]
    assert found["runtimes"][0]["reasons"] == ["TFL304"]
    assert [row["code"] for row in found["findings"]["gained"]] == ["TFL304"]
    assert found["graph"]["old"] == ["RELU(float32[1,4]) -> float32[1,4]"]
    assert found["graph"]["new"] == ["CUSTOM:Mish(float32[1,4]) -> float32[1,4]"]


def test_weights_metadata_and_quantization_are_told(tmp_path: Path) -> None:
    """A retrained model has the same graph and other bytes."""
    found = report(tmp_path, OLD, OLD.replace("[1,2,3,4,1", "[1,2,3,5,1").replace("1.5.0", "1.6.0"))
    other = report(tmp_path, OLD, VERSION)

    assert found["constants"] == {"removed": 1, "added": 1, "same": 0}
    assert found["metadata"] == [{"name": "min_runtime_version", "old": "1.5.0", "new": "1.6.0"}]
    assert found["status"] == "changed"
    assert other["quantization"] == {"old": {"float32": 16}, "new": {"dynamic-range int8": 16}}


def test_markdown_is_for_a_comment(tmp_path: Path) -> None:
    """Tables, and no name of a model that could be markup."""
    evil = OLD.replace("y=y", '"<img src=x>|`@all`"=y')
    done = tflint("diff", *pair(tmp_path, OLD, evil), "-f", "markdown")

    assert done.returncode == 0
    assert done.stdout.startswith("### ")
    assert "| breaks | name of output 'y' | 'y' |" in done.stdout
    assert "<img" not in done.stdout
    assert "`@" not in done.stdout.replace("\\`\\@", "")


@pytest.mark.parametrize("output_format", ["text", "json", "markdown"])
def test_a_report_goes_to_a_file(tmp_path: Path, output_format: str) -> None:
    """-o, whole or not at all."""
    old, new = pair(tmp_path, OLD, CUSTOM)
    shown = tflint("diff", old, new, "-f", output_format)
    done = tflint("diff", old, new, "-f", output_format, "-o", tmp_path / "out" / "diff")

    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "out" / "diff").read_text() == shown.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("old.tflite",), 2, "write tflint diff OLD NEW"),
        (("old.tflite", "new.tflite", "old.tflite"), 2, "write tflint diff OLD NEW"),
        (("old.tflite", "gone.tflite"), 2, "no such file"),
        (("old.tflite", "new.tflite", "-f", "html"), 2, "--output-format"),
        (("old.tflite", "new.tflite", "--target", "litret"), 2, "litret"),
        (("old.tflite", EXAMPLES / "lfs_pointer.tflite"), 1, "a Git LFS pointer"),
        ((EXAMPLES / "truncated.tflite", "old.tflite"), 1, "truncated.tflite"),
    ],
)
def test_what_cannot_be_compared_is_one_line(tmp_path: Path, arguments: tuple[Any, ...], code: int, words: str) -> None:
    """And the exit code says whose fault it is."""
    pair(tmp_path, OLD, OLD)

    one_line(tflint("diff", *arguments, cwd=tmp_path), code, words)


class Repository:
    """A git repository whose models are compared by tflint."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "-q")
        (folder / ".gitattributes").write_text("*.tflite diff=tflint\n")
        self.git("config", "diff.tflint.command", f"'{TFLINT}' diff")
        self.commit(**{"a.tflite": OLD})

    def git(self, *arguments: str, code: int = 0) -> str:
        """Run git; give what it prints."""
        who = {f"GIT_{role}_{key}": "t@example.org" for role in ("AUTHOR", "COMMITTER") for key in ("NAME", "EMAIL")}
        scope = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull, "GIT_PAGER": "cat"}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.folder,
            env={**os.environ, **who, **scope},
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert (done.returncode, done.stderr) == (code, ""), done.stdout + done.stderr
        return done.stdout

    def write(self, **files: str) -> None:
        """Write models by their sketches."""
        for name, text in files.items():
            (self.folder / name).write_bytes(sketch.build(text))

    def commit(self, **files: str) -> None:
        """Commit all, with these models written first."""
        self.write(**files)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    """One commit, one model."""
    return Repository(tmp_path)


def test_git_diff_shows_the_difference(repository: Repository) -> None:
    """The working tree against the index, as text."""
    repository.write(**{"a.tflite": OLD.replace("y=y", "z=y")})

    assert repository.git("diff").startswith("a.tflite\nbreaks callers: 1 interface change\n")


def test_git_log_shows_added_removed_and_renamed_models(repository: Repository) -> None:
    """Git passes /dev/null for a side that is not there, and two more arguments for a rename."""
    repository.commit(**{"b.tflite": CUSTOM})
    repository.git("mv", "a.tflite", "c.tflite")
    repository.commit(**{"c.tflite": OLD.replace("1.5.0", "1.6.0")})
    repository.git("rm", "-q", "b.tflite")
    repository.git("commit", "-q", "-m", "remove")
    lines = repository.git("log", "-p", "--ext-diff", "--reverse", "-M20", "--format=").splitlines()

    assert "a.tflite -> c.tflite" in lines
    assert [line.partition(":")[0] for line in lines if line.startswith(("added:", "removed:"))] == [
        "added",
        "added",
        "removed",
    ]


def test_git_goes_on_after_what_is_no_model(repository: Repository) -> None:
    """A pointer that was not pulled is one line about it, and the next file is shown."""
    repository.commit(**{"z.tflite": OLD})
    (repository.folder / "a.tflite").write_bytes((EXAMPLES / "lfs_pointer.tflite").read_bytes())
    repository.write(**{"z.tflite": CUSTOM})
    lines = repository.git("diff").splitlines()

    assert lines[0] == "a.tflite"
    assert lines[1].startswith("not compared: the new file is no model: a Git LFS pointer")
    assert "z.tflite" in lines


def test_git_shows_an_unmerged_model_by_name(repository: Repository) -> None:
    """Of a conflict git passes the path alone."""
    repository.git("checkout", "-q", "-b", "other")
    repository.commit(**{"a.tflite": OLD.replace("RELU(", "RELU6(")})
    repository.git("checkout", "-q", "-")
    repository.commit(**{"a.tflite": CUSTOM})
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@example.org", "merge", "-q", "other"],
        cwd=repository.folder,
        capture_output=True,
        check=False,
    )

    assert repository.git("diff", "--cached") == "a.tflite\nunmerged: nothing to compare\n\n"


def test_textconv_shows_the_lines_that_changed(repository: Repository) -> None:
    """The other way to set it up: git's own diff of two sketches, in `git log -p` without a flag."""
    repository.git("config", "--unset", "diff.tflint.command")
    repository.git("config", "diff.tflint.textconv", f"'{TFLINT}' show")
    repository.commit(**{"a.tflite": CUSTOM})
    lines = repository.git("log", "-p", "-1").splitlines()

    assert "-y: float32[1,4] = RELU(h)" in lines
    assert "+y: float32[1,4] = CUSTOM:Mish(h)" in lines


def test_real_models_are_compared() -> None:
    """Any model with any other: no crash, whatever they are; the newest exporters beside the oldest."""
    models = [path for path in shared_models() if path.stat().st_size < 100_000][::6]
    for old, new in pairwise(models):
        done = tflint("diff", old, new, "-f", "markdown", "--target", "litert")
        assert done.returncode == 0 or (done.returncode, done.stdout) == (1, ""), (old, new, done.stderr)
        assert "internal error" not in done.stderr
