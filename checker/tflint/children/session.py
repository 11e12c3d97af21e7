"""Samples through a model, whatever runs it: what came out, how long that took, and whether state leaks."""

from __future__ import annotations

import re
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from .exchange import line, stage


def storable(value: Any) -> Any:
    """A value as .npz holds it without pickles: strings in hexadecimal."""
    if value.dtype.kind != "O":
        return value
    texts = [item.hex() if isinstance(item, bytes) else str(item).encode().hex() for item in value.reshape(-1)]
    return np.array(texts, dtype="U").reshape(value.shape)


def same(one: list[Any], other: list[Any]) -> bool:
    """Bit for bit."""
    return all(a.shape == b.shape and a.tobytes() == b.tobytes() for a, b in zip(one, other))  # noqa: B905 - 3.9 too


class Session:
    """Runs of all samples, and what was seen on the way."""

    def __init__(self, model: Any, samples: list[dict[str, Any]], folder: Path) -> None:
        self.model, self.samples, self.folder = model, samples, folder
        self.rows: list[list[Any] | str] = []
        self.seconds: list[float] = []

    def attempt(self, index: int) -> list[Any] | str:
        """Outputs of a sample, or why there are none; after that nothing is left of the interpreter."""
        stage(self.folder, f"sample {index + 1}")
        start = time.perf_counter()
        try:
            row = [storable(value) for value in self.model(self.samples[index])]
        except Exception as error:  # noqa: BLE001 - whatever stands behind it is a result
            self.model.fresh()
            return line(error)
        self.seconds.append(time.perf_counter() - start)
        return row

    def all(self) -> tuple[bool, bool]:
        """Run them; tell whether state leaks from run to run, and whether answers vary even without that.

        A sample that is run again has to give the same answer. Where it does not, each sample gets a new interpreter.
        """
        self.rows = [self.attempt(index) for index in range(len(self.samples))]
        first = next((i for i, row in enumerate(self.rows) if not isinstance(row, str)), None)
        if first is None or self._again(first):
            return False, False
        self.rows = []
        for index in range(len(self.samples)):
            self.model.fresh()
            self.rows.append(self.attempt(index))
        self.model.fresh()
        return True, not self._again(first)

    def _again(self, index: int) -> bool:
        before, after = self.rows[index], self.attempt(index)
        return not isinstance(before, str) and not isinstance(after, str) and same(before, after)


def samples_of(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The samples of a request, by the names of the inputs."""
    with np.load(request["samples"], allow_pickle=False) as archive:
        return [
            {port["name"]: archive[f"{index}/{place}"] for place, port in enumerate(request["inputs"])}
            for index in range(request["count"])
        ]


def answered(session: Session, folder: Path) -> dict[str, Any]:
    """Run all samples, write what came out, and give the rest of the answer."""
    leaks, varies = session.all()
    arrays = {
        f"{index}/{place}": value
        for index, row in enumerate(session.rows)
        if not isinstance(row, str)
        for place, value in enumerate(row)
    }
    np.savez(folder / "rows.npz", **arrays)
    reasons = [row if isinstance(row, str) else None for row in session.rows]
    seconds = session.seconds
    return {"leaks": leaks, "varies": varies, "rows": reasons, "seconds": seconds, "memory": peak()}


def peak() -> int | None:
    """Peak memory of this process in bytes, where the system tells.

    Linux starts `ru_maxrss` of a new program at the peak of the process that started it; `VmHWM` is its own.
    """
    status = Path("/proc/self/status")
    if status.exists():
        own = re.search(r"^VmHWM:\s*(\d+) kB$", status.read_text(), re.MULTILINE)
        return int(own[1]) * 1024 if own else None
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
