"""Throw damaged models at the whole check: nothing but findings may come out, each within 2 s and 300 MB in all.

    python scripts/fuzz.py [--mutations 100000] [--truncations 500] [--seed 1] [--corpus DIR ...]

Truncations: every byte of files under 16 kB, so many random ones of each larger one. Mutations: bytes, words, vtable
and offset-like words, swapped and repeated slices of small files. A file that raises or is slow is kept in --keep.
Exit 1 when there is one. The check runs with several targets, all rules, and each text report now and then.
"""

from __future__ import annotations

import argparse
import random
import re
import struct
import sys
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.engine import Plan, check_model, unreadable
from tflint.findings import Report
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode
from tflint.registry import catalogue
from tflint.report import FORMATS, Style, render
from tflint.runtimes.profile import resolve
from tflint.sketch import show

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
TARGETS = ("litert", "litert-1.0.1", "tflite-2.3", "tflite-2.12+flex", "tflm", "litert+compiled")
SECONDS, MEGABYTES = 2.0, 300
SMALL = 16 * 1024
ODD = (0, 1, 2, 4, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFFFFFC, 0x10000)


def truncations(data: bytes, count: int, rng: random.Random) -> Iterator[bytes]:
    """Cuts of a file."""
    ends = range(len(data)) if len(data) < SMALL else sorted(rng.randrange(len(data)) for _ in range(count))
    for end in ends:
        yield data[:end]


def mutant(data: bytes, rng: random.Random) -> bytes:
    """One damaged copy."""
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 8))):
        at = rng.randrange(8, max(9, len(out) - 4))
        kind = rng.randrange(6)
        if kind == 0:
            out[at] = rng.randrange(256)
        elif kind == 1:
            out[at] ^= 1 << rng.randrange(8)
        elif kind == 2:
            struct.pack_into("<I", out, at & ~3, rng.choice(ODD))
        elif kind == 3:
            struct.pack_into("<H", out, at & ~1, rng.choice(ODD) & 0xFFFF)
        elif kind == 4:
            word = struct.unpack_from("<I", out, at & ~3)[0]
            struct.pack_into("<I", out, at & ~3, (word + rng.choice((-8, -4, -1, 1, 4, 8))) & 0xFFFFFFFF)
        else:
            source, length = rng.randrange(len(out) - 4), rng.choice((4, 8, 16, 64))
            out[at : at + length] = out[source : source + length][: len(out) - at]
    return bytes(out)


class Checker:
    """The whole check, from bytes."""

    def __init__(self) -> None:
        profiles = tuple(map(resolve, TARGETS))
        self.plan = Plan(tuple(catalogue().values()), profiles, deep=True)
        self.count = 0

    def check(self, data: bytes) -> None:
        """Check, show, and every hundredth time render all reports."""
        self.count += 1
        try:
            model = decode(data)
        except MalformedModelError as problem:
            file = unreadable("fuzz", len(data), problem.reason, self.plan)
        else:
            file = check_model(model, self.plan, "fuzz")
            if self.count % 10 == 0:
                show(model)
        crashed = [finding for finding in file.findings if finding.rule.code == "TFL000"]
        if crashed:
            raise RuntimeError(crashed[0].message)
        if self.count % 100 == 0:
            report = Report((file,), TARGETS)
            for kind in FORMATS:
                render(kind, report, Style(color="never"))


def own_peak() -> int:
    """Peak memory of this program in bytes: `ru_maxrss` starts at the peak of the process that started it (Linux)."""
    own = re.search(r"^VmHWM:\s*(\d+) kB$", Path("/proc/self/status").read_text(), re.MULTILINE)
    return int(own[1]) * 1024 if own else 0


def main() -> int:
    """Run; print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=100_000)
    parser.add_argument("--truncations", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--corpus", type=Path, nargs="*", default=[ROOT / "examples" / "models"])
    parser.add_argument("--keep", type=Path, help="folder for the files that failed")
    args = parser.parse_args()
    rng = random.Random(args.seed)  # noqa: S311 - reproducible, not secret
    files = [path.read_bytes() for folder in args.corpus for path in sorted(folder.glob("*.tflite"))]
    small = [data for data in files if 64 < len(data) < SMALL] or files
    checker, failures, slowest = Checker(), 0, 0.0

    def cases() -> Iterator[bytes]:
        for data in files:
            yield from truncations(data, args.truncations, rng)
        for _ in range(args.mutations):
            yield mutant(rng.choice(small), rng)

    for data in cases():
        start = time.perf_counter()
        try:
            checker.check(data)
        except Exception:  # noqa: BLE001 - that is what we look for
            problem = traceback.format_exc()
        else:
            problem = ""
        elapsed = time.perf_counter() - start
        slowest = max(slowest, elapsed)
        if problem or elapsed > SECONDS:
            failures += 1
            print(problem or f"{elapsed:.1f} s")
            if args.keep:
                args.keep.mkdir(parents=True, exist_ok=True)
                (args.keep / f"{failures}.tflite").write_bytes(data)
    peak = own_peak() / 1e6
    print(f"{checker.count:,} files, {failures} failures, slowest {slowest:.2f} s, peak {peak:.0f} MB")
    return 1 if failures or peak > MEGABYTES else 0


if __name__ == "__main__":
    sys.exit(main())
