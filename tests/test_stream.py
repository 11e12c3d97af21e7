"""Reports come one by one in the order of the models, and a run holds no more of them than come out of order."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from command import TFLINT
from deeds import install, models
from models import EXAMPLES
from running import SOFTMAXES, environment, tflint, write_model
from tflint.config.hierarchy import Hierarchy
from tflint.findings import FileReport
from tflint.running.pool import AHEAD, spread
from tflint.running.run import Run
from tflint.running.spool import KEPT, Spool

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tflint.timing import Begin

WAITS = "while not os.path.exists({go!r}): time.sleep(0.02)"
PEAK = """
import os, sys
nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=nowhere)
print(os.wait4(child, 0)[2].ru_maxrss)
"""
MEGABYTE = 1 << 20


def slow_first(task: int, _: Begin) -> int:
    """Take a while over the first task, and no time over any other."""
    time.sleep(0 if task else 3)
    return task


def own_number(_: int, __: Begin) -> int:
    """Say which process does it."""
    return os.getpid()


@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("kind", ["full", "concise", "json-lines", "gitlab"])
def test_a_report_is_printed_when_its_model_is_done(kind: str, jobs: int, tmp_path: Path) -> None:
    """What comes before a model in the order is read while that model is still at work."""
    folder = models(tmp_path, "a", "b", "bad", "c")
    go = tmp_path / "go"
    environ = {**environment(), **install(tmp_path, WAITS.format(go=str(go)))}
    command: list[str | Path] = [TFLINT, "check", folder, "-f", kind, "-j", str(jobs), "--extend-select", "ACM"]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout
        early = b""
        while b"b.tflite" not in early and (part := os.read(process.stdout.fileno(), 4096)):
            early += part
        go.touch()
        late, err = process.communicate(timeout=120)

    assert err == b""
    assert b"a.tflite" in early
    assert b"bad.tflite" not in early
    assert late.index(b"bad.tflite") < late.index(b"c.tflite")


def test_other_reports_are_written_when_nobody_reads(tmp_path: Path) -> None:
    """Who reads stdout may go at any time: a report that goes into a file is whole all the same."""
    folder = models(tmp_path, "a", "b", "c")
    reading, writing = os.pipe()
    os.close(reading)
    command: list[str | Path] = [TFLINT, "check", folder, "-f", "concise", f"--report=json={tmp_path / 'out.json'}"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False, timeout=300, env=environment())
    os.close(writing)

    assert (done.returncode, done.stderr) == (1, b"")
    assert len(json.loads((tmp_path / "out.json").read_text())["files"]) == 3


def test_tasks_are_taken_as_there_is_room() -> None:
    """However many tasks are done while the first is at work, no more are begun than may wait for it."""
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for task in range(4 * AHEAD):
            taken.append(task)
            yield task

    most = 0
    done: set[int] = set()
    for index, result in spread(slow_first, tasks(), 2, 60.0):
        assert result == index
        done.add(index)
        if 0 not in done:
            most = max(most, len(taken))

    assert len(done) == 4 * AHEAD
    assert AHEAD <= most <= AHEAD + 1


def test_processes_stay_at_work() -> None:
    """Those that end at the same time, with more done than may wait for one of them, all get what is next."""
    workers = []
    for _, worker in spread(own_number, range(2 * AHEAD), 2, 60.0):
        workers.append(worker)
        time.sleep(0.002)  # both are ready when the next is given

    late = workers[AHEAD + 20 :]
    assert len(set(late)) == 2
    assert min(map(late.count, set(late))) > len(late) / 4


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_run_makes_nothing_before_it_is_asked_for(jobs: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run without a command line gives reports in the order of the files, and nothing of what is not taken."""
    monkeypatch.chdir(tmp_path)
    folder = models(tmp_path, *"cab", *(f"d{number}" for number in range(AHEAD)))
    run = Run(Hierarchy(isolated=True), [str(folder)])
    reports = run.check(jobs)

    assert [next(reports).path for _ in "abc"] == [str(folder / f"{name}.tflite") for name in "abc"]
    (folder / "d5.tflite").write_bytes(b"changed before it was come to")
    reports.close()
    assert [report.path for report in run.check(jobs)] == [each.name for each in run.files]


def test_a_spool_gives_again_what_came(tmp_path: Path) -> None:
    """Reports are kept in memory and then on disk, and are the same whoever asks, also half way through."""
    write_model(tmp_path / "m.tflite", SOFTMAXES)
    (report,) = Run(Hierarchy(isolated=True), [str(tmp_path / "m.tflite")]).check(1)
    names = [str(number) for number in range(2 * KEPT + 10)]
    reports = (FileReport(name, report.verdicts, report.findings, ran=report.ran) for name in names)
    spool = Spool(reports)
    first = iter(spool)
    begun = [next(first).path for _ in range(KEPT + 5)]

    assert begun == names[: KEPT + 5]
    for _ in range(2):
        again = list(spool)
        assert [each.path for each in again] == names
        assert {each.findings[0].rule.code for each in again} == {report.findings[0].rule.code}
        assert {each.findings[0].message for each in again} == {report.findings[0].message}
    spool.close()


def links(folder: Path, count: int) -> Path:
    """A folder of so many links to a few small models."""
    sources = [write_model(folder / "bad.tflite"), *sorted(EXAMPLES.glob("*.tflite"))]
    found = folder / str(count)
    found.mkdir()
    for number in range(count):
        (found / f"{number:06}.tflite").symlink_to(sources[number % len(sources)])
    return found


def peak(folder: Path, *arguments: object) -> int:
    """Bytes of memory that a check takes at most, without its processes."""
    command: list[str | Path] = [sys.executable, "-c", PEAK, TFLINT, "check", folder, *map(str, arguments)]
    done = subprocess.run(
        command, cwd=folder.parent, env=environment(), capture_output=True, text=True, check=True, timeout=3600
    )
    return int(done.stdout) * 1024


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peaks are in other units elsewhere")
@pytest.mark.parametrize("kind", ["concise", "json"])
def test_memory_does_not_grow_with_models(kind: str, tmp_path: Path) -> None:
    """Five times the models take no more than their names do, and as much as is kept before it goes to disk."""
    few, many = (peak(links(tmp_path, count), "-f", kind, "-j", "1") for count in (100, 500))

    assert many < few + 3 * MEGABYTE + (8 * MEGABYTE if kind == "json" else 0)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peaks are in other units elsewhere")
@pytest.mark.parametrize("baseline", [False, True])
@pytest.mark.parametrize("jobs", [1, 2])
@pytest.mark.parametrize("kind", ["concise", "json-lines", "json"])
def test_memory_does_not_grow_with_very_many_models(kind: str, jobs: int, baseline: bool, tmp_path: Path) -> None:
    """Ten times two thousand models take a kilobyte each more, for their names; a baseline is held whole."""
    folders = [links(tmp_path, count) for count in (2_000, 20_000)]
    recorded = ("--baseline", tmp_path / "base.json") if baseline else ()
    if baseline:
        tflint(tmp_path, "check", folders[0], *recorded, "--write-baseline", "-q")
    few, many = (peak(folder, "-f", kind, "-j", jobs, "-q", *recorded) for folder in folders)

    assert many < few + 18_000 * 1024 + 8 * MEGABYTE
