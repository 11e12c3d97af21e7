"""Throughput of `tflint check` over many files by one process and by several, interleaved in one run.

    python benchmarks/jobs.py --corpus FOLDER [--files 2000] [--jobs 2] [--runs 3] [--tflint BARE/bin/tflint]

The corpus is repeated, by links, to that many files. Bytecode is compiled first. Each figure is the median of the runs;
the ratio is what counts, and 2 jobs on 2 idle cores have to reach 1.7. The share of the parent's processor time says
what keeps it from 2.
"""

from __future__ import annotations

import argparse
import compileall
import itertools
import os
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
ENVIRONMENT = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
PARENT = """
import os, subprocess, sys
from tflint.__main__ import run
try:
    run(sys.argv[1:])
except SystemExit:
    pass
mine, theirs = os.times()[:2], os.times()[2:4]
print(sum(mine), sum(theirs), file=sys.stderr)
"""


def repeated(corpus: Path, files: int, folder: Path) -> None:
    """Fill a folder with links to the models of a corpus."""
    models = sorted(corpus.rglob("*.tflite"))
    for number, model in enumerate(itertools.islice(itertools.cycle(models), files)):
        place = folder / f"{number // len(models):03}"
        place.mkdir(exist_ok=True)
        (place / model.name).symlink_to(model.resolve())


def run(python: Path, folder: Path, jobs: int) -> tuple[float, float, float]:
    """Seconds by the clock, of the parent's processor time and of its processes'."""
    command: list[str | Path] = [
        python,
        "-c",
        PARENT,
        "check",
        "--isolated",
        "--exit-zero",
        "-f",
        "concise",
        "-j",
        str(jobs),
        folder,
    ]
    began = time.perf_counter()
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT, check=True
    )
    mine, theirs = map(float, done.stderr.split()[-2:])
    return time.perf_counter() - began, mine, theirs


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--tflint", type=Path, default=Path(sys.executable).with_name("tflint"))
    args = parser.parse_args()
    packages = next(args.tflint.parent.parent.glob("lib/python*/site-packages"), sysconfig.get_path("purelib"))
    for place in (ROOT / "checker", ROOT / "rules", packages):
        compileall.compile_dir(place, quiet=2, workers=0)
    taken: dict[int, list[tuple[float, float, float]]] = {1: [], args.jobs: []}
    with tempfile.TemporaryDirectory() as scratch:
        repeated(args.corpus, args.files, Path(scratch))
        for _ in range(args.runs):
            for jobs, rows in taken.items():
                rows.append(run(args.tflint.with_name("python"), Path(scratch), jobs))
    alone = statistics.median(clock for clock, _, _ in taken[1])
    for jobs, rows in taken.items():
        clock, mine, theirs = (statistics.median(column) for column in zip(*rows, strict=True))
        rate, share = args.files / clock, mine / (mine + theirs)
        work = f"{mine + theirs:6.1f} s of processor time, {share:4.0%} of it in the parent"
        print(f"{jobs} jobs: {clock:6.1f} s, {rate:6.1f} files/s, {alone / clock:.2f}x, {work}")


if __name__ == "__main__":
    main()
