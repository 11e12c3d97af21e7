"""Samples: what both models are given, and where that came from. Saved and read again as `.npz`."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

MARK = "__tflint__"  # the entry of a saved file that says what it is
_NUMBERED = re.compile(r"(\d+)/(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Samples:
    """Rows of {input: value}. `origin` says where they come from, `notes` what each input was made of.

    `empty`: those that are padding alone, of which frameworks may think differently. `labels`: of each row what is no
    input of the model, such as what is the right answer.
    """

    rows: tuple[Mapping[str, Any], ...]
    origin: str
    notes: tuple[str, ...] = ()
    empty: tuple[int, ...] = ()
    labels: tuple[Mapping[str, Any], ...] = ()

    def only(self, indices: Iterable[int]) -> Samples:
        """Some of them."""
        wanted = tuple(indices)
        labels = tuple(self.labels[index] for index in wanted) if self.labels else ()
        return Samples(tuple(self.rows[index] for index in wanted), self.origin, labels=labels)


def save(samples: Samples, path: Path) -> None:
    """Write them as `.npz`: `0/ids`, `0/mask`, `1/ids`... Raises TflintError."""
    told = samples.labels or ({},) * len(samples.rows)
    rows = [{**labels, **row} for row, labels in zip(samples.rows, told, strict=True)]
    arrays = {f"{index}/{name}": value for index, row in enumerate(rows) for name, value in row.items()}
    about = {"samples": len(samples.rows), "origin": samples.origin, "notes": list(samples.notes)}
    write_arrays(path, {**about, "empty": list(samples.empty)}, arrays)


def load(path: Path) -> Samples:
    """Samples of a `.npz` (one sample by input names, or several as `save` writes them), or of a folder of those.

    Raises TflintError for what is neither.
    """
    if path.is_dir():
        files = sorted(path.glob("*.npz"))
        if not files:
            raise TflintError(f"{path}: no .npz file in it")
        return Samples(tuple(row for file in files for row in load(file).rows), f"{len(files)} files of {path}")
    about, arrays = read_arrays(path)
    if "parity" in about:
        raise TflintError(f"{path}: results of a run, where samples are wanted")
    rows = numbered(arrays)
    if rows is None:
        return Samples((arrays,), str(path))
    origin = f"{path}, saved from {about['origin']}" if "origin" in about else str(path)
    return Samples(tuple(rows), origin, tuple(map(str, about.get("notes", ()))), tuple(about.get("empty", ())))


def numbered(arrays: Mapping[str, Any]) -> list[dict[str, Any]] | None:
    """Rows of arrays whose names are `0/name`, `1/name`...; None when they are not so."""
    rows: dict[int, dict[str, Any]] = {}
    for key, value in arrays.items():
        match = _NUMBERED.fullmatch(key)
        if match is None:
            return None
        rows.setdefault(int(match[1]), {})[match[2]] = value
    return [rows[index] for index in sorted(rows)] or None


def read_arrays(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """What a file says of itself ({} when nothing), and its arrays. Raises TflintError for what is no such file."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
        about = dict(json.loads(str(arrays.pop(MARK)))) if MARK in arrays else {}
    except OSError as problem:
        raise TflintError(f"{path}: {problem.strerror or 'not a .npz file'}") from None
    except Exception as problem:  # noqa: BLE001 - zipfile, zlib, numpy and json have errors of their own: what they mean is one
        text = str(problem).partition("\n")[0]
        raise TflintError(f"{path}: not a .npz file of plain arrays: {text}") from None
    return about, arrays


def write_arrays(path: Path, about: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write a file whole or not at all. Raises TflintError."""
    import io  # noqa: PLC0415 - for who saves
    import zipfile  # noqa: PLC0415 - same

    from tflint.report import write_bytes  # noqa: PLC0415 - same

    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for key, value in {MARK: np.array(json.dumps(about)), **arrays}.items():
            with archive.open(f"{key}.npy", "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(value), allow_pickle=False)
    write_bytes(path, out.getvalue())
