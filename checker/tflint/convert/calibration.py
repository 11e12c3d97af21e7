"""Calibration samples for a converter's own quantization: looked at before it gets them, for it takes anything."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError
from tflint.fixer.calibration import by_entry
from tflint.parity.entry import Entry, Port
from tflint.parity.recorded import recorded

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tflint.parity.samples import Samples
    from tflint.parity.texts import Tokenizer


def calibrated(spec: str, inputs: Mapping[str, Any], tokenizer: Tokenizer) -> dict[str | None, Samples]:
    """The samples of `spec` as the inputs of each signature take them.

    `inputs`: signature -> name -> [sizes, None where open, or None of unknown rank; dtype]. Raises TflintError for
    samples that would calibrate wrongly in silence.
    """
    found = tuple(_entry(key, ports) for key, ports in inputs.items())
    return by_entry(recorded(spec, partial(tokenizer.samples, entries=found)), found)


def _entry(key: str, inputs: Mapping[str, Any]) -> Entry:
    ports = tuple(
        Port(name, dtype, None if sizes is None else tuple(-1 if size is None else size for size in sizes))
        for name, (sizes, dtype) in inputs.items()
    )
    return Entry(key, 0, ports, ())


def stored(samples: Mapping[str | None, Samples], file: Path) -> dict[str, Any]:
    """What a child's request says of the samples of each signature, which are written to `file`. Raises TflintError."""
    signatures: list[dict[str, Any]] = []
    arrays: dict[str, Any] = {}
    for place, (key, given) in enumerate(samples.items()):
        names = list(given.rows[0])
        signatures.append({"key": key, "names": names, "count": len(given.rows)})
        for index, row in enumerate(given.rows):
            arrays |= {f"{place}/{index}/{port}": row[name] for port, name in enumerate(names)}
    try:
        with file.open("wb") as out:
            np.savez(out, allow_pickle=False, **arrays)
    except OSError as problem:
        raise TflintError(f"{file}: {problem.strerror or problem}", 1) from None
    return {"samples": str(file), "sampled": signatures}
