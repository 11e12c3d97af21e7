"""A run that was killed goes on from its results, and its report is that of a run which was not."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from command import TFLINT
from deeds import install
from models import EXAMPLES
from running import CLEAN, SOFTMAXES, environment, one_line, tflint, write_model
from tflint.report import FORMATS

if TYPE_CHECKING:
    from subprocess import CompletedProcess

NOTED = "open({log!r}, 'a').write(file.name + chr(10)); time.sleep({seconds})"
MODELS = 12


class Project:
    """Models, a rule that notes which of them it looks at, and the results of runs over them."""

    def __init__(self, folder: Path, seconds: float = 0.0) -> None:
        self.folder, self.results, self.log = folder, folder / "results.jsonl", folder / "log"
        self.models = folder / "models"
        for number in range(MODELS):
            write_model(self.models / f"bad{number:02}.tflite", SOFTMAXES if number % 2 else CLEAN)
        self.environ = install(folder, NOTED.format(log=str(self.log), seconds=seconds))

    def command(self, *arguments: object) -> list[str]:
        """The command line, but for the program."""
        return ["check", "models", "--extend-select", "ACM", *map(str, arguments)]

    def run(self, *arguments: object) -> CompletedProcess[str]:
        """Run it to its end."""
        self.log.write_text("")
        return tflint(self.folder, *self.command(*arguments), **self.environ)

    def resumed(self, *arguments: object) -> CompletedProcess[str]:
        """Run it to its end, from its results."""
        return self.run("--resume", self.results, *arguments)

    def again(self, *arguments: object) -> set[str]:
        """The models that a run from its results looks at."""
        assert self.resumed(*arguments).returncode in (0, 1)
        return self.checked()

    def killed(self, lines: int, jobs: int) -> None:
        """Kill it, children and all, when so many lines are written."""
        command: list[str | Path] = [TFLINT, *self.command("--resume", self.results, "-j", jobs)]
        environ = {**environment(), **self.environ}
        with subprocess.Popen(
            command, cwd=self.folder, env=environ, stdout=-1, stderr=-1, start_new_session=True
        ) as process:
            deadline = time.monotonic() + 120
            while self.lines() < lines and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.01)
            os.killpg(process.pid, signal.SIGKILL)

    def lines(self) -> int:
        """How many are written."""
        return self.results.read_bytes().count(b"\n") if self.results.exists() else 0

    def checked(self) -> set[str]:
        """The models that the last run looked at."""
        return {Path(line).stem for line in self.log.read_text().split()}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_killed_run_goes_on(jobs: int, tmp_path: Path) -> None:
    """Killed at several points, each later run checks what is left, and all formats come out to the byte as without."""
    whole = Project(tmp_path / "whole")
    wanted = whole.run("-f", "json")
    killed = Project(tmp_path / "killed", seconds=0.1)
    for lines in (1, 4, 9):
        killed.killed(lines, jobs)
        assert lines <= killed.lines() < MODELS
    before = {json.loads(line).get("path", "") for line in killed.results.read_text().splitlines()}
    done = killed.resumed("-f", "json", "-j", jobs, "--report=junit=a.xml", "--report=sarif=a.sarif", "--report=full=a")

    assert wanted.returncode == done.returncode == 1
    assert done.stdout == wanted.stdout
    assert killed.checked() == {f"bad{n:02}" for n in range(MODELS)} - {Path(path).stem for path in before}
    whole.run("--report=junit=a.xml", "--report=sarif=a.sarif", "--report=full=a")
    for name in ("a.xml", "a.sarif", "a"):
        assert (killed.folder / name).read_text() == (whole.folder / name).read_text()


def test_every_example_is_reported_as_it_was(tmp_path: Path) -> None:
    """All formats of all example models, whatever is found in them, are the same from results to the byte."""
    shutil.copytree(EXAMPLES, tmp_path / "models")
    targets = ("--target", "litert", "--target", "tflite-2.9", "--target", "gpu")
    for name in ("first", "second"):
        reports = [f"--report={kind}={name}/{kind}" for kind in FORMATS]
        done = tflint(tmp_path, "check", "models", *targets, "--resume", "results.jsonl", "-f", "concise", *reports)
        assert done.returncode == 1
    count = len(list(EXAMPLES.rglob("*.tflite")))

    assert done.stderr == f"tflint: {count} of {count} models are done in results.jsonl\n"
    for kind in FORMATS:
        assert (tmp_path / "first" / kind).read_text() == (tmp_path / "second" / kind).read_text()
    assert len((tmp_path / "results.jsonl").read_text().splitlines()) == 1 + count


def test_what_has_changed_is_checked_again(tmp_path: Path) -> None:
    """A model, a configuration, a rule of a pack, the release of tflint: what a result depends on is what it is for."""
    project = Project(tmp_path)
    assert len(project.again()) == MODELS
    assert project.again("--fail-on", "error", "-f", "json") == set()

    write_model(project.models / "bad03.tflite", CLEAN)
    assert project.again() == {"bad03"}
    assert len(project.again("--target", "tflite-2.9")) == MODELS
    (project.models / "tflint.toml").write_text('target = ["tflite-2.9"]\nseverity = { TFL203 = "error" }\n')
    assert len(project.again("--target", "tflite-2.9")) == MODELS
    pack = project.folder / "site" / "acme_pack" / "__init__.py"
    pack.write_text(pack.read_text() + "\n# another\n")
    assert len(project.again("--target", "tflite-2.9")) == MODELS
    assert project.again("--target", "tflite-2.9") == set()
    (project.folder / "site" / "sitecustomize.py").write_text("import tflint\ntflint.__version__ = '99'\n")
    assert len(project.again("--target", "tflite-2.9")) == MODELS


def test_a_report_in_json_lines_is_gone_on_from(tmp_path: Path) -> None:
    """What was printed until a kill is as good, torn anywhere; marks of a baseline in it are not taken for more."""
    project = Project(tmp_path)
    assert project.run("--write-baseline").returncode == 0
    printed = project.run("-f", "json-lines").stdout
    (tmp_path / "tflint-baseline.json").unlink()
    wanted = project.run("-f", "json").stdout
    lines = printed.encode().splitlines(keepends=True)
    for whole, torn in ((1, 0), (4, 1), (6, 40), (8, len(lines[8]) - 1), (0, 20), (0, 0)):
        project.results.write_bytes(b"".join(lines[:whole]) + lines[whole][:torn])
        assert project.resumed("-f", "json").stdout == wanted
        assert project.checked() == {f"bad{n:02}" for n in range(max(0, whole - 1), MODELS)}
        rows = [json.loads(line) for line in project.results.read_text().splitlines()]
        assert [row["path"] for row in rows[1:]] == [f"models/bad{n:02}.tflite" for n in range(MODELS)]


def test_a_check_that_did_not_finish_is_tried_again(tmp_path: Path) -> None:
    """TFL001 speaks of a run, and not of a model: it does not stay."""
    project = Project(tmp_path)
    project.environ = install(tmp_path / "other", "if not os.path.exists('well'): os._exit(1)")
    assert "MODELS models: 12 errors".replace("MODELS", str(MODELS)) in project.run("-j", 2, "--resume", "r").stdout
    (tmp_path / "well").touch()
    assert "TFL001" not in project.run("-j", 2, "--resume", "r").stdout


@pytest.mark.parametrize(
    "content",
    [b"text\n", b"{}", b'{"schema_version": 1, "files": {}}\n', b'{\n  "schema_version": 1', b"\0\n" * 9, b"\n", b"["],
)
def test_another_file_is_left_alone(content: bytes, tmp_path: Path) -> None:
    """What is no file of results is an error of one line, and stays as it is."""
    write_model(tmp_path / "m.tflite")
    path = tmp_path / "file"
    path.write_bytes(content)

    one_line(tflint(tmp_path, "check", "m.tflite", "-f", "json-lines", "--resume", path), "file: not a file of results")
    assert path.read_bytes() == content


def test_what_cannot_be_a_file_of_results_is_a_line(tmp_path: Path) -> None:
    """A folder, a device, a model, and the file that the report is printed into."""
    model = write_model(tmp_path / "m.tflite")
    before = model.read_bytes()
    one_line(tflint(tmp_path, "check", "m.tflite", "--resume", tmp_path), "--resume", "not a file")
    one_line(tflint(tmp_path, "check", "m.tflite", "--resume", "/dev/null"), "--resume /dev/null: not a file")
    one_line(tflint(tmp_path, "check", "m.tflite", "--resume", "m.tflite"), "m.tflite", "a model")
    assert model.read_bytes() == before
    with (tmp_path / "out").open("w") as out:
        done = subprocess.run(
            [TFLINT, "check", model, "-f", "json-lines", "--resume", tmp_path / "out"],
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=300,
        )
    assert done.returncode == 2
    assert "the report goes there" in done.stderr
    assert (tmp_path / "out").read_text() == ""
