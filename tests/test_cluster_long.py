"""Long runs on a cluster: ended and gone on with, and over models that no disk of it holds."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from distributed import Client

from archiving import CLEAN, FLAWED, archive
from clusters import Cluster, check, cluster, marks, models, started, without, worker
from running import tflint
from serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="runs are ended by signals"),
    pytest.mark.xdist_group("cluster"),
]
SOON = 280  # seconds, of a busy machine: what a worker is at would take 300 for each of eight models


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a folder for the cluster and the pack."""
    return tmp_path_factory.mktemp("long")


@pytest.fixture(scope="module")
def two(home: Path) -> Iterator[Cluster]:
    """Give a cluster of two workers."""
    with cluster(home, 2) as running_cluster:
        yield running_cluster


def test_an_interrupt_frees_the_workers(home: Path, two: Cluster, tmp_path: Path) -> None:
    """Ctrl-C reports what is done; the scheduler forgets the rest, and the workers let go of what they are at."""
    models(tmp_path, *(f"a{number:02}" for number in range(16)), *(f"hangs{number:02}" for number in range(32)))
    with started(home, tmp_path, "-f", "json-lines", "--scheduler", two.address, start_new_session=True) as process:
        assert process.stdout
        done = [json.loads(process.stdout.readline()) for _ in range(17)]
        marks(home, "hangs*", 2)
        os.killpg(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=SOON)

    assert (process.returncode, err) == (130, "tflint: interrupted: 16 of 48 models checked\n")
    assert [Path(file["path"]).stem for file in done[1:]] == [f"a{number:02}" for number in range(16)]
    assert json.loads(out)["interrupted"] is True
    with Client(two.address, set_as_default=False) as client:
        assert not any(client.processing().values())
        assert not any(client.has_what().values())
    began = time.monotonic()
    (tmp_path / "next").mkdir()
    models(tmp_path / "next", *"abcdefgh")
    assert check(home, tmp_path / "next", "-f", "concise", "--scheduler", two.address).returncode == 1
    assert time.monotonic() - began < SOON


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_an_ended_run_goes_on(number: int, home: Path, two: Cluster, tmp_path: Path) -> None:
    """Ended in the middle, the run is gone on with on the cluster, or here, and the report is that of an even one."""
    names = {"bad", *(f"slow{count:02}" for count in range(64))}
    models(tmp_path, *names)
    (tmp_path / "models" / "bad.tflite").write_bytes(FLAWED)
    whole = check(home, tmp_path, "-f", "json", "--jobs", 2)
    results = tmp_path / "results.jsonl"
    with started(home, tmp_path, "--resume", results, "--scheduler", two.address) as process:
        while (not results.exists() or results.read_bytes().count(b"\n") < 17) and process.poll() is None:
            time.sleep(0.02)
        process.send_signal(number)
        process.communicate(timeout=SOON)
    done = {Path(row["path"]).stem for row in map(json.loads, results.read_text().splitlines()[1:])}
    shutil.copy(results, tmp_path / "here.jsonl")

    assert process.returncode == (143 if number == signal.SIGTERM else -number)
    assert 16 <= len(done) < 65
    for name, arguments in (("results.jsonl", ["--scheduler", two.address]), ("here.jsonl", ["--jobs", 2])):
        shutil.rmtree(home / "marks")
        on = check(home, tmp_path, "-f", "json", "--resume", tmp_path / name, *arguments)
        assert f"tflint: {len(done)} of 65 models are done in {tmp_path / name}\n" in on.stderr
        assert (on.returncode, on.stdout) == (1, whole.stdout)
        assert {path.stem for path in (home / "marks").iterdir()} == names - done
        assert len((tmp_path / name).read_text().splitlines()) == 66


def test_urls_and_archives(two: Cluster, tmp_path: Path) -> None:
    """Models behind URLs, members of archives and those of archives behind URLs are reported as by --jobs."""
    members = {"assets/a.tflite": CLEAN, "b.tflite": FLAWED}
    archive(tmp_path / "app.apk", members)
    archive(tmp_path / "packed.zip", members, zipfile.ZIP_DEFLATED)
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "m.tflite").write_bytes(FLAWED)
    shutil.make_archive(str(tmp_path / "x"), "gztar", tmp_path / "x")
    local = ["app.apk", "packed.zip", "x.tar.gz"]
    files = {f"/{name}": (tmp_path / name).read_bytes() for name in local} | {"/m.tflite": FLAWED}
    with serving(files) as server:
        remote = [*(f"{server.url}{path}" for path in files), f"{server.url}/gone.tflite"]
        here = tflint(tmp_path, "check", *local, *remote, "-f", "json", "--jobs", 2)
        asked = len(server.asked)
        there = tflint(tmp_path, "check", *local, *remote, "-f", "json", "--scheduler", two.address)

    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, here.stdout, here.stderr)
    assert [bool(file["findings"]) for file in json.loads(there.stdout)["files"]].count(True) >= 8
    assert len(json.loads(there.stdout)["files"]) == 5 + 5 + 2
    assert len(server.asked) == 2 * asked


def test_a_worker_that_cannot_read_urls(tmp_path: Path) -> None:
    """It is the worker that reads them: without the package they are findings, each of one line, and others are not."""
    (tmp_path / "m.tflite").write_bytes(CLEAN)
    with (
        cluster(tmp_path, 0) as empty,
        worker(tmp_path, empty.address, without(tmp_path, "fsspec"), "-S"),
        serving({"/m.tflite": CLEAN}) as server,
    ):
        urls = f"{server.url}/m.tflite", "m.tflite"
        done = tflint(tmp_path, "check", *urls, "-f", "concise", "-q", "--scheduler", empty.address)

    assert (done.returncode, done.stderr) == (1, "")
    assert "cannot be read: http:// takes fsspec: install tflint with its extra `remote` (the file)" in done.stdout
    assert "2 models: 1 error, " in done.stdout
