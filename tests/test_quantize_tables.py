"""Quantized models as runtimes of the past and models of text want them: tables of int8, weights in the FlatBuffer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from command import tflint
from quantizing import RANDOM, built, quantized, values
from tflint.fixer.document import open_document
from tflint.fixer.lookup import narrow
from tflint.model.read import read_model

if TYPE_CHECKING:
    from pathlib import Path

TABLE = RANDOM.normal(size=(64, 32)).round(4)
TEXT = f"""
ids: int32[1,4]
table: float32[64,32] = const {values(TABLE)}
rows: float32[1,4,32] = GATHER(table, ids)
w: float32[48,32] = const {values(RANDOM.normal(size=(48, 32)))}
y: float32[1,4,48] = FULLY_CONNECTED(rows, w, -) keep_num_dims=true
signature serve(ids=ids) -> (y=y)
"""
ROWS = TEXT.partition("w:")[0] + "signature serve(ids=ids) -> (y=rows)\n"
TIED = TEXT.replace("signature", "z: float32[1,4,64] = FULLY_CONNECTED(rows, table, -) keep_num_dims=true\nsignature")


@pytest.mark.parametrize("scheme", ["dynamic", "weight-only-int8"])
def test_a_table_of_rows_is_int8(scheme: str, tmp_path: Path) -> None:
    """The converter's dynamic range has it so, and the library does not: most bytes of a model of text are there."""
    model = built(TEXT, tmp_path)

    [variant] = quantized(model, scheme)["variants"]

    assert variant["logit_difference"] < 2
    gather = next(op for op in read_model(model).ops if op.name == "GATHER")
    assert (gather.inputs[0].dtype, gather.outputs[0].dtype, gather.version) == ("int8", "int8", 2)  # type: ignore[union-attr]
    assert model.stat().st_size < TABLE.size * 4


def test_rows_are_rounded_to_the_nearest_of_one_scale(tmp_path: Path) -> None:
    """What is looked up is within half a step of what was in the table."""
    model = built(ROWS, tmp_path)
    document = open_document(model)

    assert narrow(document) == 1

    runtime = Interpreter(model_content=bytes(document))
    ids = np.array([[0, 5, 63, 5]], np.int32)
    found = runtime.get_signature_runner("serve")(ids=ids)["y"]
    step = np.abs(TABLE).max() / 127
    assert 0 < np.abs(found[0] - TABLE[ids[0]]).max() <= step * 0.5001


def test_a_table_that_others_read_too_stays(tmp_path: Path) -> None:
    """Weights that embedding and output layer share are no table alone."""
    assert narrow(open_document(built(TIED, tmp_path))) == 0


def test_old_runtimes_find_the_weights(tmp_path: Path) -> None:
    """The library puts weights behind the FlatBuffer; before TFLite 2.14 nobody looks there."""
    model = built(TEXT, tmp_path)

    assert quantized(model, "weight-only-int8", "-t", "tflite-2.9")["kept"] == "weight-only-int8"

    checked = tflint("check", model, "-t", "tflite-2.9", "--select", "TFL804", cwd=tmp_path)
    assert checked.returncode == 0
    assert all(not buffer.outside for buffer in read_model(model).buffers)
