"""The GitHub Action: its steps, run by bash as a runner does, and what a workflow gets of them."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from models import EXAMPLES
from reporting import commands
from runner import ACTION, Runner, put, said
from test_report_json import valid
from tflint import sketch

CHECK = "Check models"
COMMENT = "Comment on the pull request"
INSTALL = "Install tflint"
CLEAN = EXAMPLES / "clean.tflite"
TARGETS = "litert-2.3.0 tflite-2.12"
INPUTS = ["version", "paths", "args", "targets", "config", "fail-on", "baseline", "changed-only", "summary", "sarif"]
INPUTS += ["pr-comment", "python-version"]
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="a runner's steps are bash")


@pytest.fixture
def job(tmp_path: Path) -> Runner:
    """A job whose workspace is empty."""
    return Runner(tmp_path / "job")


def test_it_has_the_documented_inputs_and_outputs() -> None:
    """Nothing is required; each input and output says what it is."""
    assert list(ACTION["inputs"]) == INPUTS
    assert list(ACTION["outputs"]) == ["exit-code", "errors", "warnings", "report-json", "sarif-file"]
    assert all(spec["description"] and isinstance(spec["default"], str) for spec in ACTION["inputs"].values())


def test_no_shell_reads_an_expression() -> None:
    """No `run:` holds `${{`: whatever an input or an event says reaches a shell as a variable only."""
    steps = ACTION["runs"]["steps"]

    assert [step["name"] for step in steps if "run" in step] == [INSTALL, CHECK, COMMENT]
    assert not [step["name"] for step in steps if "${{" in step.get("run", "")]


def test_good_models_pass(job: Runner) -> None:
    """Exit code 0, no annotation, a summary, a report by its schema and the outputs."""
    put(job, "clean")

    assert job.run(CHECK, targets=TARGETS) == 0, job.log
    assert job.outputs() == {
        "exit-code": "0",
        "errors": "0",
        "warnings": "0",
        "report-json": str(job.temp / "tflint-reports" / "tflint.json"),
        "sarif-file": "",
    }
    assert said(job) == []
    assert job.summary.startswith("# ✅ tflint: 1 model: 0 errors, 0 warnings, 0 info\n")
    report = valid(json.loads(Path(job.outputs()["report-json"]).read_text(encoding="utf-8")))
    assert report["targets"] == ["litert-2.3.0", "tflite-2.12"]


def test_bad_models_fail(job: Runner) -> None:
    """Exit code 1, an annotation a finding, and a summary of both."""
    put(job, "op_too_new", "no_signature")

    assert job.run(CHECK, targets="tflite-2.12") == 1
    out = job.outputs()
    assert (out["exit-code"], out["errors"], out["warnings"]) == ("1", "1", "1")
    assert [word for word, _ in said(job)] == ["error", "warning", "notice", "notice"]
    assert {path.get("file") for _, path, _ in commands(job.log)} == {
        "models/op_too_new.tflite",
        "models/no_signature.tflite",
    }
    assert job.summary.startswith("# ❌ tflint: 2 models: 1 error, 1 warning, 2 info\n")
    assert job.run(CHECK, targets="tflite-2.12", fail_on="none") == 0
    assert job.run(CHECK, targets="litert", args="--ignore 'TFL101'") == 0


def test_lfs_pointers_are_told_first(job: Runner) -> None:
    """A checkout without LFS is one error that says what to do, however many models lack."""
    put(job, "clean", "lfs_pointer")
    shutil.copy(EXAMPLES / "lfs_pointer.tflite", job.workspace / "another.tflite")

    assert job.run(CHECK) == 1
    (first, message), *rest = said(job)
    assert (first, message) == ("error", "Git LFS pointers in place of 2 of 3 models: checkout with `lfs: true`")
    assert rest == []
    assert job.outputs()["errors"] == "2"


def test_no_model_at_all_is_an_error(job: Runner) -> None:
    """A path that leads to nothing must not pass: exit code 2, one error, and the summary says it."""
    assert job.run(CHECK) == 2
    assert said(job) == [("error", "no .tflite file found")]
    assert job.outputs()["exit-code"] == "2"
    assert "no .tflite file found" in job.summary


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"fail_on": "warn"}, "did you mean 'warning'"),
        ({"targets": "litret-2.3.0"}, "did you mean 'litert-2.3.0'"),
        ({"paths": "nope.tflite"}, "no such file or folder: nope.tflite"),
        ({"args": "'unclosed"}, "No closing quotation"),
        ({"args": "--no-such-option"}, "No such option"),
        ({"config": "nope.toml"}, "nope.toml"),
    ],
)
def test_what_the_workflow_has_wrong_is_one_error(inputs: dict[str, str], words: str, job: Runner) -> None:
    """Exit code 2 with the sentence as annotation and in the summary; no report of an earlier step is taken for it."""
    put(job, "clean")
    assert job.run(CHECK) == 0

    assert job.run(CHECK, **inputs) == 2
    ((word, message),) = said(job)
    assert word == "error"
    assert words in message
    assert words.replace("`", "'") in job.summary
    assert job.outputs()["exit-code"] == "2"
    assert job.outputs()["report-json"] == ""


def test_annotations_are_capped_and_counted(job: Runner) -> None:
    """Ten of a kind and a notice that counts the rest; the summary has them all."""
    put(job, "custom_op")
    for index in range(15):
        shutil.copy(EXAMPLES / "custom_op.tflite", job.workspace / f"{index}.tflite")

    assert job.run(CHECK, targets="litert-2.3.0") == 1
    assert [word for word, _ in said(job)] == ["error"] * 10 + ["notice"]
    assert said(job)[-1][1] == "6 more findings are in the report"
    assert job.summary.count("### ") == 16


def test_summary_and_sarif_are_as_asked(job: Runner) -> None:
    """No summary where none is wanted; a SARIF file where one is."""
    put(job, "op_too_new")

    assert job.run(CHECK, targets="tflite-2.12", summary="false", sarif="out/tflint.sarif") == 1
    assert job.summary == ""
    assert job.outputs()["sarif-file"] == "out/tflint.sarif"
    run = json.loads((job.workspace / "out" / "tflint.sarif").read_text(encoding="utf-8"))["runs"][0]
    where = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert where == "models/op_too_new.tflite"


def test_lines_are_paths_and_targets(job: Runner) -> None:
    """Paths are lines, so that blanks may be in them; targets are words."""
    put(job, "clean", to="my models")
    put(job, "no_signature", to="b")

    assert job.run(CHECK, paths="my models\n", targets="litert-2.3.0, tflite-2.12\ntflite-2.9\n") == 0
    report = json.loads(Path(job.outputs()["report-json"]).read_text(encoding="utf-8"))
    assert report["targets"] == ["litert-2.3.0", "tflite-2.12", "tflite-2.9"]
    assert [file["path"] for file in report["files"]] == ["my models/clean.tflite"]


HOSTILE = "a\"; touch owned; $(touch owned) `touch owned` '\n::error::owned\nerrors=99\nEOF\n--exit-zero"


@pytest.mark.parametrize("name", [key for key in INPUTS if key not in ("python-version", "version", "pr-comment")])
def test_inputs_are_never_code(name: str, job: Runner) -> None:
    """Whatever an input holds: no command of it runs, no output or runner command of its own comes out."""
    put(job, "clean")
    code = job.run(CHECK, **{name.replace("-", "_"): HOSTILE})

    assert not list(job.folder.rglob("owned"))
    assert job.outputs()["exit-code"] == str(code)
    assert job.outputs()["errors"] in ("0", "")
    assert set(job.steps["check"]) <= {*ACTION["outputs"], "summary-file"}
    assert not [words for words in said(job) if words == ("error", "owned")]
    if name == "sarif":
        assert job.outputs()["sarif-file"] == HOSTILE


def test_file_names_are_never_code(job: Runner) -> None:
    """A pull request's file names run nothing, set no output and give no command to the runner."""
    name = "$(touch owned) `touch owned` ; touch owned\n::error::owned\nerrors=99\n::set-output name=errors::99.tflite"
    (job.workspace / name).write_bytes(sketch.build("a: float32[1]\nb: int32[1]\nc: float32[1] = ADD(a, b)\n"))
    (job.workspace / "-o owned.tflite").write_bytes(CLEAN.read_bytes())

    assert job.run(CHECK) == 1
    assert not list(job.folder.rglob("owned"))
    assert int(job.outputs()["errors"]) == len([1 for word, _ in said(job) if word == "error"])
    assert {word for word, _ in said(job)} <= {"error", "warning", "notice"}
    assert ("error", "owned") not in said(job)
    assert set(job.steps["check"]) == {*ACTION["outputs"], "summary-file"}


def git(job: Runner, *arguments: str) -> str:
    """Run git in the workspace; give what it prints."""
    person = [text for what in ("name", "email") for text in ("-c", f"user.{what}=t@example.com")]
    argv = ["git", *person, *arguments]
    return subprocess.run(argv, cwd=job.workspace, capture_output=True, text=True, check=True).stdout.strip()


def checked(job: Runner) -> list[str]:
    """Names of the models in the report."""
    report = json.loads(Path(job.outputs()["report-json"]).read_text(encoding="utf-8"))
    return [Path(file["path"]).name for file in report["files"]]


@pytest.mark.parametrize(
    "event",
    [
        {"pull_request": {"number": 7, "base": {"sha": "BASE"}}},
        {"merge_group": {"base_sha": "BASE"}},
        {"before": "BASE"},
    ],
    ids=["pull_request", "merge_group", "push"],
)
def test_only_what_an_event_changes_is_checked(event: dict[str, object], job: Runner) -> None:
    """Of each event that has a commit before it; none changed is no error; a new branch is checked whole."""
    put(job, "op_too_new")
    git(job, "init", "-q")
    git(job, "add", "-A")
    git(job, "commit", "-qm", "base")
    base = git(job, "rev-parse", "HEAD")
    job.event = json.loads(json.dumps(event).replace("BASE", base))
    assert job.run(CHECK, changed_only="true", targets="tflite-2.12") == 0, job.log
    assert checked(job) == []

    put(job, "clean")
    git(job, "add", "-A")
    git(job, "commit", "-qm", "change")
    assert job.run(CHECK, changed_only="true", targets="tflite-2.12") == 0, job.log
    assert checked(job) == ["clean.tflite"]
    assert job.run(CHECK, targets="tflite-2.12") == 1
    job.event = json.loads(json.dumps(event).replace("BASE", "0" * 40))
    assert job.run(CHECK, changed_only="true", targets="tflite-2.12") == 1
    assert checked(job) == ["clean.tflite", "op_too_new.tflite"]


@pytest.mark.parametrize("base", ["1" * 40, "--output=owned", "$(touch owned)"])
def test_a_base_that_is_not_there_is_one_error(base: str, job: Runner) -> None:
    """A shallow checkout lacks the commit: exit code 2, and the error says how to fetch it."""
    put(job, "clean")
    git(job, "init", "-q")
    git(job, "add", "-A")
    git(job, "commit", "-qm", "only")
    job.event = {"before": base}

    assert job.run(CHECK, changed_only="true") == 2
    ((word, message),) = said(job)
    assert word == "error"
    assert "revision" in message
    assert ("fetch-depth: 0" in message) is (base == "1" * 40 or base.startswith("$"))
    assert not list(job.folder.rglob("owned"))


def test_known_findings_fail_nothing(job: Runner) -> None:
    """With a baseline only what is new counts."""
    put(job, "op_too_new")
    assert job.run(CHECK, targets="tflite-2.12", args="--write-baseline", baseline="known.json") == 0, job.log
    assert (job.workspace / "known.json").exists()
    assert job.run(CHECK, targets="tflite-2.12", baseline="known.json") == 0, job.log
    assert job.outputs()["errors"] == "0"
    put(job, "custom_op")

    assert job.run(CHECK, targets="tflite-2.12", baseline="known.json") == 1
    assert job.outputs()["errors"] == "1"


@pytest.mark.xdist_group("install")
def test_it_installs_itself_and_nothing_of_the_workspace(job: Runner, tmp_path: Path) -> None:
    """The step installs this very commit; modules of the workspace that are named as Python's are never imported."""
    for name in ("venv", "pip", "ensurepip", "json", "tflint", "sitecustomize"):
        (job.workspace / f"{name}.py").write_text(f"open({str(tmp_path / 'owned')!r}, 'w')\n")

    assert job.run(INSTALL) == 0, job.log
    python = Path(job.steps["install"]["python"])
    assert python.is_relative_to(job.temp)
    put(job, "clean")
    assert job.run(CHECK) == 0, job.log
    assert not (tmp_path / "owned").exists()
    shown = subprocess.run([python, "-I", "-m", "tflint", "version"], capture_output=True, text=True, check=True)
    assert shown.stdout.startswith("tflint ")


@pytest.mark.parametrize("version", ["0.1.0", "tflint", "==0.1.0"])
def test_a_bare_version_is_refused(version: str, job: Runner) -> None:
    """The name tflint is nobody's on the package index, so nothing is installed from there by name."""
    assert job.run(INSTALL, version=version) == 2
    ((word, message),) = said(job)
    assert word == "error"
    assert "the input version is a URL or the path of a wheel" in message
    assert not (job.temp / "tflint").exists()
