"""Clusters that cannot do the work: one line that says why, exit code 2, and no wait without end."""

from __future__ import annotations

import json
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from clusters import Cluster, cluster, distribution, models, pack, without, worker
from command import TFLINT
from models import EXAMPLES
from running import environment, one_line, tflint
from tflint.artifacts.artifact import Artifact
from tflint.cluster.worker import Bench
from tflint.config.hierarchy import Hierarchy
from tflint.plans import Plans
from tflint.running.work import _Work

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CLEAN = EXAMPLES / "clean.tflite"
SOON = {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "5s"}

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="clusters are ended by signals"),
    pytest.mark.xdist_group("cluster"),
]


@pytest.fixture(scope="module")
def none(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Give a scheduler without workers."""
    with cluster(tmp_path_factory.mktemp("none"), 0) as empty:
        yield empty


@pytest.mark.parametrize("scheduler", ["threads", "proceses", "tcp://", "tcp://host", "host:8786", "tcp://host:8786/x"])
def test_an_address_is_one(scheduler: str, tmp_path: Path) -> None:
    """What is neither `processes` nor an address is refused before anything is imported for it."""
    done = tflint(tmp_path, "check", CLEAN, "--scheduler", scheduler)
    one_line(done, "--scheduler is processes or an address such as tcp://HOST:8786", repr(scheduler))
    assert ("did you mean 'processes'?" in done.stderr) == (scheduler == "proceses")


@pytest.mark.parametrize("port", [0, 65536, 99999])
def test_a_port_is_one(port: int, tmp_path: Path) -> None:
    """No connection is tried, and waited for, that cannot be."""
    done = tflint(tmp_path, "check", CLEAN, "--scheduler", f"tcp://127.0.0.1:{port}")
    one_line(done, f"--scheduler tcp://127.0.0.1:{port}: ports are 1 to 65535")


def test_processes_are_the_default(tmp_path: Path) -> None:
    """`--scheduler processes` changes nothing, and goes with --jobs; an address does not."""
    usual = tflint(tmp_path, "check", CLEAN)
    assert tflint(tmp_path, "check", CLEAN, "--scheduler", "processes", "-j", 2).stdout == usual.stdout
    one_line(tflint(tmp_path, "check", CLEAN, "--scheduler", "tcp://h:1", "-j", 2), "--jobs", "this machine")


def test_a_scheduler_that_is_not_there(tmp_path: Path) -> None:
    """Nobody listens, or somebody who never answers: Dask's own limit on connections holds."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent_one = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        done = tflint(tmp_path, "check", CLEAN, "--scheduler", silent_one, **SOON)
    one_line(done, f"--scheduler {silent_one}: ")
    done = tflint(tmp_path, "check", CLEAN, "--scheduler", silent_one, **SOON)
    one_line(done, f"--scheduler {silent_one}: ", "Timed out trying to connect")


def test_a_cluster_without_workers(none: Cluster, tmp_path: Path) -> None:
    """Workers are waited for as long as for a connection."""
    done = tflint(tmp_path, "check", CLEAN, "--scheduler", none.address, **SOON)
    one_line(done, f"--scheduler {none.address}: the cluster has no worker")


def test_another_dask_is_named(tmp_path: Path) -> None:
    """What goes wrong with a scheduler of another version of Dask is said with both versions."""
    distribution(tmp_path / "other", "distributed", "9.9.9")
    site = pack(tmp_path, "acme", "1")["PYTHONPATH"]
    with cluster(tmp_path, 0, paths=f"{tmp_path / 'other'}{os.pathsep}{site}") as empty:
        done = tflint(tmp_path, "check", CLEAN, "--scheduler", empty.address, **SOON)
    one_line(done, f"--scheduler {empty.address}: the cluster has no worker (Dask is 9.9.9 there, and 20")


def test_a_worker_of_another_version(none: Cluster, tmp_path: Path) -> None:
    """Another tflint there than here would report other things."""
    distribution(tmp_path / "other", "tflint", "9.9.9")
    with worker(tmp_path, none.address, environment(PYTHONPATH=str(tmp_path / "other"))):
        done = tflint(tmp_path, "check", CLEAN, "--scheduler", none.address)
    one_line(done, f"--scheduler {none.address}: its worker tcp://", "has tflint 9.9.9, here is tflint 0.")


def test_a_worker_without_tflint(none: Cluster, tmp_path: Path) -> None:
    """Whoever has Dask only cannot do it."""
    with worker(tmp_path, none.address, without(tmp_path, "tflint"), "-S"):
        done = tflint(tmp_path, "check", CLEAN, "--scheduler", none.address)
    one_line(done, "has no tflint, here is tflint 0.")


def test_a_worker_without_a_rule_pack(none: Cluster, tmp_path: Path) -> None:
    """A pack whose rules run here has to be there, in the same version; one whose rules do not run need not."""
    ours = pack(tmp_path, "acme", "2")
    arguments = ("check", CLEAN, "-f", "concise", "--scheduler", none.address)
    with worker(tmp_path, none.address, environment()):
        done = tflint(tmp_path, *arguments, "--extend-select", "ACM", **ours)
        unused = tflint(tmp_path, *arguments, **ours)
    one_line(done, "has no acme, here is acme 2")
    assert (unused.returncode, unused.stderr) == (0, "")
    with worker(tmp_path, none.address, environment(**pack(tmp_path, "acme", "1"))):
        done = tflint(tmp_path, *arguments, "--extend-select", "ACM", **ours)
    one_line(done, "has acme 1, here is acme 2")


def test_a_folder_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a worker has no such folder, a relative path leads to no other file that is called so there."""
    monkeypatch.chdir(models(tmp_path, "a"))
    plan = Plans(Hierarchy(isolated=True)).run
    work = pickle.dumps(_Work((plan,), timed=False))
    task = pickle.dumps((Artifact("a.tflite"), 0, ()))
    problems = []
    for folder in (tmp_path / "models", tmp_path / "nowhere"):
        bench = Bench(work, str(folder), 60.0)
        (answer,) = bench.done([task], lambda: True)
        assert isinstance(answer, bytes)
        report = pickle.loads(answer)  # noqa: S301 - our own
        problems.append([finding.message for finding in report.findings])
        del bench

    assert "cannot be read: No such file or directory" not in " ".join(problems[0])
    assert "cannot be read: No such file or directory" in problems[1][0]


def test_dask_is_an_extra(tmp_path: Path) -> None:
    """Without it the line says how to install it."""
    command = [sys.executable, "-S", "-m", "tflint", "check", str(CLEAN), "--scheduler", "tcp://127.0.0.1:9"]
    environ = without(tmp_path, "distributed", "dask")
    done = subprocess.run(command, env=environ, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300)
    one_line(done, "install tflint with its extra `dask`")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (signal.SIGKILL, "the connection to the scheduler was lost"),
        (signal.SIGSTOP, "the scheduler has not answered for 5 s"),
    ],
)
def test_a_cluster_that_goes_away(number: int, said: str, tmp_path: Path) -> None:
    """Lost or frozen in the middle: what is done is reported, then one line and exit code 2 within a bounded time."""
    names = [f"slow{number:03}" for number in range(200)]
    folder = models(tmp_path, *names)
    command = [str(TFLINT), "check", str(folder), "--extend-select", "ACM", "-f", "json-lines", "--scheduler"]
    with cluster(tmp_path, 1) as going:
        environ = environment(**pack(tmp_path, "acme", "1"), **SOON)
        with subprocess.Popen([*command, going.address], env=environ, stdout=-1, stderr=-1, text=True) as process:
            while len(list((tmp_path / "marks").iterdir())) < 20 and process.poll() is None:
                time.sleep(0.05)
            os.killpg(going.process.pid, number)
            out, err = process.communicate(timeout=280)

    assert process.returncode == 2
    assert err == f"tflint: error: --scheduler {going.address}: {said}\n"
    done = [line["path"] for line in map(json.loads, out.splitlines()) if "path" in line]
    assert done
    assert done == [str(folder / f"{name}.tflite") for name in names[: len(done)]]
