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
CLEAN = """
x: float32[1,4]
z: float32[1,4] = const [0,0,0,0]
y: float32[1,4] = ADD(x, z)
"""
HANGS = """
graph main(x) -> (y)
x: float32[1,4]
y: float32[1,4] = WHILE(x) cond_subgraph_index=1 body_subgraph_index=2
graph cond(c) -> (t)
c: float32[1,4]
t: bool[] = const [1]
graph body(b) -> (e)
b: float32[1,4]
e: float32[1,4] = NEG(b)
"""


def test_state_that_leaks_is_caught(tmp_path: Path) -> None:
    """The same sample, variables reset, has to give the same answer; what both keep is told, and no failure."""
    found = report(tmp_path, CLEAN, LEAKS, rc=1)
    assert "state leaks between runs of the candidate" in found["reasons"][0]

    found = report(tmp_path, LEAKS, LEAKS, rc=0)
    assert found["entries"][0]["runs"][0]["notes"] == [
        "both keep state between runs: each sample got a new interpreter"
    ]


def test_a_model_that_never_ends_is_a_result(tmp_path: Path) -> None:
    """Its process is ended at the time limit, and the report says where it was."""
    found = report(tmp_path, CLEAN, HANGS, "--timeout", "5", "--delegates", "none", rc=1)

    assert found["reasons"] == [
        "with builtin kernels: the candidate does not run: no answer within 5 seconds (at sample 1)"
    ]


def test_a_process_that_dies_is_a_result(tmp_path: Path) -> None:
    """Here of a kernel library that aborts as it is loaded."""
    (tmp_path / "broken_ops.py").write_text("import os\nos.abort()\n")
    found = report(tmp_path, CLEAN, CLEAN, "--registerer", "broken_ops:register", rc=1)

    assert found["reasons"][0] == "with default delegates: neither runs: the process died of SIGABRT (at load)"


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


def test_results_are_judged_again(tmp_path: Path) -> None:
    """What both answered is kept, and other gates give another verdict without a run."""
    report(tmp_path, two(), two(WEIGHT.T), "--save", "kept.npz", rc=1)
    for name in ("old", "new"):
        (tmp_path / f"{name}.tflite").unlink()

    assert tflint("verify", "--load", "kept.npz", cwd=tmp_path).returncode == 1
    done = tflint("verify", "--load", "kept.npz", "--metric", "atol:9", cwd=tmp_path)
    assert done.returncode == 0
    assert "parity holds (gates: given)" in done.stdout


def test_samples_are_kept_and_given_again(tmp_path: Path) -> None:
    """What random samples were used is told, can be written and is read again."""
    found = report(tmp_path, two(), two(), "--save-inputs", "in.npz", rc=0)
    assert found["entries"][0]["samples"] == {
        "count": 3,
        "origin": "3 random samples of seed 0",
        "notes": ["x: float32[1,4], -1 to 1"],
    }

    again = report(tmp_path, two(), two(), "--inputs", "in.npz", rc=0)
    assert again["entries"][0]["samples"]["origin"] == "in.npz, saved from 3 random samples of seed 0"


def test_recorded_samples_of_every_form(tmp_path: Path) -> None:
    """One sample a `.npz`, a folder of them, JSON lines, a generator as calibration has it."""
    row = np.arange(4, dtype=np.float32).reshape(1, 4)
    (tmp_path / "many").mkdir()
    np.savez(tmp_path / "one.npz", x=row)
    np.savez(tmp_path / "many" / "a.npz", x=row)
    np.savez(tmp_path / "many" / "b.npz", x=row + 1)
    (tmp_path / "rows.jsonl").write_text('{"x": [[1, 2, 3, 4]]}\n\n{"x": [[0.5, 2, 3, 4]]}\n')
    (tmp_path / "data.py").write_text(
        "import numpy\ndef samples():\n    for i in range(3):\n        yield [numpy.full((1, 4), i)]\n"
    )
    for spec, count in (("one.npz", 1), ("many", 2), ("rows.jsonl", 2), ("data:samples", 3)):
        found = report(tmp_path, two(), two(), "--inputs", spec, rc=0)
        assert found["entries"][0]["samples"]["count"] == count


def test_a_metric_of_ones_own(tmp_path: Path) -> None:
    """A function of the outputs of both sides; a number needs a limit."""
    (tmp_path / "mine.py").write_text(
        "def worst(reference, candidate):\n"
        "    return max(abs(a - b).max() for n in reference for a, b in zip(reference[n], candidate[n]))\n"
    )
    arguments = "--metric", "atol:9", "--metric"
    report(tmp_path, two(), two(WEIGHT.T), *arguments, "mine:worst:5", rc=0)
    found = report(tmp_path, two(), two(WEIGHT.T), *arguments, "mine:worst:0.5", rc=1)

    assert found["reasons"][0].startswith("signature 'serve': with default delegates: mine:worst is ")


def test_renamed_outputs_are_bound_as_told(tmp_path: Path) -> None:
    """A name that the candidate lacks is a failure until somebody says what it is called there."""
    renamed = two().replace("(first=a, second=b)", "(one=a, two=b)")
    found = report(tmp_path, two(), renamed, rc=1)
    assert "output 'first': the candidate has no such output" in found["reasons"][0]

    report(tmp_path, two(), renamed, "--bind", "first=one", "--bind", "second=two", rc=0)


def test_the_configuration_sets_gates(tmp_path: Path) -> None:
    """With the reason, which is printed beside the verdict."""
    (tmp_path / "tflint.toml").write_text(
        '[models."new.tflite".parity]\nsamples = 2\nranges = { x = [0, 3] }\n'
        'metrics = [{ metric = "atol:9", output = "first", reason = "first is not used" }]\n'
    )
    found = report(tmp_path, two(), two(WEIGHT.T), rc=1)
    assert [reason.split("'")[3] for reason in found["reasons"]] == ["second", "second"]
    assert found["gates"] == {"name": "float32", "reason": "first is not used"}
    assert found["entries"][0]["samples"]["notes"] == ["x: float32[1,4], 0 to 3 as told"]


def test_saved_outputs_are_a_reference(tmp_path: Path) -> None:
    """Of another framework, by their names, with the samples that they are the answers to."""
    row = np.array([[0.1, -0.2, 0.3, 0.4]], np.float32)
    np.savez(tmp_path / "in.npz", x=row)
    hidden = row @ WEIGHT.T
    np.savez(tmp_path / "out.npz", first=np.tanh(hidden).astype(np.float32), second=1 / (1 + np.exp(-hidden)))
    (tmp_path / "m.tflite").write_bytes(sketch.build(two()))

    assert tflint("verify", "out.npz", "m.tflite", "--inputs", "in.npz", cwd=tmp_path).returncode == 0
    (tmp_path / "m.tflite").write_bytes(sketch.build(two(WEIGHT.T)))
    assert tflint("verify", "out.npz", "m.tflite", "--inputs", "in.npz", cwd=tmp_path).returncode == 1
    done = tflint("verify", "out.npz", "m.tflite", cwd=tmp_path)
    assert (done.returncode, "need the samples" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("old.tflite",), "write tflint verify REFERENCE CANDIDATE"),
        (("old.tflite", "gone.tflite"), "no such file: gone.tflite"),
        (("old.tflite", "old.tflite", "--metric", "cosin:1"), "no metric 'cosin' (did you mean 'cosine'?)"),
        (("old.tflite", "old.tflite", "--metric", "cosine"), "write METRIC:LIMIT"),
        (("old.tflite", "old.tflite", "--range", "y=0:1"), "--range: no input 'y'"),
        (("old.tflite", "old.tflite", "--range", "x=1"), "--range x=1: the least and the largest value"),
        (("old.tflite", "old.tflite", "--inputs", "gone.npz"), "no such file: gone.npz"),
        (("old.tflite", "old.tflite", "--inputs", "old.tflite"), "old.tflite: not a .npz file"),
        (("old.tflite", "old.tflite", "--inputs", "bad.npz"), "sample 1: input 'x' takes float32[1,4]"),
        (("old.tflite", "old.tflite", "--inputs", "nan.npz"), "has NaN or infinities"),
        (("old.tflite", "old.tflite", "--signature", "serv"), "no signature 'serv' (did you mean 'serve'?)"),
        (("--load", "bad.npz"), "bad.npz: not written by tflint verify --save"),
        (("old.tflite", "old.tflite", "-f", "xml"), "--output-format is one of text, json, markdown"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """What is wrong and what may have been meant; exit code 2."""
    (tmp_path / "old.tflite").write_bytes(sketch.build(two()))
    np.savez(tmp_path / "bad.npz", x=np.zeros(3))
    np.savez(tmp_path / "nan.npz", x=np.full((1, 4), np.nan))
    done = tflint("verify", *arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
