"""Dask clusters of real processes, whose workers have a rule pack that does deeds by the names of models."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from command import TFLINT
from models import ROOT
from running import CLEAN, environment, tflint, write_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from subprocess import CompletedProcess

PACK = """
import os, signal, time
from tflint.api import ModelFile, Severity, hit, rule

@rule("ACM101", "acme-thing", Severity.WARNING, since="1", message="seen", examples=[])
def acme_thing(file: ModelFile):
    '''It is there.'''
    name = os.path.basename(file.name)
    open(os.path.join(os.environ["MARKS"], name), "a").write(f"{os.getpid()}\\n")
    if "slow" in name:
        time.sleep(0.2)
    if "dies" in name:
        os.kill(os.getpid(), signal.SIGKILL)
    if "hangs" in name:
        time.sleep(1000)
    if "kills" in name:
        import psutil
        server, worker = psutil.Process().parents()[:2]
        worker.kill()
        time.sleep(1000)
    yield hit(file)
"""
SCRIPT = """
import json, sys
from distributed import LocalCluster

if __name__ == "__main__":
    options = {"n_workers": int(sys.argv[1]), "protocol": sys.argv[2]}
    with LocalCluster(**options, threads_per_worker=1, dashboard_address=None) as cluster:
        while True:
            workers = [nanny.pid for nanny in cluster.workers.values()]
            print(json.dumps({"address": cluster.scheduler_address, "workers": workers}), flush=True)
            if not sys.stdin.readline():
                break
"""


class Cluster:
    """A scheduler and its workers, in processes that this one started."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.address = self._asked()["address"]

    def workers(self) -> list[Any]:
        """The process ids of the workers that it has now."""
        assert self.process.stdin
        pids: list[int | None] = [None]
        while None in pids:  # one is being started anew
            time.sleep(0.2)
            self.process.stdin.write("\n")
            self.process.stdin.flush()
            pids = self._asked()["workers"]
        return pids

    def _asked(self) -> dict[str, Any]:
        assert self.process.stdout
        answer: dict[str, Any] = json.loads(self.process.stdout.readline())
        return answer


@contextmanager
def cluster(folder: Path, workers: int, protocol: str = "tcp", paths: str = "", **more: str) -> Iterator[Cluster]:
    """Start one; its workers have the pack. One loss of a worker is allowed for each task."""
    (folder / "cluster.py").write_text(SCRIPT)
    environ = environment(
        **pack(folder, "acme", "1") | ({"PYTHONPATH": paths} if paths else {}),
        DASK_TEMPORARY_DIRECTORY=str(folder / "scratch"),
        DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1",
        **more,
    )
    command = [sys.executable, str(folder / "cluster.py"), str(workers), f"{protocol}://"]
    with (
        (folder / "cluster.log").open("w") as log,
        subprocess.Popen(
            command, env=environ, stdin=-1, stdout=-1, stderr=log, text=True, start_new_session=True
        ) as process,
    ):
        try:
            yield Cluster(process)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def worker(folder: Path, address: str, environ: dict[str, str], *options: str) -> Iterator[None]:
    """Start one more worker, with options of Python, in that environment."""
    command = [sys.executable, *options, "-m", "distributed.cli.dask_worker", address, "--no-nanny", "--no-dashboard"]
    environ = {**environ, "DASK_TEMPORARY_DIRECTORY": str(folder)}
    with subprocess.Popen([*command, "--nthreads=1"], env=environ, stdout=-3, stderr=-3) as process:
        try:
            yield
        finally:
            process.kill()


def pack(folder: Path, name: str, version: str) -> dict[str, str]:
    """Install it there under a name; give the environment that has it."""
    site = folder / f"site-{name}-{version}"
    if not site.exists():
        (site / f"{name}_pack").mkdir(parents=True)
        (site / f"{name}_pack" / "__init__.py").write_text(PACK)
        distribution(site, name, version, f"[tflint.rules]\n{name} = {name}_pack\n")
    (folder / "marks").mkdir(exist_ok=True)
    return {"PYTHONPATH": str(site), "MARKS": str(folder / "marks")}


def distribution(site: Path, name: str, version: str, points: str = "") -> None:
    """Write what is known of an installed distribution."""
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(points)


def without(folder: Path, *packages: str) -> dict[str, str]:
    """The environment of a `python -S` that has all that this one has but these packages."""
    site = folder / "rest"
    site.mkdir()
    for path in map(os.scandir, {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}):
        for entry in path:
            if not entry.name.startswith(packages):
                (site / entry.name).symlink_to(entry.path)
    own = [] if "tflint" in packages else [ROOT / "checker", ROOT / "rules"]
    return environment(PYTHONPATH=os.pathsep.join(map(str, [site, *own])), PYTHONDONTWRITEBYTECODE="1")


def models(folder: Path, *names: str) -> Path:
    """A folder of clean models."""
    for name in names:
        write_model(folder / "models" / f"{name}.tflite", CLEAN)
    return folder / "models"


def check(home: Path, folder: Path, *arguments: object, **more: str) -> CompletedProcess[str]:
    """Check a folder with the pack selected."""
    return tflint(folder, "check", ".", "--extend-select", "ACM", *arguments, **pack(home, "acme", "1"), **more)


@contextmanager
def started(
    home: Path, folder: Path, *arguments: object, start_new_session: bool = False
) -> Iterator[subprocess.Popen[str]]:
    """Start a check of a folder, with no marks of others."""
    shutil.rmtree(home / "marks", ignore_errors=True)
    environ = environment(**pack(home, "acme", "1"))
    command = [str(TFLINT), "check", ".", "--extend-select", "ACM", *map(str, arguments)]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=environ,
        stdout=-1,
        stderr=-1,
        text=True,
        start_new_session=start_new_session,
    ) as process:
        yield process


def marks(home: Path, pattern: str, count: int) -> int:
    """Wait until so many models were begun; how many were."""
    deadline = time.monotonic() + 280
    while (begun := len(list((home / "marks").glob(pattern)))) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    return begun
