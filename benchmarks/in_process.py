"""Warm figures in one process: python benchmarks/in_process.py MODEL RUNS; JSON on standard output."""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from ai_edge_litert.tools import flatbuffer_utils

from tflint.engine import Plan, check_file
from tflint.model.read import read_model
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> None:
    """Interleave the three, after a round to warm up."""
    path, runs = Path(sys.argv[1]), int(sys.argv[2])
    plan = Plan(tuple(catalogue().values()), (resolve("litert"),))
    tasks: dict[str, Callable[[], object]] = {
        "flatbuffer_utils.read_model": lambda: flatbuffer_utils.read_model(str(path)),
        "tflint read": lambda: read_model(path),
        "tflint check": lambda: check_file(path, plan),
    }
    times: dict[str, list[float]] = {name: [] for name in tasks}
    for number in range(runs + 1):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            if number:
                times[name].append((time.perf_counter() - start) * 1000)
    out = {}
    for name, values in times.items():
        quartiles = statistics.quantiles(values, n=4)
        out[name] = {"ms": statistics.median(values), "spread": quartiles[2] - quartiles[0]}
    print(json.dumps(out))


if __name__ == "__main__":
    main()
