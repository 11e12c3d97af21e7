"""Throw damaged models at the whole check: nothing but findings may come out, each within 5 s and 300 MB in all.

    python scripts/fuzz.py [--checks 100000] [--truncations 50] [--seed 1] [--seeds DIR ...] [--keep DIR]

Seeds: the models that the examples of rules build, and those of the folders: small ones, and one time in fifty one of
up to 64 kB. First come truncations, every byte of a file under 16 kB, so many of each larger one, then mutants. A file
that is a failure is kept in --keep. Exit 1 when there is one. `fuzz_check.py` says what is checked, `fuzz_seeds.py` how
models are damaged; `tests/fuzz/` has the same check under atheris.
"""

from __future__ import annotations

import argparse
import random
import re
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from fuzz_check import WholeCheck, spent
from fuzz_seeds import ROOT, Mutator, of_folders, of_rules, truncations

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL, LARGE = 4 * 1024, 64 * 1024
RARELY = 50  # mutants of which one is of a large seed
MEGABYTES = 300
WARM = 2_000  # checks after which growth is counted: by then everything is imported


def cases(seeds: list[bytes], truncated: int, checks: int, rng: random.Random) -> Iterator[bytes]:
    """What is to be checked."""
    small = Mutator([data for data in seeds if len(data) <= SMALL], rng)
    large = Mutator([data for data in seeds if len(data) > SMALL] or small.seeds, rng)
    done = 0
    for data in seeds if truncated else ():
        for cut in truncations(data, truncated, rng):
            done += 1
            yield cut
    for number in range(max(0, checks - done)):
        yield (small if number % RARELY else large).mutant()


def memory(line: str) -> float:
    """Megabytes: "VmHWM", the peak of this program alone, or "VmRSS", what it holds (Linux; 0 elsewhere)."""
    status = Path("/proc/self/status")
    own = re.search(rf"^{line}:\s*(\d+) kB$", status.read_text(), re.MULTILINE) if status.exists() else None
    return int(own[1]) / 1024 if own else 0.0


class Tally:
    """What happened; what is kept of it goes to a folder."""

    def __init__(self, keep: Path | None) -> None:
        self.keep, self.failures = keep, 0
        self.slowest = self.warm = 0.0
        if keep:
            keep.mkdir(parents=True, exist_ok=True)

    def failed(self, data: bytes, problem: str) -> None:
        """Say it and keep the file."""
        self.failures += 1
        print(problem, flush=True)
        self._kept(f"{self.failures}.tflite", data)

    def took(self, data: bytes, seconds: float) -> None:
        """Keep the slowest."""
        if seconds > self.slowest:
            self.slowest = seconds
            self._kept("slowest.tflite", data)

    def _kept(self, name: str, data: bytes) -> None:
        if self.keep:
            (self.keep / name).write_bytes(data)


def main() -> int:
    """Run; print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--checks", type=int, default=100_000)
    parser.add_argument("--truncations", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=Path, nargs="*", default=[ROOT / "examples" / "models"])
    parser.add_argument("--keep", type=Path, help="folder for the files that failed, and the slowest")
    args = parser.parse_args()
    rng = random.Random(args.seed)  # noqa: S311 - reproducible, not secret
    seeds = of_rules() + of_folders(args.seeds)
    checker, tally, began = WholeCheck(), Tally(args.keep), time.monotonic()

    def summary() -> str:
        rate = checker.count / (time.monotonic() - began)
        return (
            f"{checker.count:,} files, {checker.malformed:,} of them malformed, {tally.failures} failures, "
            f"{len({rule for rule, *_ in checker.seen})} rules found something, {rate:.0f}/s, slowest "
            f"{tally.slowest:.2f} s, peak {memory('VmHWM'):.0f} MB, grown by {memory('VmRSS') - tally.warm:.0f} MB"
        )

    for data in cases([data for data in seeds if len(data) <= LARGE], args.truncations, args.checks, rng):
        start = spent()
        try:
            checker.check(data)
        except Exception:  # noqa: BLE001 - that is what we look for
            tally.failed(data, traceback.format_exc())
        tally.took(data, spent() - start)
        if checker.count == WARM:
            tally.warm = memory("VmRSS")
        if checker.count % 50_000 == 0:
            print(summary(), flush=True)
    print(summary())
    return 1 if tally.failures or memory("VmHWM") > MEGABYTES else 0


if __name__ == "__main__":
    sys.exit(main())
