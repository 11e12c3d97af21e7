"""A line of results is taken for what it was written of, as it was written, and for nothing else."""

from __future__ import annotations

import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from running import CLEAN, SOFTMAXES, one_line, tflint, write_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOST = object()
OTHERS: tuple[Any, ...] = (LOST, None, "other", 3, ["x"])


def damages(row: Any, *way: Any) -> Iterator[tuple[Any, ...]]:
    """Ways to each value of a row, each with what it may have become, of all types."""
    for key in row if isinstance(row, dict) else range(len(row)):
        yield from ((*way, key, other) for other in OTHERS if other != row[key])
        if isinstance(row[key], (dict, list)):
            yield from damages(row[key], *way, key)


def damage(row: Any, *way: Any) -> None:
    """Lose or change what a way leads to."""
    *folders, key, other = way
    for each in folders:
        row = row[each]
    if other is LOST:
        del row[key]
    else:
        row[key] = other


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A line with findings."""
    folder = tmp_path_factory.mktemp("line")
    write_model(folder / "m.tflite", SOFTMAXES)
    row: dict[str, Any] = json.loads(tflint(folder, "check", "-f", "json-lines").stdout.splitlines()[1])
    assert row["findings"]
    return row


def test_a_damaged_line_is_no_result(line: dict[str, Any], tmp_path: Path) -> None:
    """Whatever is wrong with a line, its model is checked anew; the report is as without, and a rerun has all."""
    ways = list(damages(line))
    count = len(ways)
    first = write_model(tmp_path / "m0000.tflite", SOFTMAXES)
    for number in range(1, count):
        shutil.copy(first, tmp_path / f"m{number:04}.tflite")
    results = tmp_path / "r.jsonl"
    command = ("check", "-f", "json", "--resume", results, "--report", "sarif=sarif")
    wanted = tflint(tmp_path, *command)
    sarif = (tmp_path / "sarif").read_text()
    head, *rows = map(json.loads, results.read_text().splitlines())
    for row, way in zip(rows, ways, strict=True):
        damage(row, *way)
    results.write_text("".join(f"{json.dumps(row)}\n" for row in (head, *rows)))

    done = tflint(tmp_path, *command)

    assert (done.returncode, done.stdout) == (wanted.returncode, wanted.stdout)
    assert (tmp_path / "sarif").read_text() == sarif
    unused = sum(way[-2] == "suppressed" for way in ways)  # the mark of a baseline
    assert done.stderr == f"tflint: {unused} of {count} models are done in {results}\n"
    assert tflint(tmp_path, *command).stderr == f"tflint: {count} of {count} models are done in {results}\n"


@pytest.mark.parametrize("text", [b"\xff\n", b"[" * 100_000 + b"\n", b'{"path": 1' + b"0" * 5000 + b"}\n", b"7\n"])
def test_a_line_that_is_no_row_is_passed_over(text: bytes, tmp_path: Path) -> None:
    """No text, no end of brackets, a number without an end: what stands behind it is taken."""
    write_model(tmp_path / "m.tflite")
    lines = tflint(tmp_path, "check", "-f", "json-lines").stdout.encode().splitlines(keepends=True)
    (tmp_path / "r").write_bytes(lines[0] + text + lines[1])

    assert tflint(tmp_path, "check", "--resume", "r").stderr == "tflint: 1 of 1 models are done in r\n"


def test_a_result_is_of_a_place(tmp_path: Path) -> None:
    """Models of one name, size and time in two folders are two; that shows nowhere in what is written."""
    results = tmp_path / "r.jsonl"
    for name, text in (("a", CLEAN), ("b", SOFTMAXES)):
        write_model(tmp_path / name / "m.tflite", text)
    size = max(path.stat().st_size for path in tmp_path.glob("*/m.tflite"))
    for path in tmp_path.glob("*/m.tflite"):
        path.write_bytes(path.read_bytes().ljust(size, b"\0"))
        os.utime(path, (10**9, 10**9))
    assert tflint(tmp_path / "a", "check", "m.tflite", "--resume", results).returncode == 0
    wanted = tflint(tmp_path / "b", "check", "m.tflite")

    done = tflint(tmp_path / "b", "check", "m.tflite", "--resume", results)

    assert wanted.stdout != tflint(tmp_path / "a", "check", "m.tflite").stdout
    assert (done.returncode, done.stdout, done.stderr) == (wanted.returncode, wanted.stdout, "")
    assert str(tmp_path) not in results.read_text()


@pytest.mark.parametrize("end", ["", "\n"])
@pytest.mark.parametrize("torn", [False, True])
def test_a_report_on_one_line_is_left_alone(end: str, torn: bool, tmp_path: Path) -> None:
    """A JSON report that something wrote anew on one line begins as results do, and is none."""
    write_model(tmp_path / "m.tflite")
    text = json.dumps(json.loads(tflint(tmp_path, "check", "-f", "json").stdout))
    (tmp_path / "r").write_text(written := (text[:-9] if torn else text) + end)

    one_line(tflint(tmp_path, "check", "--resume", "r"), "--resume r: not a file of results")
    assert (tmp_path / "r").read_text() == written
