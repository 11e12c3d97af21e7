"""Members of one archive may have one name: each is a model of its own, and what is known by names says so."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from archiving import CLEAN
from running import tflint

if TYPE_CHECKING:
    from pathlib import Path

NAME = "a.zip!/x.tflite"
BROKEN = CLEAN[:200]

pytestmark = pytest.mark.filterwarnings("ignore:Duplicate name")


def twins(folder: Path) -> None:
    """Two members of one name, of which the second is no model."""
    with zipfile.ZipFile(folder / "a.zip", "w") as out:
        out.writestr("x.tflite", CLEAN)
        out.writestr("x.tflite", BROKEN)


def test_a_result_is_of_one_of_them(tmp_path: Path) -> None:
    """What is done of the first is not taken for the second; a whole file of results has both."""
    twins(tmp_path)
    results = tmp_path / "r.jsonl"
    wanted = tflint(tmp_path, "check", "a.zip", "-f", "json", "--resume", results)
    assert [file["path"] for file in json.loads(wanted.stdout)["files"]] == [NAME, NAME]
    assert wanted.returncode == 1
    again = tflint(tmp_path, "check", "a.zip", "-f", "json", "--resume", results)
    assert (again.stdout, again.stderr) == (wanted.stdout, f"tflint: 2 of 2 models are done in {results}\n")

    lines = results.read_bytes().splitlines(keepends=True)
    for kept in (1, 2):  # what a kill after one leaves: whichever was done first with two processes
        results.write_bytes(lines[0] + lines[kept])
        on = tflint(tmp_path, "check", "a.zip", "-f", "json", "--resume", results)
        assert (on.returncode, on.stdout) == (1, wanted.stdout)
        assert on.stderr == f"tflint: 1 of 2 models are done in {results}\n"


def test_a_lock_has_one_record_for_a_name(tmp_path: Path) -> None:
    """The first is recorded; that the second is not is said, and is no success."""
    twins(tmp_path)
    done = tflint(tmp_path, "lock", "a.zip")

    assert done.returncode == 1
    assert done.stdout == f"{NAME}: recorded\ntflint.lock: 1 model, written\n"
    assert done.stderr == f"tflint: {NAME}: not recorded: another member has the same name\n"
    assert tflint(tmp_path, "lock", "--check", "a.zip").returncode == 1
