"""Hold tflint against LiteRT on damaged models: what the runtime refuses or dies of, tflint must not call supported.

    python scripts/differential_fuzz.py [--files 20000] [--seed 1] [--seeds DIR ...] [--keep DIR]

Each file goes through the reader and the verdict for the release that is installed, and through its interpreter in a
child process. Disagreements:

  missed     the structure verifier refuses the file, and tflint reads it
  false      tflint calls the file malformed, and the interpreter is constructed
  loads-not  the interpreter is not constructed (or dies), and tflint's verdict is supported or partial
  allocates-not  `allocate_tensors()` fails (or dies), and tflint's verdict is supported, unless tensors take more
             memory than the child may have
  refused    the interpreter allocates, and tflint's verdict is unsupported

The last two are figures of the facts about kernels; the first three are failures, but for what KNOWN names: exit code
1. The first files of each kind and reason are kept in --keep. Ctrl-C ends the run with what was found so far.
"""

from __future__ import annotations

import argparse
import contextlib
import random
import re
import sys
import time
from collections import Counter
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from fuzz_seeds import ROOT, Mutator, of_folders, of_rules
from litert_child import MEMORY, Outcome, Runtime
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode
from tflint.runtimes.arena import plan_arena
from tflint.runtimes.profile import resolve
from tflint.runtimes.verdict import judge

FAILURES = ("missed", "false", "loads-not")
LARGEST = 64 * 1024
EXAMPLES = 5  # of one kind and reason that are kept
FINE = ("supported", "partial", "unknown")
KNOWN = {  # what the runtime or tflint says -> why the other does not
    "UnicodeDecodeError": "signature keys that are no UTF-8: the view escapes them, and does not tell",
    "Attempting to resize a fixed-size tensor": "a constant as an output: TFL904 says so, and some kernels allocate",
    "failed to get external value shape": "same",
    "failed to create XNNPACK runtime": "an output that nothing makes or that is made twice: TFL904 says so",
    "field tag ": "a field of TF 2.4's schema, which later ones call deprecated, and whose verifiers pass over it",
    "cond_output->type": "kernels give their output a dtype of their own, whatever the file says: not among the facts",
}


class Ours(NamedTuple):
    """What tflint says: malformed and why, or a verdict and its reasons; and the bytes that activations take."""

    value: str
    reason: str
    memory: int = 0


class Disagreement(NamedTuple):
    """Its kind, and what tflint and the runtime said, without numbers."""

    kind: str
    ours: str
    theirs: str


def judged(data: bytes, target: str) -> Ours:
    """What tflint makes of it."""
    try:
        model = decode(data)
    except MalformedModelError as problem:
        return Ours("malformed", problem.reason)
    verdict = judge(model, resolve(target))
    memory = max((plan_arena(graph).peak for graph in model.subgraphs), default=0)
    return Ours(verdict.value, ",".join(verdict.reasons), memory)


def compared(ours: Ours, theirs: Outcome) -> Disagreement | None:
    """How they disagree; None where they do not."""
    kind = ""
    if ours.value == "malformed":
        kind = "false" if theirs.stage in ("allocate", "ok") else ""
    elif theirs.stage == "verifier":
        kind = "missed"
    elif theirs.stage == "load" and ours.value in FINE:
        kind = "loads-not"
    elif theirs.stage == "allocate" and ours.value == "supported" and ours.memory < MEMORY // 2:
        kind = "allocates-not"
    elif theirs.stage == "ok" and ours.value == "unsupported":
        kind = "refused"
    return Disagreement(kind, _form(f"{ours.value} {ours.reason}"), _form(theirs.words)) if kind else None


def is_failure(difference: Disagreement) -> bool:
    """One that is neither a fact of kernels nor known."""
    return difference.kind in FAILURES and not any(words in f"{difference.ours} {difference.theirs}" for words in KNOWN)


def _form(words: str) -> str:
    return re.sub(r"-?\d[\d,]*", "n", " ".join(words.split()))[:160]


def main() -> int:
    """Run; print how often they agree, and each kind of disagreement."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=Path, nargs="*", default=[ROOT / "examples" / "models"])
    parser.add_argument("--keep", type=Path, help="folder for files that they disagree on")
    args = parser.parse_args()
    target = f"litert-{version('ai-edge-litert')}"
    rng = random.Random(args.seed)  # noqa: S311 - reproducible, not secret
    mutator = Mutator([data for data in of_rules() + of_folders(args.seeds) if len(data) <= LARGEST], rng)
    runtime, began = Runtime(), time.monotonic()
    pairs: Counter[str] = Counter()
    found: Counter[Disagreement] = Counter()
    with contextlib.suppress(KeyboardInterrupt):
        for _ in range(args.files):
            data = mutator.mutant()
            ours, theirs = judged(data, target), runtime.run(data)
            pairs[f"tflint {ours.value}, LiteRT {theirs.stage}{' died' if theirs.died else ''}"] += 1
            if difference := compared(ours, theirs):
                found[difference] += 1
                if args.keep and found[difference] <= EXAMPLES:
                    folder = args.keep / difference.kind
                    folder.mkdir(parents=True, exist_ok=True)
                    (folder / f"{list(found).index(difference)}-{found[difference]}.tflite").write_bytes(data)
    runtime.close()
    for pair, count in sorted(pairs.items()):
        print(f"{count:>9,}  {pair}")
    for index, (difference, count) in enumerate(found.items()):
        print(f"{difference.kind} {index}: {count:,} files; tflint: {difference.ours}; {target}: {difference.theirs}")
    failures = sum(count for difference, count in found.items() if is_failure(difference))
    print(f"{pairs.total():,} files against {target}, {failures} failures, {time.monotonic() - began:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
