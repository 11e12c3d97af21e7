"""Write docs/performance.md and docs/benchmark.svg from docs/benchmark.json, what `benchmarks/run.py` measured.

python scripts/generate_performance.py [--check]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import generated

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "benchmarks"))

import plot
import table

DOCS = Path(__file__).resolve().parents[1] / "docs"
HEAD = """# Performance

`tflint check` reads a model's structure and never its weights: what it takes grows with operators, not with bytes.
These figures are of `benchmarks/run.py`, which measures tflint beside what else reads `.tflite` files: the same file,
in the same run, in turns. A ratio is to the peer that its group names: the median over rounds, of both in the same
round. ± is half the spread of the middle half. Peak memory is that of the process, imports included.

The peers do other things. LiteRT makes a model ready to run; `flatbuffer_utils.read_model` of ai-edge-litert and the
reader of ethos-u-vela make Python objects of it; TensorFlow's Analyzer, in C++, prints its graph and what a GPU
delegate would not take. None of them judges it by rules.

![Time and peak memory by operators and by bytes of weights](benchmark.svg)

{about}

[The same as JSON](benchmark.json).

"""


def build() -> dict[Path, bytes]:
    """The page and the picture."""
    found = json.loads((DOCS / "benchmark.json").read_text(encoding="utf-8"))
    tables = "\n".join(map(table.of_section, found["sections"]))
    page = HEAD.format(about=table.summary(found["about"])) + tables
    return {DOCS / "performance.md": page.encode(), DOCS / "benchmark.svg": plot.svg(found["sections"]).encode()}


if __name__ == "__main__":
    generated.main(__doc__, build)
