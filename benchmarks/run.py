r"""Measure tflint beside what else reads .tflite models: the same file in the same run, in turns.

    python benchmarks/run.py --model MODEL --corpus FOLDER --tensorflow TF/bin/python --vela VELA/bin/python \
        --json docs/benchmark.json && python scripts/generate_performance.py

MODEL of the published figures is what `examples/mobilebert` makes: `tf_models.py --layers 2 --length 128`, and of that
`careless.py`. TF is an environment with tensorflow 2.21, VELA one with ethos-u-vela: without them their rows say so.
ai-edge-litert is in this environment. Takes about 8 minutes on two idle cores; `--quick` takes less than one and shows
that all works, no more.

Each figure is a median with the spread of the middle half; ratios are medians over rounds, each to the peer in the same
round. A first round is not counted: it compiles bytecode and fills the page cache.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cold
import imports
import machine
import operators
import table
import throughput
import warm
import weights
from peers import CONCISE, LITERT, READ, READ_MODEL, others, ours

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "examples" / "models"


def main() -> None:
    """Measure, print, write."""
    given = _arguments()
    began, before = time.perf_counter(), os.getloadavg()[0]
    sections = []
    with tempfile.TemporaryDirectory() as scratch:
        for section in measured(given, Path(scratch)):
            sections.append(section)
            print(table.of_section(section), flush=True)
    about = machine.about(before, given.tensorflow, given.vela)
    about |= {"quick": given.quick, "seconds": round(time.perf_counter() - began)}
    print(table.summary(about))
    if given.json:
        given.json.write_text(json.dumps({"about": about, "sections": sections}, indent=1) + "\n")


def measured(given: argparse.Namespace, scratch: Path) -> Iterator[dict[str, Any]]:
    """All sections, one after the other."""
    runs, few, files, most = (2, 1, 20, 10_000) if given.quick else (given.runs, 3, 500, 300_000)
    peers = list(others(given.tensorflow, given.vela))
    grown = [peer for peer in (*ours(), *peers) if peer.name in (CONCISE, READ, READ_MODEL, LITERT)]
    yield cold.section(given.model, given.tflint, peers, runs)
    yield warm.section(given.model, [*ours(), *peers], runs)
    yield throughput.section(given.corpus, files, given.tflint, few, scratch)
    yield operators.section(grown, few, most, scratch)
    yield weights.section(grown, few, scratch)
    yield imports.section(given.model, runs)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", type=Path, default=EXAMPLES / "clean.tflite")
    parser.add_argument("--corpus", type=Path, default=EXAMPLES, help="folder of models")
    parser.add_argument("--tensorflow", type=Path, metavar="PYTHON", help="that has TensorFlow")
    parser.add_argument("--vela", type=Path, metavar="PYTHON", help="that has ethos-u-vela")
    parser.add_argument(
        "--tflint",
        type=Path,
        metavar="PROGRAM",
        default=Path(sys.executable).with_name("tflint"),
        help="of a bare install, as users have it, for whole processes",
    )
    parser.add_argument("--runs", type=int, default=9, help="rounds; growth and many models have at most three")
    parser.add_argument("--quick", action="store_true", help="small and few: to see that it works")
    parser.add_argument("--json", type=Path, metavar="OUT")
    return parser.parse_args()


if __name__ == "__main__":
    main()
