"""`tflint verify`: what is planted is caught, and what is the same passes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command import tflint
from models import shared_rows
from tflint import sketch
from tflint.parity.gates import EXACT
from tflint.parity.verify import Options, verify
from verifying import CLEAN, CORPUS, INT8, WEIGHT, report, two

if TYPE_CHECKING:
    from pathlib import Path

FIFTY = "x: float32[1,4]\n" + "".join(
    f"c{i}: float32[1] = const [{1 + i / 7}]\ny{i}: float32[1,4] = MUL(x, c{i})\n" for i in range(50)
)
LEAKS = """
graph main(x) -> (y)
() = CALL_ONCE() init_subgraph_index=1
x: float32[1,4]
v: resource[1] = VAR_HANDLE() container="" shared_name="v"
r: float32[1,4] = READ_VARIABLE(v)
y: float32[1,4] = ADD(x, r)
() = ASSIGN_VARIABLE(v, y)
graph init() -> ()
z: float32[1,4] = const [0,0,0,0]
u: resource[1] = VAR_HANDLE() container="" shared_name="v"
() = ASSIGN_VARIABLE(u, z)
"""


def test_a_model_answers_as_itself(tmp_path: Path) -> None:
    """Bit for bit, with delegates and without, and the numbers are there."""
    found = report(tmp_path, two(), two(), "--metric", "exact", rc=0, both=True)

    runs = found["entries"][0]["runs"]
    assert [run["candidate"]["runner"] for run in runs] == ["default delegates", "builtin kernels"]
    assert [[out["output"] for out in run["outputs"]] for run in runs] == [["first", "second"]] * 2
    numbers = runs[0]["outputs"][0]["numbers"]
    assert (numbers["max_abs"], numbers["cosine"], numbers["same_bits"]) == (0, pytest.approx(1), True)


def test_swapped_outputs_are_caught(tmp_path: Path) -> None:
    """Outputs are bound by the names of the signature, wherever they stand."""
    found = report(tmp_path, two(), two(first="b", second="a"), rc=1)

    assert len(found["reasons"]) == 2
    assert "output 'first': max abs / (max|reference| + 0.1) is 1." in found["reasons"][0]


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

    assert "NaN or infinity on one side only: " in found["reasons"][0]
    report(tmp_path, bad, bad, rc=0)


@pytest.mark.parametrize(
    ("tensor", "wrong"),
    [("k: int8[1,4] q=0.02+0", "k: int8[1,4] q=0.02+1"), ("h: int8[1,4] q=0.02-5", "h: int8[1,4] q=0.02+127")],
)
def test_a_wrong_zero_point_is_caught(tmp_path: Path, tensor: str, wrong: str) -> None:
    """Of a constant, whose values shift by a single step, and of an activation, which clips what it held."""
    assert tensor in INT8
    found = report(tmp_path, INT8, INT8.replace(tensor, wrong), rc=1)

    assert "output 'y'" in found["reasons"][0]


def test_a_resized_input_is_caught_before_values(tmp_path: Path) -> None:
    """A signature runner resizes whatever it is given, so shapes come first."""
    found = report(tmp_path, two(), two().replace("[1,4]", "[3,4]"), rc=1)

    assert found["reasons"] == ["signature 'serve': input 'x' is float32[3,4], the reference's float32[1,4]"]
    assert found["entries"][0]["runs"] == []


def test_state_that_leaks_is_caught(tmp_path: Path) -> None:
    """The same sample, variables reset, has to give the same answer; what both keep is told, and no failure."""
    found = report(tmp_path, CLEAN, LEAKS, rc=1)
    assert "state leaks between runs of the candidate" in found["reasons"][0]

    found = report(tmp_path, LEAKS, LEAKS, rc=0)
    assert found["entries"][0]["runs"][0]["notes"] == [
        "both keep state between runs: each sample got a new interpreter"
    ]


@pytest.mark.skipif(not CORPUS.exists(), reason="no corpus here")
@pytest.mark.parametrize("name", ["e27f84423ba1__cnn_s_quantized", "23ee331f4ee7__model_magic_wand"])
def test_published_models_answer_as_themselves(name: str) -> None:
    """Bit for bit."""
    path = str(CORPUS / f"{name}.tflite")
    found = verify(path, path, gates=EXACT, options=Options(count=2))

    assert found.reasons == ()
    assert found.holds


RUN = {name for name, row in shared_rows("truth.jsonl").items() if row["truth"]["litert-2.3.0"]["invoke"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RUN))
def test_every_published_model_answers_as_itself(name: str) -> None:
    """Whatever runs on zeros can be given random samples, and gives the same bits twice."""
    path = str(CORPUS / name)
    found = verify(path, path, gates=EXACT, options=Options(count=2))

    assert found.reasons == ()
    assert found.holds


def test_renamed_outputs_are_bound_as_told(tmp_path: Path) -> None:
    """A name that the candidate lacks is a failure until somebody says what it is called there."""
    renamed = two().replace("(first=a, second=b)", "(one=a, two=b)")
    found = report(tmp_path, two(), renamed, rc=1)
    assert "output 'first': the candidate has no such output" in found["reasons"][0]

    report(tmp_path, two(), renamed, "--bind", "first=one", "--bind", "second=two", rc=0)


def test_a_signature_answers_as_the_positions_did(tmp_path: Path) -> None:
    """A model without signatures and the same one with a signature: bound by position, and told so."""
    bare = two().replace("signature serve(x=x) -> (first=a, second=b)\n", "")
    named = two().replace("(first=a, second=b)", "(second=b, first=a)")
    found = report(tmp_path, bare, named, "--metric", "exact", rc=0)

    run = found["entries"][0]["runs"][0]
    assert (run["reference"]["signature"], run["candidate"]["signature"]) == (None, "serve")
    assert [(each["output"], each["candidate_output"]) for each in run["outputs"]] == [("a", "first"), ("b", "second")]
    assert "bound by position" in found["entries"][0]["notes"][0]


def test_each_signature_is_told_apart(tmp_path: Path) -> None:
    """All of them are compared, and each number says whose it is."""
    names = two() + "signature other(x=x) -> (first=b)\n"
    for name, model in (("old", names), ("new", names.replace("(first=b)", "(first=a)"))):
        (tmp_path / f"{name}.tflite").write_bytes(sketch.build(model))
    done = tflint("verify", "old.tflite", "new.tflite", "--delegates", "none", cwd=tmp_path)

    rows = [line.split()[:3] for line in done.stdout.split("\n") if line.startswith(("pass ", "FAIL "))]
    assert rows == [["FAIL", "other:", "first"], ["pass", "serve:", "first"], ["pass", "serve:", "second"]]
    assert "signature 'other': no difference inside (sample " in done.stdout
