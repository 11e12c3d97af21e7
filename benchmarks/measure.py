"""Time and memory of processes, and of calls inside them, in rounds that interleave what is compared."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
ENVIRONMENT |= {"TF_CPP_MIN_LOG_LEVEL": "3"}
PATIENCE = 180.0  # seconds for one call

# A child's `ru_maxrss` starts at what its parent had: a small process starts what is measured, and times it.
LAUNCHER = """
import os, sys, time
silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
start = time.perf_counter()
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=silent)
_, status, used = os.wait4(pid, 0)
print((time.perf_counter() - start) * 1000, used.ru_maxrss / 1024, os.waitstatus_to_exitcode(status))
"""
# Imports once, then times a call for each path that it is told; what the call prints goes nowhere.
WORKER = """
import json, os, re, sys, time
out = os.fdopen(os.dup(1), "w", buffering=1)
os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
names = {}
exec(sys.argv[1], names)
call = compile(sys.argv[2], "call", "exec")
for line in sys.stdin:
    names["path"], said = line[:-1], ""
    start = time.perf_counter()
    try:
        exec(call, names)
    except Exception as problem:
        said = f"{type(problem).__name__}: {problem}"
    milliseconds = (time.perf_counter() - start) * 1000
    with open("/proc/self/status") as status:
        peak = int(re.search(r"VmHWM:\\s*(\\d+)", status.read())[1]) / 1024
    print(json.dumps([milliseconds, peak, said]), file=out)
"""

Row = dict[
    str, Any
]  # "name", and what there is of "ms", "spread_ms", "ratio", "ratio_spread", "mb", "mb_ratio", "note"


class Sample(NamedTuple):
    """One run: milliseconds and peak resident megabytes, None where there is none, and why in words."""

    ms: float | None
    mb: float | None = None
    note: str = ""


def launched(command: Sequence[str | Path]) -> Sample:
    """A whole process, from its start to its end."""
    starter = [sys.executable, "-S", "-c", LAUNCHER, *command]
    done = subprocess.run(starter, capture_output=True, text=True, env=ENVIRONMENT, check=False)
    milliseconds, megabytes, code = map(float, done.stdout.split() or (0, 0, done.returncode))
    if code:
        return Sample(None, None, _last_line(done.stderr) or f"exit code {code:.0f}")
    return Sample(milliseconds, megabytes)


class Worker:
    """A process of an interpreter that has imported what a call needs, and times it."""

    def __init__(self, python: Path, setup: str, call: str) -> None:
        self.errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - lives as long as the process
        self.process = subprocess.Popen(
            [python, "-c", WORKER, setup, call],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            env=ENVIRONMENT,
        )

    def call(self, path: Path) -> Sample:
        """One call, and the peak of the process so far; no figures where it dies or takes longer than PATIENCE."""
        assert self.process.stdin  # noqa: S101 - a pipe
        assert self.process.stdout  # noqa: S101 - same
        clock = threading.Timer(PATIENCE, self.process.kill)
        clock.start()
        try:
            self.process.stdin.write(f"{path}\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        late = not clock.is_alive()
        clock.cancel()
        if line:
            return Sample(*json.loads(line))
        if late:
            return Sample(None, None, f"no result in {PATIENCE:.0f} s")
        code = self.process.wait()
        self.errors.seek(0)
        return Sample(None, None, _last_line(self.errors.read()) or f"exit code {code}")

    def close(self) -> None:
        """End the process."""
        with self.process:
            pass
        self.errors.close()


def rounds(tasks: Mapping[str, Callable[[], Sample]], runs: int, *, warm: bool = True) -> dict[str, list[Sample]]:
    """Each task once a round, and a round before that is not counted: it compiles bytecode and fills the page cache."""
    taken: dict[str, list[Sample]] = {name: [] for name in tasks}
    failed: dict[str, Sample] = {}
    for number in range(runs + warm):
        for name, task in tasks.items():
            if name in failed:
                continue
            sample = task()
            if sample.ms is None:
                failed[name] = sample
            elif number >= warm:
                taken[name].append(sample)
    return taken | {name: [sample] for name, sample in failed.items()}


def rows(taken: Mapping[str, Sequence[Sample]], peer: str) -> list[Row]:
    """Medians and spreads (of the middle half), and those of the ratios to the peer in the same round."""
    return [_row(name, samples, taken[peer]) for name, samples in taken.items()]


def _row(name: str, samples: Sequence[Sample], peer: Sequence[Sample]) -> Row:
    out: Row = {"name": name, "runs": len(samples)}
    times = [sample.ms for sample in samples if sample.ms is not None]
    if times:
        out["ms"], out["spread_ms"] = middle(times)
        pairs = [(own.ms, other.ms) for own, other in zip(samples, peer, strict=False)]
        if ratios := [own / other for own, other in pairs if own is not None and other is not None]:
            out["ratio"], out["ratio_spread"] = middle(ratios)
    megabytes, others = ([sample.mb for sample in side if sample.mb is not None] for side in (samples, peer))
    if megabytes:
        out["mb"] = middle(megabytes)[0]
        if others:
            out["mb_ratio"] = round(statistics.median(megabytes) / statistics.median(others), 3)
    if note := next((sample.note for sample in samples if sample.note), ""):
        out["note"] = note
    return out


def middle(values: Sequence[float]) -> tuple[float, float]:
    """The median, and how far apart the quartiles are: 0 of one value."""
    quartiles = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else (0.0, 0.0, 0.0)
    return round(statistics.median(values), 3), round(quartiles[2] - quartiles[0], 3)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else ""
