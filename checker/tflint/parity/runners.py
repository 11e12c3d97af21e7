"""Run a model on samples in a process of its own, with a time limit: a crash, a hang or no memory is a result."""

from __future__ import annotations

import importlib.util
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError
from tflint.parity import results as saved
from tflint.parity.entry import entries, pick, plain_port
from tflint.parity.process import RUNNER, SOURCES, Process
from tflint.parity.results import SAVED, TFLITE_RUNNERS
from tflint.parity.values import fed
from tflint.source import ENDINGS, FUNCTION, INSIDE, by_torch, refuse_code, source_of, untrusted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.parity.entry import Entry
    from tflint.parity.process import Children
    from tflint.parity.results import Results
    from tflint.parity.samples import Samples

DEFAULT, BUILTIN = "default", "builtin"
RUNNERS = dict(zip((DEFAULT, BUILTIN), TFLITE_RUNNERS, strict=True))
TFLITE = "tflite"
PACKAGES = {
    "checkpoint": "transformers with torch (of tf_model.h5 alone: with tensorflow and tf-keras)",
    "torch": "torch",
    "keras": "tensorflow or keras",
}
TIMEOUT = 600.0  # seconds for all samples of one model
EXTRA = "tflint verify runs models: install tflint with its extra `verify`"


def run(
    source: str,
    samples: Samples,
    *,
    signature: str | None = None,
    entry: Entry | None = None,
    mode: str = DEFAULT,
    registerers: tuple[str, ...] = (),
    python: str = sys.executable,
    timeout: float = TIMEOUT,
    children: Children | None = None,
    wanted: tuple[str, ...] = (),
    trusted: bool = False,
) -> Results:
    """Outputs of a `.tflite` model, of a model of another framework, or those that were saved in a `.npz`.

    `entry`: the one whose inputs the samples are; of another framework, that of the model that it is compared with.
    `mode`: with default delegates, or with builtin kernels alone as on a phone. `children`: started before, of which
    one is taken. `wanted`: outputs of another framework's model, none named: all. `trusted`: code that a file holds may
    run. Raises TflintError for a source that is not there or not trusted, for samples that are not its inputs', and
    where there is no runtime.
    """
    kind = kind_of(source)
    if kind == SAVED:
        return saved.load(Path(source))
    if entry is None:
        entry = pick(entries(open_source(source)), signature, source)
    request: dict[str, Any] = {
        "source": source if kind == "python" else str(Path(source).resolve()),
        "kind": kind,
        "mode": mode,
        "wanted": wanted,
    }
    if kind == TFLITE:
        require_runtime(python)
    elif kind != "python" and not Path(source).exists():
        raise TflintError(f"no such file: {source}")
    else:
        spec = source_of(source)
        if not trusted:
            refuse_code(spec)
        request |= {"trusted": trusted, "by_torch": by_torch(spec)}
    with closing(children.take() if children else Process(RUNNER if kind == TFLITE else SOURCES, python)) as process:
        request |= {**_ops(registerers, python), **described(entry, samples, process.folder)}
        failure = process.ask(request, timeout)
        answer, arrays = process.answer() if not failure else ({}, {})
    if "refused" in answer:
        raise TflintError(f"{answer['refused']} ({python})")
    if "untrusted" in answer:
        raise untrusted(source, answer["untrusted"])
    if "missing" in answer:
        packages = PACKAGES.get(kind, "tensorflow")
        raise TflintError(
            f"{source} takes {packages}, and {python} has no {answer['missing']}: install it there, or name an "
            "environment that has it with --python"
        )
    outputs = [plain_port(port) for port in entry.outputs] if kind == TFLITE else answer.get("outputs", [])
    about: dict[str, Any] = {
        "source": source,
        "runner": RUNNERS[mode] if kind == TFLITE else kind,
        "signature": entry.key,
        "outputs": [{**port, "position": port.get("position", place)} for place, port in enumerate(outputs)],
        "rows": answer.get("rows", []),
        "failure": failure or answer.get("failure", ""),
        "leaks": answer.get("leaks", False),
        "varies": answer.get("varies", False),
        "seconds": answer.get("seconds", []),
        "memory": answer.get("memory"),
    }
    return saved.read_plain(about, arrays)


def kind_of(source: str) -> str:
    """What a source is: tflite, saved (outputs of an earlier run), or of which framework."""
    path = Path(source)
    if path.is_dir():
        inside = next((kind for name, kind in INSIDE.items() if (path / name).exists()), "")
        return inside or (SAVED if any(path.glob("*.npz")) else TFLITE)
    if not path.exists() and FUNCTION.fullmatch(source):
        return "python"
    return SAVED if path.suffix in (".npz", ".jsonl") else ENDINGS.get(path.suffix, TFLITE)


def intermediates(
    source: str,
    sample: Samples,
    entry: Entry,
    tensors: Iterable[int],
    registerers: tuple[str, ...],
    python: str,
    timeout: float,
) -> tuple[dict[int, Any], str]:
    """Values of tensors of an entry's subgraph after one sample on builtin kernels, and why there are none."""
    request: dict[str, Any] = {"source": str(Path(source).resolve()), "mode": BUILTIN, **_ops(registerers, python)}
    with closing(Process(RUNNER, python)) as process:
        request |= {**described(entry, sample, process.folder), "keep": sorted(tensors)}
        failure = process.ask(request, timeout) or process.answer()[0].get("failure", "")
        if failure:
            return {}, failure
        with np.load(process.folder / "tensors.npz", allow_pickle=False) as archive:
            return {int(key): archive[key] for key in archive.files}, ""


def _ops(registerers: tuple[str, ...], python: str) -> dict[str, Any]:
    """Which ops there are. `linked`: the interpreter is wanted that libraries of ops, and Flex, are linked to."""
    return {"registerers": list(registerers), "linked": bool(registerers) or python != sys.executable}


def open_source(source: str) -> Any:
    """The model of a file. Raises TflintError."""
    from tflint.open import open_model  # noqa: PLC0415 - not for saved results

    return open_model(Path(source))


def require_runtime(python: str = sys.executable) -> None:
    """Raise TflintError, which says what to install, where this environment has no runtime."""
    if python == sys.executable and importlib.util.find_spec("ai_edge_litert") is None:
        raise TflintError(EXTRA)


def described(entry: Entry, samples: Samples, folder: Path) -> dict[str, Any]:
    """What the child needs to know of the entry and its samples, which are put beside it as raw tensors."""
    arrays = {}
    for index, row in enumerate(samples.rows):
        for place, port in enumerate(entry.inputs):
            if port.name not in row:
                raise TflintError(f"sample {index + 1} has no input '{port.name}'; it has {', '.join(row) or 'none'}")
            arrays[f"{index}/{place}"] = fed(row[port.name], port)
    np.savez(folder / "samples.npz", **arrays)
    return {
        "signature": entry.key,
        "subgraph": entry.subgraph,
        "inputs": [plain_port(port) for port in entry.inputs],
        "outputs": [plain_port(port) for port in entry.outputs],
        "samples": str(folder / "samples.npz"),
        "count": len(samples.rows),
    }
