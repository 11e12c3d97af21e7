"""`check --scheduler tcp://...` on a real cluster: what `--jobs 1` reports, whatever becomes of the workers."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from clusters import Cluster, check, cluster, marks, models, started
from models import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.skipif(not Path("/proc").exists(), reason="processes are looked for in /proc"),
    pytest.mark.xdist_group("cluster"),
]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for the cluster and the pack."""
    return tmp_path_factory.mktemp("cluster")


@pytest.fixture(scope="module")
def three(home: Path) -> Iterator[Cluster]:
    """Give a cluster of three workers."""
    with cluster(home, 3) as running_cluster:
        yield running_cluster


def reported(text: str) -> dict[str, list[str]]:
    """Messages about each file of JSON lines; it is there once."""
    files = [line for line in map(json.loads, text.splitlines()) if "path" in line]
    assert len({file["path"] for file in files}) == len(files)
    return {file["path"]: [finding["message"] for finding in file["findings"]] for file in files}


def test_reports_are_those_of_one_process(home: Path, three: Cluster, tmp_path: Path) -> None:
    """Every example, a file that is no model and one that cannot be read: the same words, order and exit code."""
    models(tmp_path, "a", "b")
    for path in EXAMPLES.glob("*.tflite"):
        shutil.copy(path, tmp_path)
    (tmp_path / "bad.tflite").write_bytes(b"TFL3" * 9)
    (tmp_path / "gone.tflite").symlink_to("nowhere")
    (tmp_path / "a.json").write_text("{}")
    here = check(home, tmp_path, "-f", "json", "--jobs", 1)
    there = check(home, tmp_path, "-f", "json", "--scheduler", three.address)

    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, here.stdout, here.stderr)
    assert there.returncode == 1
    assert "cannot be read: No such file or directory" in there.stdout


def test_a_worker_that_is_killed_costs_nothing(home: Path, three: Cluster, tmp_path: Path) -> None:
    """SIGKILL to a worker in the middle: its models are taken up by others, and each is reported exactly once."""
    names = [f"slow{number:02}" for number in range(60)]
    models(tmp_path, *names)
    with started(home, tmp_path, "-f", "json-lines", "--scheduler", three.address) as process:
        begun = marks(home, "slow*", 4)
        victim = three.workers()[0]
        os.kill(victim, signal.SIGKILL)
        out, err = process.communicate(timeout=280)

    assert begun < len(names)
    assert process.returncode == 1
    assert [line for line in err.splitlines() if "to import" not in line] == []  # a busy machine imports slowly
    assert reported(out) == {f"models/{name}.tflite": reported(out)["models/slow00.tflite"] for name in names}
    assert "seen" in reported(out)["models/slow00.tflite"]
    assert out == check(home, tmp_path, "-f", "json-lines", "--jobs", 2).stdout
    assert victim not in three.workers()


def test_a_model_that_kills_workers_is_given_up(home: Path, three: Cluster, tmp_path: Path) -> None:
    """It is reported with what is known, once its workers were lost as often as Dask allows, and all others as ever."""
    models(tmp_path, "kills", *(f"m{number:02}" for number in range(40)))
    done = check(home, tmp_path, "-f", "json-lines", "--scheduler", three.address)

    assert (done.returncode, done.stderr) == (1, "")
    files = reported(done.stdout)
    (problem,) = files.pop("models/kills.tflite")
    assert problem.startswith(
        "the check did not finish: its worker was lost 2 times, the last time at tcp://127.0.0.1:"
    )
    assert len(files) == 40
    assert all(messages == files["models/m00.tflite"] and "seen" in messages for messages in files.values())


def test_a_model_that_dies_or_hangs_costs_no_worker(home: Path, three: Cluster, tmp_path: Path) -> None:
    """It is done in a child of the worker, and ended at the limit for a file: the report is that of `--jobs`."""
    models(tmp_path, "dies", "hangs", *"abcdefghij")
    before = three.workers()
    limit = {"TFLITE_LINT_FILE_SECONDS": "3"}
    here = check(home, tmp_path, "-f", "json", "--jobs", 2, **limit)
    there = check(home, tmp_path, "-f", "json", "--scheduler", three.address, **limit)

    assert (there.returncode, there.stdout, there.stderr) == (1, here.stdout, "")
    assert "its process was ended by SIGKILL" in there.stdout
    assert "it took longer than 3 seconds (ACM101)" in there.stdout
    assert sorted(three.workers()) == sorted(before)


def test_an_interrupt_leaves_nothing_behind(home: Path, three: Cluster, tmp_path: Path) -> None:
    """Ctrl-C: exit code 130, and the cluster is rid of the run: what waited is not done, and its processes end."""
    models(tmp_path, *(f"slow{number:03}" for number in range(200)))
    with started(home, tmp_path, "--scheduler", three.address, start_new_session=True) as process:
        marks(home, "slow*", 4)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=280)

    assert process.returncode == 130
    assert "Traceback" not in err
    assert time.monotonic() - began < 20
    children = {pid for mark in (home / "marks").iterdir() for pid in mark.read_text().split()}
    deadline = time.monotonic() + 120
    while (left := [pid for pid in children if Path("/proc", pid).exists()]) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert not left
    assert len(list((home / "marks").iterdir())) < 100
