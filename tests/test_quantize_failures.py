"""What goes wrong around `tflint fix --quantize`: time, memory, room. The model is as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quantizing import DENSE, LARGE, built
from tflint.fix import quantizer
from tflint.model.read import read_model
from tflint.parity.process import Children

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_a_child_that_takes_too_long_is_an_outcome(tmp_path: Path) -> None:
    """The library is ended after the time that was given; the model stays."""
    model = built(DENSE, tmp_path)
    before = model.read_bytes()

    made = quantizer.make(model, read_model(model), [quantizer.Order("d", "dynamic")], {}, tmp_path, 0.05, Children())

    assert made.failures["d"].startswith("no answer within 0.05 seconds")
    assert model.read_bytes() == before


def test_a_child_without_memory_is_an_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it dies of as memory runs out is said of that variant."""
    monkeypatch.setattr(quantizer, "_memory", lambda: 1 << 20)
    model = built(LARGE, tmp_path)

    made = quantizer.make(model, read_model(model), [quantizer.Order("d", "dynamic")], {}, tmp_path, 60, Children())

    assert not made.files
    assert made.failures["d"] == "out of memory (at start)"
