"""Let coverage lead the damage: libFuzzer, by atheris, on the reader or on the whole check.

    pip install --group fuzz
    python scripts/fuzz_atheris.py reader|check CORPUS [-runs=100000] [-max_total_time=600] [more libFuzzer options]

CORPUS is a folder that keeps what reached new code; an empty one is filled with small models first. Stops with the file
`crash-...` at an exception that is no MalformedModelError, a rule that raised, 5 s, or 300 MB more than the program
takes before. Half of the mutants are libFuzzer's own, half those of `fuzz_seeds.py`.
"""

from __future__ import annotations

import random
import resource
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["tflint", "tflint_rules"]):
    from fuzz_check import SECONDS, WholeCheck
    from fuzz_seeds import ROOT, SHARED, Mutator, of_folders, of_rules
    from tflint.model.flatbuf import MalformedModelError
    from tflint.model.read import decode

    CHECKER = WholeCheck()  # it imports every rule

SEED_BYTES = 4 * 1024
MEGABYTES = 300


def read(data: bytes) -> None:
    """Target: nothing but MalformedModelError may leave the reader."""
    try:
        decode(data)
    except MalformedModelError:
        return


def check(data: bytes) -> None:
    """Target: the whole check ends, and no rule raises."""
    CHECKER.check(data)


def mutated(data: bytes, most: int, seed: int) -> bytes:
    """A mutant of what libFuzzer chose."""
    rng = random.Random(seed)  # noqa: S311 - reproducible, not secret
    if len(data) < SEED_BYTES // 64 or rng.randrange(2):
        return bytes(atheris.Mutate(data, most))
    return Mutator([data], rng).mutant()[:most]


def main() -> None:
    """Hand over to libFuzzer, which ends the process."""
    if len(sys.argv) < 3 or sys.argv[1] not in TARGETS:
        sys.exit(__doc__)
    target, corpus, *options = sys.argv[1:]
    folder = Path(corpus)
    folder.mkdir(parents=True, exist_ok=True)
    if not any(folder.iterdir()):
        seeds = of_rules() + of_folders([ROOT / "examples/models", SHARED / "bad", SHARED / "corpus/files"], SEED_BYTES)
        for number, data in enumerate(seeds):
            if len(data) <= SEED_BYTES:
                (folder / f"seed-{number}").write_bytes(data)
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024  # by code with its counters, before any model
    limits = [
        f"-timeout={SECONDS:.0f}",
        f"-rss_limit_mb={held + MEGABYTES}",
        f"-max_len={2 * SEED_BYTES}",
        "-len_control=0",
    ]
    atheris.Setup([sys.argv[0], corpus, *limits, *options], TARGETS[target], custom_mutator=mutated)
    atheris.Fuzz()


TARGETS = {"reader": read, "check": check}

if __name__ == "__main__":
    main()
