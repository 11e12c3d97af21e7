"""An interrupt ends a run, and not its report: what is done is printed whole, and says that it is not all."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

import junitparser
import pytest

from command import TFLINT
from deeds import install, models
from reporting import strict
from running import environment
from test_report_json import valid
from test_report_junit import SCHEMA
from tflint.report import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="interrupts are sent to a process group")

SAID = "interrupted: 3 of 5 models checked"


class Ended(NamedTuple):
    """A run that was interrupted."""

    code: int
    out: str
    err: str
    seconds: float  # from the signal to the end
    workers: list[int]  # processes that were at work


def alive(pid: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ended(
    folder: Path, *arguments: object, number: int = signal.SIGINT, workers: int = 2, alone: bool = False
) -> Ended:
    """Check models of which two take for ever, the second and the last, and interrupt it when so many are at it.

    `alone`: the signal is not sent to its processes.
    """
    found = models(folder, "a", "bad", "c", "d", "z-bad")
    mark = folder / "mark"
    environ = install(folder, f"open({str(mark)!r} + str(os.getpid()), 'w').close(); time.sleep(1000)")
    command: list[str | Path] = [TFLINT, "check", found, "--extend-select", "ACM", *map(str, arguments)]
    with subprocess.Popen(
        command,
        env={**environment(), **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 120
        while len(marks := list(folder.glob("mark*"))) < workers and time.monotonic() < deadline:
            time.sleep(0.05)
        began = time.monotonic()
        (os.kill if alone else os.killpg)(process.pid, number)
        out, err = process.communicate(timeout=60)
        took = time.monotonic() - began
    assert len(marks) == workers
    return Ended(process.returncode, out, err, took, [int(path.name.removeprefix("mark")) for path in marks])


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_what_is_done_is_reported_whole(number: int, code: int, tmp_path: Path) -> None:
    """Every format is complete and valid, those say so that have a place for it, and no process or scratch is left."""
    out = tmp_path / "out"
    reports = [f"--report={kind}={out / kind}" for kind in FORMATS]
    run = ended(tmp_path, "-j", 2, "-f", "concise", *reports, number=number)

    assert (run.code, run.err) == (code, f"tflint: {SAID}\n")
    assert run.seconds < 20
    assert not any(map(alive, run.workers))
    assert sorted(path.name for path in out.iterdir()) == sorted(FORMATS)
    texts = {kind: (out / kind).read_text(encoding="utf-8") for kind in FORMATS}
    assert run.out == texts["concise"]
    for kind in ("full", "concise", "github", "markdown"):
        assert SAID in texts[kind]
        assert "bad.tflite" not in texts[kind]
    document = valid(strict(texts["json"]))
    assert document["interrupted"] is True
    assert [file["path"][-8:] for file in document["files"]] == ["a.tflite", "c.tflite", "d.tflite"]
    _, *files, end = map(strict, texts["json-lines"].splitlines())
    assert [file["path"] for file in files] == [file["path"] for file in document["files"]]
    assert valid(end, "end")["interrupted"] is True
    (invocation,) = strict(texts["sarif"])["runs"][0]["invocations"]
    assert invocation == {"executionSuccessful": False, "exitCodeDescription": SAID}
    SCHEMA.validate(texts["junit"])
    *_, (broken,) = junitparser.JUnitXml.fromstring(texts["junit"])
    assert [(each.type, each.message) for each in broken.result] == [("interrupted", SAID)]
    assert len(strict(texts["gitlab"])) == sum(len(file["findings"]) for file in document["files"])


def test_a_killed_run_leaves_no_process(tmp_path: Path) -> None:
    """SIGKILL to the command alone: its processes end by themselves, in the middle of a rule or waiting."""
    run = ended(tmp_path, "-j", 3, number=signal.SIGKILL, alone=True)

    assert run.code == -signal.SIGKILL
    deadline = time.monotonic() + 60
    while any(map(alive, run.workers)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(alive, run.workers))


def test_an_interrupt_in_this_process(tmp_path: Path) -> None:
    """With one process the model at work is given up, in the middle of a rule, and what is before it is reported."""
    run = ended(tmp_path, "-j", 1, "-f", "json", workers=1)

    assert (run.code, run.err) == (130, "tflint: interrupted: 1 of 5 models checked\n")
    assert [file["path"][-8:] for file in json.loads(run.out)["files"]] == ["a.tflite"]


def test_a_baseline_is_not_written_of_a_part(tmp_path: Path) -> None:
    """--write-baseline of an interrupted run leaves the file as it was, and nothing is said to be out of date."""
    baseline = tmp_path / "base.json"
    entry = {"code": "TFL203", "fingerprint": "0", "count": 1, "message": "m"}
    text = json.dumps({"schema_version": 1, "files": {"models/gone.tflite": [entry]}})
    baseline.write_text(text)
    run = ended(tmp_path, "-j", 2, "-f", "json", "--baseline", baseline, "--write-baseline")

    assert run.code == 130
    assert baseline.read_text() == text
    assert run.err == f"tflint: {SAID}; {baseline} stays as it was\n"
    assert len(json.loads(run.out)["files"]) == 3
