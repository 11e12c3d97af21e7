"""An interrupt while models are still looked for ends the search, and what is there is reported, whole and valid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import junitparser
import pytest

from archiving import CLEAN, archive
from command import TFLINT
from reporting import strict
from running import environment, tflint, write_model
from test_report_json import valid
from tflint.report import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(not hasattr(os, "killpg"), reason="interrupts are sent to a process group")

SAID = "interrupted before models were checked"
MEMBERS = 20_000  # of an archive: it takes a while to look at them
ARCHIVES = 60
HOOK = """
import sys
def note(event, arguments):
    if event == "open" and str(arguments[0]).endswith("00.zip"):
        open({mark!r}, "w").close()
sys.addaudithook(note)
"""


def ended(folder: Path, *arguments: object, number: int = signal.SIGINT) -> tuple[int, str, str]:
    """Check a model and archives, and interrupt it once it opens the first; give the exit code and what it said."""
    many = archive(folder / "00.zip", {"m.tflite": CLEAN, **{f"{n}": b"x" for n in range(MEMBERS)}})
    names = ["m.tflite", "00.zip", *(f"{n:02}.zip" for n in range(1, ARCHIVES))]
    for name in names[2:]:
        (folder / name).hardlink_to(many)
    mark = folder / "mark"
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(HOOK.format(mark=str(mark)))
    with subprocess.Popen(
        [TFLINT, "check", *names, *map(str, arguments)],
        cwd=folder,
        env={**environment(), "PYTHONPATH": str(folder / "site")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        deadline = time.monotonic() + 120
        while not mark.exists() and time.monotonic() < deadline:
            time.sleep(0.01)
        os.killpg(process.pid, number)
        out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_report_of_nothing_is_whole(number: int, code: int, tmp_path: Path) -> None:
    """Every format is complete and valid, and those say so that have a place for it."""
    write_model(tmp_path / "m.tflite")
    reports = [f"--report={kind}={tmp_path / 'out' / kind}" for kind in FORMATS]
    run = ended(tmp_path, "-f", "json", *reports, number=number)

    assert (run[0], run[2]) == (code, f"tflint: {SAID}\n")
    texts = {kind: (tmp_path / "out" / kind).read_text() for kind in FORMATS}
    assert run[1] == texts["json"]
    document = valid(strict(texts["json"]))
    assert (document["files"], document["interrupted"]) == ([], True)
    assert valid(strict(texts["json-lines"].splitlines()[-1]), "end")["interrupted"] is True
    for kind in ("full", "concise", "github", "markdown"):
        assert SAID in texts[kind]
    (invocation,) = strict(texts["sarif"])["runs"][0]["invocations"]
    assert invocation == {"executionSuccessful": False, "exitCodeDescription": SAID}
    ((broken,),) = junitparser.JUnitXml.fromstring(texts["junit"])
    assert [(each.type, each.message) for each in broken.result] == [("interrupted", SAID)]
    assert strict(texts["gitlab"]) == []


def test_what_is_done_already_is_reported(tmp_path: Path) -> None:
    """Of models that were found, results that are there are told; the next run goes on from them."""
    results = tmp_path / "r.jsonl"
    write_model(tmp_path / "m.tflite")
    tflint(tmp_path, "check", "m.tflite", "--resume", results)
    code, out, err = ended(tmp_path, "-f", "json", "--resume", results)

    assert code == 130
    assert [file["path"] for file in json.loads(out)["files"]] == ["m.tflite"]
    assert err.splitlines()[-1] == f"tflint: {SAID}"
