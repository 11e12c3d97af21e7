"""`tflint verify`: where two models part ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from command import tflint
from tflint.model.read import read_model
from tflint.parity.verify import Options, verify
from verifying import CORPUS, WEIGHT, report, text, two

if TYPE_CHECKING:
    from pathlib import Path

DEEP = """
x: float32[1,4]
w: float32[4,4] = const {weight}
h: float32[1,4] = FULLY_CONNECTED(x, w, -)
t: float32[1,4] = TANH(h)
w2: float32[4,4] = const {second}
h2: float32[1,4] = FULLY_CONNECTED(t, w2, -)
y: float32[1,4] = LOGISTIC(h2)
"""


def test_the_operator_where_two_models_part_ways_is_named(tmp_path: Path) -> None:
    """The first whose error jumps, in graph order, though all that follow are wrong too."""
    old = DEEP.format(weight=text(WEIGHT), second=text(WEIGHT))
    found = report(tmp_path, old, DEEP.format(weight=text(WEIGHT), second=text(WEIGHT.T)), rc=1)

    layers = found["entries"][0]["layers"]
    assert (layers["compared"], layers["operators"], layers["problem"]) == (4, 4, "")
    assert (layers["jump"]["op"], layers["jump"]["index"], layers["jump"]["tensor"]) == ("FULLY_CONNECTED", 2, "h2")
    assert layers["worst"][0]["tensor"] == "h2"
    done = tflint("verify", "old.tflite", "new.tflite", cwd=tmp_path)
    assert "diverges at FULLY_CONNECTED #2 'h2': error " in done.stdout


def test_layers_can_be_asked_for(tmp_path: Path) -> None:
    """Also where the outputs agree."""
    found = report(tmp_path, two(), two(), "--per-layer", rc=0)

    assert found["entries"][0]["layers"] == {
        "sample": 0,
        "compared": 3,
        "operators": 3,
        "problem": "",
        "jump": None,
        "worst": [],
    }


@pytest.mark.skipif(not CORPUS.exists(), reason="no corpus here")
def test_a_planted_layer_of_a_published_model_is_named(tmp_path: Path) -> None:
    """The weights of its second convolution are a tenth larger: that operator is where the two part ways."""
    source = CORPUS / "e5004c6f1012__kws_ref_model_float32.tflite"
    model = read_model(source)
    op = [op for op in model.ops if op.name == "CONV_2D"][1]
    weight = op.inputs[1]
    assert weight is not None
    assert weight.buffer is not None
    data = bytearray(source.read_bytes())
    values = np.frombuffer(data, np.float32, weight.buffer.size // 4, weight.buffer.start)
    values *= np.float32(1.1)
    (tmp_path / "new.tflite").write_bytes(data)
    found = verify(str(source), str(tmp_path / "new.tflite"), options=Options(count=2, modes=("builtin",)))

    assert not found.holds
    layers = found.parts[0].layers
    assert layers is not None
    assert layers.jump is not None
    assert (layers.jump.op, layers.jump.index) == ("CONV_2D", op.index)
    assert layers.jump.incoming == 0
