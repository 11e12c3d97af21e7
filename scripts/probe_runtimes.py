"""Probe installed runtimes and keep what they answered: scripts/runtime_probes.json.

    python scripts/probe_runtimes.py PYTHON...

Each PYTHON is the interpreter of an environment that holds one runtime. The answer of a release replaces its earlier
one; scripts/generate_runtimes.py holds the shipped tables against these answers and takes from them what the facts
files leave open.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tflint.runtimes.probe import ask

ANSWERS = Path(__file__).with_name("runtime_probes.json")


def main(pythons: list[str]) -> None:
    """Ask each and merge."""
    answers = json.loads(ANSWERS.read_text(encoding="utf-8")) if ANSWERS.exists() else {}
    for python in pythons:
        answer = ask(Path(python))
        release = f"{answer['package']}-{answer['version']}"
        answers[release] = dict(sorted(answer.items()))
        print(f"{release}: {len(answer['kernels'])} kernels")
    rows = (f"{json.dumps(release)}: {json.dumps(answers[release])}" for release in sorted(answers))
    ANSWERS.write_text("{\n" + ",\n".join(rows) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
