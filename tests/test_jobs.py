"""Many files over several processes: the same reports, and a process that dies costs one file and never the run."""

from __future__ import annotations

import json
import os
import pty
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from command import TFLINT
from deeds import install, models
from models import EXAMPLES, all_models
from running import CLEAN, environment, one_line, tflint, write_model

RUN = """
import multiprocessing, sys
from tflint.__main__ import run

if __name__ == "__main__":
    multiprocessing.set_start_method({method!r})
    try:
        sys.exit(run(sys.argv[1:]))
    except SystemExit as end:
        sys.exit(end.code)
"""


@pytest.mark.parametrize("kind", ["json", "concise"])
def test_reports_are_the_same_for_any_jobs(kind: str, tmp_path: Path) -> None:
    """Whatever --jobs is, every model at hand is reported in the same words and order, hostile and broken ones too."""
    files = all_models()
    texts = {
        tflint(
            tmp_path, "check", "-f", kind, "--jobs", jobs, "--target", "litert", "--target", "tflite-2.9", *files
        ).stdout
        for jobs in (1, 2, 3)
    }

    (text,) = texts
    assert len(text) > 100 * len(files)
    if kind == "json":
        assert [file["path"] for file in json.loads(text)["files"]] == [str(path) for path in files]


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_may_be_started_in_any_way(method: str, tmp_path: Path) -> None:
    """Python's default differs by system and release; all of them do."""
    script = tmp_path / "start.py"
    script.write_text(RUN.format(method=method))
    folder = models(tmp_path, *"abcdef")
    environ = {**environment(), **install(tmp_path, "pass")}
    command: list[str | Path] = [
        sys.executable,
        script,
        "check",
        folder,
        "-f",
        "json",
        "-j",
        "2",
        "--extend-select",
        "ACM",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300, env=environ)

    assert (done.returncode, done.stderr) == (1, "")
    found = {file["path"]: [f["code"] for f in file["findings"]] for file in json.loads(done.stdout)["files"]}
    assert found == {str(folder / f"{name}.tflite"): ["ACM101", "TFL203"] for name in "abcdef"}


@pytest.mark.parametrize(
    ("deed", "problem"),
    [
        ("os.kill(os.getpid(), signal.SIGKILL)", "its process was ended by SIGKILL, as the system does where memory"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "its process was ended by SIGSEGV"),
        ("os._exit(0)", "its process ended with exit code 0"),
        ("os._exit(7)", "its process ended with exit code 7"),
        ("while True: pass", "it took longer than 3 seconds"),
        ("time.sleep(1000)", "it took longer than 3 seconds"),
    ],
)
def test_a_process_that_dies_costs_one_file(deed: str, problem: str, tmp_path: Path) -> None:
    """TFL001 names what became of it and the rule at work; its verdicts are unknown, and the others are all there."""
    folder = models(tmp_path, "a", "bad1", "b", "bad2", *"cdefgh")
    environ = {**install(tmp_path, deed), "TFLITE_LINT_FILE_SECONDS": "3"}
    done = tflint(tmp_path, "check", folder, "-f", "json", "-j", "2", "--extend-select", "ACM", **environ)

    assert (done.returncode, done.stderr) == (1, "")
    files = {Path(file["path"]).name: file for file in json.loads(done.stdout)["files"]}
    assert list(files) == [f"{name}.tflite" for name in ("a", "b", "bad1", "bad2", *"cdefgh")]
    for name in ("bad1.tflite", "bad2.tflite"):
        (crash,) = files[name]["findings"]
        assert (crash["code"], crash["severity"], crash["suppressed"]) == ("TFL001", "error", None)
        assert crash["message"].startswith(f"the check did not finish: {problem}")
        assert crash["message"].endswith("(ACM101)")
        assert files[name]["verdicts"] == {"litert-2.3.0": {"verdict": "unknown", "reasons": ["TFL001"]}}
        del files[name]
    assert {tuple(f["code"] for f in file["findings"]) for file in files.values()} == {("ACM101", "TFL203")}


def test_a_crash_is_not_suppressed_by_files(tmp_path: Path) -> None:
    """No configuration, per-file ignore or baseline hides that a check did not finish."""
    folder = models(tmp_path, "bad", *"abc")
    environ = install(tmp_path, "os._exit(1)")
    (tmp_path / "tflint.toml").write_text(
        'select = ["ALL"]\nignore = ["TFL001"]\n[per-file-ignores]\n"*" = ["ALL"]\n'
        '[[suppress]]\npath = "*"\nrule = "TFL001"\nreason = "x"\n'
    )

    assert tflint(tmp_path, "check", folder, "-j", "2", "--write-baseline", **environ).returncode == 1
    done = tflint(tmp_path, "check", folder, "-j", "2", "-f", "concise", **environ)
    assert done.returncode == 1
    assert "bad.tflite: error TFL001" in done.stdout


def test_our_own_mistake_costs_one_file_too(tmp_path: Path) -> None:
    """What a rule cannot be blamed for is TFL001 as well, in this process as in others."""
    environ = install(tmp_path, "pass")
    (tmp_path / "site" / "sitecustomize.py").write_text(
        "import tflint.engine as e\nold = e.minimum_runtimes\n"
        "def new(model):\n    if model.description == 'worse': raise ZeroDivisionError('oops')\n    return old(model)\n"
        "e.minimum_runtimes = new\n"
    )
    folder = models(tmp_path, "a", "b")
    write_model(folder / "c.tflite", f'description "worse"\n{CLEAN}')
    texts = {tflint(tmp_path, "check", folder, "-f", "concise", "-j", jobs, **environ).stdout for jobs in (1, 2)}

    (text,) = texts
    assert "c.tflite: error TFL001 the check did not finish: ZeroDivisionError: oops" in text
    assert "3 models: 1 error" in text


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "soon"])
def test_a_bad_time_limit_is_a_line(value: str, tmp_path: Path) -> None:
    """The limit is a number of seconds."""
    done = tflint(tmp_path, "check", models(tmp_path, "a", "b"), "-j", "2", TFLITE_LINT_FILE_SECONDS=value)
    one_line(done, "TFLITE_LINT_FILE_SECONDS", "a number of seconds")


def test_jobs_are_at_least_one(tmp_path: Path) -> None:
    """--jobs 0 and less are refused."""
    one_line(tflint(tmp_path, "check", models(tmp_path, "a"), "--jobs", "0"), "--jobs 0: at least 1")


def test_a_bar_is_drawn_on_a_terminal_only(tmp_path: Path) -> None:
    """A run of over a second counts its files on stderr where that is a terminal; the report is the same."""
    folder = models(tmp_path, "bad", *"abcd")
    environ = {**environment(), **install(tmp_path, "time.sleep(1.5)"), "TERM": "xterm", "COLUMNS": "80"}
    command: list[str | Path] = [TFLINT, "check", folder, "-f", "concise", "--extend-select", "ACM"]
    quiet = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=120)
    assert quiet.stderr == ""
    for jobs in ("1", "2"):
        ours, theirs = pty.openpty()
        with subprocess.Popen([*command, "-j", jobs], env=environ, stdout=-1, stderr=theirs, text=True) as process:
            os.close(theirs)
            drawn = b""
            while True:
                try:
                    part = os.read(ours, 4096)
                except OSError:  # the other side is closed
                    break
                if not part:
                    break
                drawn += part
            out, _ = process.communicate(timeout=120)
        os.close(ours)
        assert out == quiet.stdout
        assert b"/5" in drawn
        assert b"models" in drawn


def test_statistics_count_by_rule(tmp_path: Path) -> None:
    """A row a rule on stderr: findings, places, models and what is suppressed; stdout stays a report."""
    write_model(tmp_path / "a.tflite")
    write_model(tmp_path / "b.tflite")
    (tmp_path / "tflint.toml").write_text('[[suppress]]\npath = "a.tflite"\nrule = "TFL510"\nreason = "x"\n')
    done = tflint(tmp_path, "check", "--statistics", "-f", "json")

    assert json.loads(done.stdout)["schema_version"] == 1
    assert [line.split() for line in done.stderr.splitlines()] == [
        ["findings", "places", "models", "suppressed", "severity", "rule"],
        ["2", "2", "2", "0", "info", "TFL203", "runtime-metadata-mismatch"],
        ["2", "6", "2", "0", "error", "TFL212", "kernel-precondition"],
        ["1", "3", "1", "1", "error", "TFL510", "nonstandard-output-scale"],
    ]
    shutil.rmtree(tmp_path, ignore_errors=True)
    tmp_path.mkdir()
    shutil.copy(EXAMPLES / "clean.tflite", tmp_path)
    assert tflint(tmp_path, "check", "--statistics").stderr == "no findings\n"


@pytest.mark.parametrize("jobs", [1, 2])
def test_timing_says_what_took_how_long(jobs: int, tmp_path: Path) -> None:
    """The stages of the run by the clock, then reading, each target and each rule over all files and processes."""
    folder = models(tmp_path, "bad", *"abc")
    done = tflint(
        tmp_path,
        *("check", folder, "--timing", "-j", jobs, "-f", "json", "--extend-select", "ACM"),
        **install(tmp_path, "time.sleep(0.5)"),
    )

    json.loads(done.stdout)
    rows = [line.split(maxsplit=2) for line in done.stderr.splitlines()]
    words = [" ".join(row[2:]).partition("%  ")[2] or row[2] for row in rows]
    assert words[0] == "the run, by the clock"
    assert {"settings", "finding files", "checking", "reports"} <= set(words)
    (cost,) = [float(row[0]) for row, what in zip(rows, words, strict=True) if what == "ACM101"]
    assert 0.5 <= cost < 60
    assert {"reading", "judging for litert-2.3.0", "TFL203"} <= set(words)
