"""Calibration samples for a converter's own quantization: looked at before it gets them, for it takes anything."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError
from tflint.fix.calibration import checked
from tflint.parity.entry import Entry, Port
from tflint.parity.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def calibrated(spec: str, inputs: Mapping[str, Any], file: Path) -> dict[str, Any]:
    """What a child's request says of the samples of `spec`, which are written to `file` in the order of its inputs.

    `inputs`: name -> [sizes, None where open, or None of unknown rank; dtype]. Raises TflintError for samples that
    would calibrate wrongly in silence.
    """
    ports = tuple(
        Port(name, dtype, None if sizes is None else tuple(-1 if size is None else size for size in sizes))
        for name, (sizes, dtype) in inputs.items()
    )
    rows = checked(recorded(spec), Entry(None, 0, ports, ())).rows
    names = [port.name for port in ports]
    arrays = {f"{index}/{place}": row[name] for index, row in enumerate(rows) for place, name in enumerate(names)}
    try:
        with file.open("wb") as out:
            np.savez(out, allow_pickle=False, **arrays)
    except OSError as problem:
        raise TflintError(f"{file}: {problem.strerror or problem}", 1) from None
    return {"samples": str(file), "count": len(rows), "sample_names": names}
