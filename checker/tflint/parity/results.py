"""What came of running samples through one model; as JSON and arrays, or of outputs that were saved."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError
from tflint.parity.entry import Port, plain_port, read_port
from tflint.parity.recorded import recorded
from tflint.parity.samples import numbered, read_arrays

if TYPE_CHECKING:
    from pathlib import Path

SAVED = "saved"
TFLITE_RUNNERS = ("default delegates", "builtin kernels")


@dataclass(frozen=True, slots=True)
class Results:
    """Outputs of each sample, or why there are none: a crash or a time limit is a result."""

    source: str
    runner: str
    """How it ran: `default delegates`, `builtin kernels`, `saved`, `keras`..."""
    key: str | None = None
    """Its signature; None: by position."""
    outputs: tuple[Port, ...] = ()
    rows: tuple[tuple[Any, ...] | str, ...] = ()
    """Raw values in the order of `outputs`, or the reason why this sample has none."""
    failure: str = ""
    """Why there is nothing at all."""
    leaks: bool = False
    """The same sample gave another answer the second time, variables reset: state leaks from run to run."""
    varies: bool = False
    """Not even a new interpreter gives the same answer."""
    seconds: tuple[float, ...] = ()
    """Of each sample that ran, input to output."""
    memory: int | None = None
    """Peak of the process in bytes, interpreter and numpy included."""

    @property
    def ran(self) -> bool:
        """Some sample has outputs."""
        return not self.failure and any(not isinstance(row, str) for row in self.rows)

    @property
    def of_tflite(self) -> bool:
        """It is the answer of an interpreter, whose signatures callers know by name."""
        return self.runner in TFLITE_RUNNERS

    @property
    def named(self) -> bool:
        """Callers know its outputs by name, and not by position."""
        return self.key is not None or not self.of_tflite

    @property
    def problem(self) -> str:
        """Why there is nothing at all, or for the first sample that has none."""
        return self.failure or next((row for row in self.rows if isinstance(row, str)), "")

    @property
    def latency(self) -> float | None:
        """Median seconds of a run."""
        return median(self.seconds) if self.seconds else None


def plain(results: Results) -> dict[str, Any]:
    """Everything but the arrays, as JSON."""
    return {
        "source": results.source,
        "runner": results.runner,
        "signature": results.key,
        "outputs": [plain_port(port) for port in results.outputs],
        "rows": [row if isinstance(row, str) else None for row in results.rows],
        "failure": results.failure,
        "leaks": results.leaks,
        "varies": results.varies,
        "seconds": list(results.seconds),
        "memory": results.memory,
    }


def read_plain(about: dict[str, Any], arrays: dict[str, Any], prefix: str = "") -> Results:
    """Results of what `plain` gave and of arrays `PREFIX0/1`: second output of the first sample."""
    outputs = tuple(map(read_port, about["outputs"]))
    rows = tuple(
        reason if reason is not None else tuple(arrays[f"{prefix}{index}/{place}"] for place in range(len(outputs)))
        for index, reason in enumerate(about["rows"])
    )
    return Results(
        str(about["source"]),
        str(about["runner"]),
        about["signature"],
        outputs,
        rows,
        str(about["failure"]),
        bool(about["leaks"]),
        bool(about["varies"]),
        tuple(map(float, about["seconds"])),
        about["memory"],
    )


def arrays_of(results: Results, prefix: str = "") -> dict[str, Any]:
    """The arrays, named as `read_plain` finds them."""
    return {
        f"{prefix}{index}/{place}": value
        for index, row in enumerate(results.rows)
        if not isinstance(row, str)
        for place, value in enumerate(row)
    }


def load(path: Path) -> Results:
    """The outputs of samples by their names: `.npz` of one or of several, a folder of the former, or `.jsonl`.

    Raises TflintError.
    """
    if path.is_dir():
        parts = [load(file) for file in sorted(path.glob("*.npz"))]
        if any(part.outputs != parts[0].outputs for part in parts):
            raise TflintError(f"{path}: .npz files with the same outputs are wanted, one a sample")
        return Results(str(path), SAVED, None, parts[0].outputs, tuple(row for part in parts for row in part.rows))
    if path.suffix == ".jsonl":
        return _of_rows(path, [dict(row) for row in recorded(str(path)).rows])
    about, arrays = read_arrays(path)
    if "parity" in about:
        raise TflintError(f"{path}: results of both sides: `tflint verify --load` judges them")
    return _of_rows(path, numbered(arrays) or [arrays])


def _of_rows(path: Path, rows: list[dict[str, Any]]) -> Results:
    """Outputs of samples, by their names."""
    names = list(rows[0])
    if any(list(row) != names for row in rows):
        raise TflintError(f"{path}: its samples have different outputs")
    ports = tuple(Port(name, str(rows[0][name].dtype), position=place) for place, name in enumerate(names))
    return Results(str(path), SAVED, None, ports, tuple(tuple(row.values()) for row in rows))
