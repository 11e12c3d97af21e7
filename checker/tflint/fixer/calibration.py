"""Calibration data, looked at before it is used: what calibrates in silence and wrongly is refused here.

The converter turns an empty generator, samples of a wrong shape and NaN into a model without a word; ai-edge-quantizer
takes the ranges of whatever it is given.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError, nearest
from tflint.fixer.refusal import NEEDED
from tflint.parity.accuracy import LABEL
from tflint.parity.recorded import POSITIONS
from tflint.parity.samples import Samples
from tflint.parity.values import fed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.parity.entry import Entry, Port

PARITY_ROWS = 16  # samples of calibration data that parity is judged by
FEW = 32  # samples; TFLite's guide asks for a few hundred


def some(samples: Samples) -> Samples:
    """Those of calibration data that parity is judged by, where nobody names others."""
    step = max(1, -(-len(samples.rows) // PARITY_ROWS))
    return replace(samples.only(range(0, len(samples.rows), step)), origin=f"calibration data, {samples.origin}")


def by_entry(samples: Samples, found: tuple[Entry, ...]) -> dict[str | None, Samples]:
    """Samples of each entry by its key: of several signatures, those whose inputs a sample has. Raises TflintError."""
    if len(found) == 1:
        return {found[0].key: checked(samples, found[0])}
    rows: dict[str | None, list[Any]] = {entry.key: [] for entry in found}
    for number, row in enumerate(samples.rows, 1):
        taken = [entry for entry in found if {port.name for port in entry.inputs} in (set(row), set(row) - {LABEL})]
        if not taken:
            raise TflintError(f"calibration sample {number} has {', '.join(row)}: no signature has just these inputs")
        for entry in taken:
            rows[entry.key].append(row)
    missing = [key for key, given in rows.items() if not given]
    if missing:
        raise TflintError(
            f"calibration: no samples of the signature '{missing[0]}', and every one has to be calibrated"
        )
    return {entry.key: checked(Samples(tuple(rows[entry.key]), samples.origin), entry) for entry in found}


def checked(samples: Samples, entry: Entry) -> Samples:
    """The samples as the model takes them, cast where nothing is lost.

    Raises TflintError for no samples, names, shapes and types that are not those of the inputs, NaN and infinities, and
    values that say nothing of a range: all equal, or one sample over and over.
    """
    if not samples.rows:
        raise TflintError(f"calibration: no samples in {samples.origin}: {NEEDED}")
    rows = tuple(_row(row, entry, f"calibration sample {number}") for number, row in enumerate(samples.rows, 1))
    for port in entry.inputs:
        _varied([row[port.name] for row in rows], port)
    if len(rows) > 1 and entry.inputs and all(_same(row, rows[0]) for row in rows[1:]):
        raise TflintError(f"calibration: its {len(rows)} samples are one and the same: {NEEDED}")
    notes = samples.notes
    if len(rows) < FEW:
        notes = (*notes, f"{len(rows)} calibration samples: ranges of a few hundred are better")
    return Samples(rows, samples.origin, notes)


def _row(row: Mapping[str, Any], entry: Entry, where: str) -> dict[str, Any]:
    """One sample by the names of the inputs."""
    names = [port.name for port in entry.inputs]
    places = {f"{POSITIONS}{place}": port.name for place, port in enumerate(entry.inputs)}
    taken = {places.get(name, name): value for name, value in row.items()}
    given = {name: np.asarray(value) for name, value in taken.items() if name in names or name != LABEL}
    for name in given:
        if name.startswith(POSITIONS) and name not in names:
            raise TflintError(f"{where} has {len(given)} values, the model {len(names)} inputs ({', '.join(names)})")
        if name not in names:
            raise TflintError(f"{where}: no input {name!r}{nearest(name, names)}; the model has {', '.join(names)}")
    missing = [name for name in names if name not in given]
    if missing:
        raise TflintError(f"{where} lacks the input {missing[0]!r}; it has {', '.join(given) or 'none'}")
    return {port.name: _value(given[port.name], port, where) for port in entry.inputs}


def _value(value: Any, port: Port, where: str) -> Any:
    """A value as the input takes it."""
    floating = port.dtype.startswith("float") and port.affine is None
    if floating and (value.dtype.kind == "b" or (value.dtype.kind in "iu" and value.dtype.itemsize == 1)):
        raise TflintError(f"{where}: input '{port.name}' is {port.dtype} and the sample {value.dtype}: give what the "
                          "model is given, scaled and shifted as the application does")  # fmt: skip
    try:
        return fed(value, port)
    except TflintError as problem:
        raise TflintError(f"{where}: {problem.message}") from None


def _varied(values: list[Any], port: Port) -> None:
    """Raise TflintError for a floating-point input that is one value everywhere."""
    if not port.dtype.startswith("float") or not values[0].size:
        return
    first = values[0].reshape(-1)[0]
    if sum(value.size for value in values) > 1 and all((value == first).all() for value in values):
        raise TflintError(f"calibration: every value of the input '{port.name}' is {first:g}: {NEEDED}")


def _same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(np.array_equal(value, other[name]) for name, value in one.items())
