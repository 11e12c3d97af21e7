"""Models a second of a folder, by `--jobs`, beside a plain loop over the same files."""

from __future__ import annotations

import itertools
import os
import sys
from typing import TYPE_CHECKING, Any

from measure import launched, rounds, rows
from peers import READ_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOP = f"{READ_MODEL} in a loop"
PROGRAM = """
import sys
from pathlib import Path
from ai_edge_litert.tools import flatbuffer_utils
for path in sorted(Path(sys.argv[1]).rglob("*.tflite")):
    try:
        flatbuffer_utils.read_model(str(path))
    except Exception as problem:  # a corpus has models that are none
        print(path, problem)
"""


def section(corpus: Path, files: int, tflint: Path, runs: int, scratch: Path) -> dict[str, Any]:
    """Processes from their start to their end; a corpus of fewer files is repeated by links."""
    folder = scratch / "corpus"
    models = _repeated(corpus, files, folder)
    check: list[str | Path] = [tflint, "check", "--isolated", "--exit-zero", "-f", "concise", "-j"]
    by_jobs = {f"tflint check --jobs {jobs}": str(jobs) for jobs in _jobs(os.cpu_count() or 1)}
    tasks = {name: lambda jobs=jobs: launched([*check, jobs, folder]) for name, jobs in by_jobs.items()}
    tasks[LOOP] = lambda *_: launched([sys.executable, "-c", PROGRAM, folder])
    taken = rounds(tasks, runs)
    groups = []
    for peer, names in ((LOOP, tuple(tasks)), (next(iter(by_jobs)), tuple(by_jobs))):
        table = rows({name: taken[name] for name in names}, peer)
        for row in table:
            if "ms" in row:
                row["per_second"] = round(files / row["ms"] * 1000, 1)
        groups.append({"title": f"{files:,} files of {models} models", "peer": peer, "rows": table})
    return {"name": "throughput", "title": "Many models", "groups": groups}


def _jobs(cores: int) -> Iterator[int]:
    """Powers of two, and all cores."""
    yield from itertools.takewhile(lambda jobs: jobs < cores, (1 << power for power in itertools.count()))
    yield cores


def _repeated(corpus: Path, files: int, folder: Path) -> int:
    """Fill a folder with links to the models of a corpus; how many there are."""
    models = sorted(corpus.rglob("*.tflite"))
    if not models:
        raise SystemExit(f"no .tflite below {corpus}")
    for number, model in enumerate(itertools.islice(itertools.cycle(models), files)):
        place = folder / f"{number // len(models):03}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}-{model.name}").symlink_to(model.resolve())
    return len(models)
