"""`tflint verify`: what is planted is caught, what is the same passes, and whatever a model does is a result."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from command import tflint
from models import SHARED
from tflint import sketch
from tflint.parity.gates import EXACT
from tflint.parity.verify import Options, verify

if TYPE_CHECKING:
    from pathlib import Path

CORPUS = SHARED / "corpus" / "files"
WEIGHT = np.random.default_rng(1).uniform(-1, 1, (4, 4)).round(3)
TWO = """
x: float32[1,4]
w: float32[4,4] = const {weight}
h: float32[1,4] = FULLY_CONNECTED(x, w, -)
a: float32[1,4] = TANH(h)
b: float32[1,4] = LOGISTIC(h)
signature serve(x=x) -> (first={first}, second={second})
"""
FIFTY = "x: float32[1,4]\n" + "".join(
    f"c{i}: float32[1] = const [{1 + i / 7}]\ny{i}: float32[1,4] = MUL(x, c{i})\n" for i in range(50)
)
INT8 = """
x: int8[1,4] q=0.01+3
w: int8[4,4] q=[0.01,0.01,0.01,0.01]+[0,0,0,0]@0 = const [1,50,-3,7,9,-90,2,100,5,6,70,-8,33,12,-44,5]
b: int32[4] q=[0.0001,0.0001,0.0001,0.0001]+[0,0,0,0]@0 = const [0,100,-100,50]
h: int8[1,4] q=0.02-5 = FULLY_CONNECTED.v4(x, w, b)
k: int8[1,4] q=0.02+0 = const [9,-20,30,40]
s: int8[1,4] q=0.03+1 = ADD.v2(h, k)
f: float32[1,4] = DEQUANTIZE.v2(s)
signature serve(x=x) -> (y=f)
"""


def text(values: Any) -> str:
    """An array as a sketch has it."""
    return json.dumps(np.asarray(values).reshape(-1).tolist())


def two(weight: Any = WEIGHT, first: str = "a", second: str = "b") -> str:
    """A model of two outputs."""
    return TWO.format(weight=text(weight), first=first, second=second)


def report(folder: Path, old: str, new: str, *arguments: str, rc: int) -> dict[str, Any]:
    """The JSON report of two sketches."""
    for name, model in (("old", old), ("new", new)):
        (folder / f"{name}.tflite").write_bytes(sketch.build(model))
    done = tflint("verify", "old.tflite", "new.tflite", "-f", "json", "--samples", "3", *arguments, cwd=folder)
    assert (done.returncode, done.stderr) == (rc, "")
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["holds"] is (rc == 0)
    return found


def test_a_model_answers_as_itself(tmp_path: Path) -> None:
    """Bit for bit, with delegates and without, and the numbers are there."""
    found = report(tmp_path, two(), two(), "--metric", "exact", rc=0)

    runs = found["entries"][0]["runs"]
    assert [run["candidate"]["runner"] for run in runs] == ["default delegates", "builtin kernels"]
    assert [[out["output"] for out in run["outputs"]] for run in runs] == [["first", "second"]] * 2
    numbers = runs[0]["outputs"][0]["numbers"]
    assert (numbers["max_abs"], numbers["cosine"], numbers["same_bits"]) == (0, pytest.approx(1), True)


def test_swapped_outputs_are_caught(tmp_path: Path) -> None:
    """Outputs are bound by the names of the signature, wherever they stand."""
    found = report(tmp_path, two(), two(first="b", second="a"), rc=1)

    assert len(found["reasons"]) == 4
    assert "output 'first': not max abs" in found["reasons"][0]


def test_a_transposed_weight_is_caught(tmp_path: Path) -> None:
    """Of a square matrix, so that all shapes stay as they were."""
    found = report(tmp_path, two(), two(WEIGHT.T), rc=1)

    assert all(not out["holds"] for run in found["entries"][0]["runs"] for out in run["outputs"])


def test_one_output_of_fifty_is_caught(tmp_path: Path) -> None:
    """Each output has a verdict of its own: 1 % in one is not lost among the others."""
    found = report(tmp_path, FIFTY, FIFTY.replace(f"const [{1 + 33 / 7}]", f"const [{(1 + 33 / 7) * 1.01}]"), rc=1)

    failed = {out["output"] for run in found["entries"][0]["runs"] for out in run["outputs"] if not out["holds"]}
    assert failed == {"y33"}


def test_nan_on_one_side_is_caught_by_any_gate(tmp_path: Path) -> None:
    """No limit covers it; NaN on both sides is the same."""
    bad = two().replace("TANH(h)", "SQRT(h)")
    found = report(tmp_path, two(), bad, "--metric", "atol:1e9", rc=1)

    assert "are NaN or infinite on one side only" in found["reasons"][0]
    report(tmp_path, bad, bad, rc=0)


@pytest.mark.parametrize(
    ("tensor", "wrong"),
    [("k: int8[1,4] q=0.02+0", "k: int8[1,4] q=0.02+9"), ("h: int8[1,4] q=0.02-5", "h: int8[1,4] q=0.02+127")],
)
def test_a_wrong_zero_point_is_caught(tmp_path: Path, tensor: str, wrong: str) -> None:
    """Of a constant, whose values shift, and of an activation, which clips what it held."""
    assert tensor in INT8
    found = report(tmp_path, INT8, INT8.replace(tensor, wrong), rc=1)

    assert "output 'y'" in found["reasons"][0]


def test_a_resized_input_is_caught_before_values(tmp_path: Path) -> None:
    """A signature runner resizes whatever it is given, so shapes come first."""
    found = report(tmp_path, two(), two().replace("[1,4]", "[3,4]"), rc=1)

    assert found["reasons"] == ["signature 'serve': input 'x' is float32[3,4], the reference's float32[1,4]"]
    assert found["entries"][0]["runs"] == []


@pytest.mark.skipif(not CORPUS.exists(), reason="no corpus here")
@pytest.mark.parametrize("name", ["e27f84423ba1__cnn_s_quantized", "23ee331f4ee7__model_magic_wand"])
def test_published_models_answer_as_themselves(name: str) -> None:
    """Bit for bit."""
    path = str(CORPUS / f"{name}.tflite")
    found = verify(path, path, gates=EXACT, options=Options(count=2))

    assert found.reasons == ()
    assert found.holds
