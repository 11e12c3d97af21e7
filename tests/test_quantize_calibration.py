"""Calibration data, looked at before anything is calibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from quantizing import DENSE, built
from tflint.errors import TflintError
from tflint.fixer.calibration import by_entry, checked
from tflint.model.read import read_model
from tflint.parity.entry import entries
from tflint.parity.samples import Samples

if TYPE_CHECKING:
    from pathlib import Path

CALIBRATION = [
    ((), "no samples in the test"),
    (({"x": [[0.5] * 16], "q": [1]},), "calibration sample 1: no input 'q'"),
    (({"X": [[0.5] * 16]},), "calibration sample 1: no input 'X' (did you mean 'x'?); the model has x"),
    (({},), "calibration sample 1 lacks the input 'x'"),
    (({"x": [[0.5] * 15]},), "input 'x' takes float32[1,16], and the sample is [1,15]"),
    (({"x": np.zeros((1, 16), "u1")},), "input 'x' is float32 and the sample uint8: give what the model is given"),
    (({"x": [["a"] * 16]},), "input 'x' takes float32[1,16], and the sample is <U1"),
    (({"x": [[0.5] * 15 + [float("nan")]]},), "the sample of input 'x' has NaN or infinities"),
    (({"x": [[0.25] * 16]}, {"x": [[0.25] * 16]}), "every value of the input 'x' is 0.25"),
    (({"x": [list(range(16))]}, {"x": [list(range(16))]}), "its 2 samples are one and the same"),
]


@pytest.mark.parametrize(("rows", "sentence"), CALIBRATION, ids=[row[1][:40] for row in CALIBRATION])
def test_calibration_data_is_looked_at_before_it_is_used(
    rows: tuple[dict[str, Any], ...], sentence: str, tmp_path: Path
) -> None:
    """What would calibrate in silence and wrongly is refused with the reason."""
    [entry] = entries(read_model(built(DENSE, tmp_path)))
    samples = Samples(tuple({name: np.asarray(v) for name, v in row.items()} for row in rows), "the test")

    with pytest.raises(TflintError) as refused:
        checked(samples, entry)

    assert sentence in refused.value.message


def test_good_calibration_data_is_cast(tmp_path: Path) -> None:
    """float64 and the integers of JSON become what the input takes; few samples are told."""
    [entry] = entries(read_model(built(DENSE, tmp_path)))
    rows = tuple({"x": np.arange(16).reshape(1, 16) + number} for number in range(3))

    found = by_entry(Samples(rows, "the test"), (entry,))["serve"]

    assert [row["x"].dtype for row in found.rows] == [np.dtype("f4")] * 3
    assert found.notes == ("3 calibration samples: ranges of a few hundred are better",)
