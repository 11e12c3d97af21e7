"""`tflint verify`: what is planted is caught, what is the same passes, and whatever a model does is a result."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from command import tflint
from models import SHARED, shared_rows
from tflint import sketch
from tflint.model.read import read_model
from tflint.parity.entry import entries
from tflint.parity.gates import EXACT
from tflint.parity.generate import Side, generate
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


def report(folder: Path, old: str, new: str, *arguments: str, rc: int, both: bool = False) -> dict[str, Any]:
    """The JSON report of two sketches, run on builtin kernels; `both`: with default delegates first."""
    for name, model in (("old", old), ("new", new)):
        (folder / f"{name}.tflite").write_bytes(sketch.build(model))
    arguments = (*arguments, "--samples", "3", "--delegates", "both" if both else "none")
    done = tflint("verify", "old.tflite", "new.tflite", "-f", "json", *arguments, cwd=folder)
    assert (done.returncode, done.stderr) == (rc, "")
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["holds"] is (rc == 0)
    return found


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
    found = report(tmp_path, CLEAN, HANGS, "--timeout", "5", rc=1)

    assert found["reasons"] == [
        "with builtin kernels: the candidate does not run: no answer within 5 seconds (at sample 1)"
    ]


def test_a_process_that_dies_is_a_result(tmp_path: Path) -> None:
    """Here of a kernel library that aborts as it is loaded."""
    (tmp_path / "broken_ops.py").write_text("import os\nos.abort()\n")
    found = report(tmp_path, CLEAN, CLEAN, "--registerer", "broken_ops:register", rc=1)

    assert found["reasons"][0] == "with builtin kernels: neither runs: the process died of SIGABRT (at load)"


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

    assert found["reasons"][0].startswith("signature 'serve': with builtin kernels: mine:worst is ")


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
    assert [reason.split("'")[3] for reason in found["reasons"]] == ["second"]
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
        (("gone.keras", "old.tflite"), "no such file: gone.keras"),
        (("gone.npz", "old.tflite", "--inputs", "zero.npz"), "gone.npz: No such file"),
        (("old.tflite", "gone.keras"), "gone.keras: the candidate is a .tflite model, or saved outputs"),
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
    np.savez(tmp_path / "zero.npz", x=np.zeros((1, 4)))
    np.savez(tmp_path / "nan.npz", x=np.full((1, 4), np.nan))
    done = tflint("verify", *arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr


def test_a_python_function_is_a_reference(tmp_path: Path) -> None:
    """The original, whatever it is made of: outputs are bound by name, and an exception of it is a result."""
    (tmp_path / "original.py").write_text(
        "import numpy as np\n"
        f"W = np.array({WEIGHT.tolist()}, np.float32)\n"
        "def model():\n"
        "    return lambda x: {'second': 1 / (1 + np.exp(-x @ W.T)), 'first': np.tanh(x @ W.T)}\n"
        "def broken():\n"
        "    raise KeyError('weights')\n"
    )
    for weight, rc in ((WEIGHT, 0), (WEIGHT.T, 1)):
        (tmp_path / "m.tflite").write_bytes(sketch.build(two(weight)))
        done = tflint("verify", "original:model", "m.tflite", "-f", "json", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (rc, "")
        assert json.loads(done.stdout)["entries"][0]["runs"][0]["reference"]["runner"] == "python"
    done = tflint("verify", "original:broken", "m.tflite", cwd=tmp_path)
    assert (done.returncode, "the reference does not run: KeyError: 'weights'" in done.stdout) == (1, True)


TEXTS = """
ids: int32[1,16] sig=[-1,16]
input_mask: int32[1,16] sig=[-1,16]
table: float32[40,4] = const
e: float32[1,16,4] sig=[-1,16,4] = GATHER(table, ids)
m: float32[1,16] sig=[-1,16] = CAST(input_mask)
signature serve(ids=ids, mask=input_mask) -> (e=e, m=m)
"""


def test_random_samples_are_such_as_a_model_takes(tmp_path: Path) -> None:
    """Ids are rows of the table, masks are ragged, padding follows them, sizes vary, and a seed is a seed."""
    path = tmp_path / "m.tflite"
    path.write_bytes(sketch.build(TEXTS))
    model = read_model(path)
    (entry,) = entries(model)
    side = Side(model, entry, {port.name: port.name for port in entry.inputs})
    samples = generate((side,), count=6, seed=3)

    assert [row["ids"].shape for row in samples.rows] == [(1, 16), (3, 16)] * 3
    assert all(row["ids"].min() >= 0 and row["ids"].max() < 40 for row in samples.rows)
    lengths = [row["mask"].sum(axis=1).tolist() for row in samples.rows]
    assert lengths[0] == [16]
    assert lengths[-1] == [0, 0, 0]
    assert len({length for row in lengths for length in row}) > 4
    assert all((np.diff(row["mask"], axis=1) <= 0).all() for row in samples.rows)
    assert all((row["ids"][row["mask"] == 0] == 0).all() for row in samples.rows)
    again = generate((side,), count=6, seed=3)
    assert all((a[key] == b[key]).all() for a, b in zip(samples.rows, again.rows, strict=True) for key in a)
    other = generate((side,), count=6, seed=4)
    assert any((a["ids"] != b["ids"]).any() for a, b in zip(samples.rows, other.rows, strict=True))
    assert verify(str(path), str(path), gates=EXACT, options=Options(count=2, modes=("builtin",))).holds


FLOAT_IO = INT8.replace("x: int8[1,4] q=0.01+3\n", "r: float32[1,4]\nx: int8[1,4] q=0.01+3 = QUANTIZE(r)\n").replace(
    "x=x", "x=r"
)


def test_integer_inputs_are_quantized_as_they_say(tmp_path: Path) -> None:
    """A model with int8 inputs gets the same numbers as one that quantizes by itself."""
    found = report(tmp_path, INT8, FLOAT_IO, "--metric", "atol:0", rc=0)

    assert found["entries"][0]["notes"] == ["input 'x' is float32[1,4], the reference's int8[1,4] q=0.01+3"]
    report(tmp_path, FLOAT_IO, INT8, "--metric", "atol:0", rc=0)
    found = report(tmp_path, INT8, FLOAT_IO, "--metric", "exact", rc=1)
    assert found["reasons"] == ["signature 'serve': input 'x' is float32[1,4], the reference's int8[1,4] q=0.01+3"]


def test_a_signature_answers_as_the_positions_did(tmp_path: Path) -> None:
    """A model without signatures and the same one with a signature: bound by position, and told so."""
    bare = two().replace("signature serve(x=x) -> (first=a, second=b)\n", "")
    named = two().replace("(first=a, second=b)", "(second=b, first=a)")
    found = report(tmp_path, bare, named, "--metric", "exact", rc=0)

    run = found["entries"][0]["runs"][0]
    assert (run["reference"]["signature"], run["candidate"]["signature"]) == (None, "serve")
    assert [(each["output"], each["candidate_output"]) for each in run["outputs"]] == [("a", "first"), ("b", "second")]
    assert "bound by position" in found["entries"][0]["notes"][0]


KERAS = """
import keras, tensorflow as tf
ids, mask = keras.Input((8,), name="ids", dtype="int32"), keras.Input((8,), name="mask", dtype="int32")
x = keras.layers.Embedding(50, 16)(ids) * keras.ops.cast(mask, "float32")[..., None]
x = keras.layers.Dense(16, activation="tanh")(keras.layers.Flatten()(x))
outputs = [keras.layers.Dense(5, activation="softmax", name="scores")(x), keras.layers.Dense(3, name="boxes")(x)]
model = keras.Model([ids, mask], outputs)
model.save("model.keras")
model.export("saved", verbose=False)
open("model.tflite", "wb").write(tf.lite.TFLiteConverter.from_saved_model("saved").convert())
model.layers[-1].kernel.assign(model.layers[-1].kernel * 1.01)
model.save("other.keras")
"""
BERT = """
import litert_torch, torch, transformers
config = transformers.BertConfig(vocab_size=99, hidden_size=32, num_hidden_layers=2, num_attention_heads=2,
    intermediate_size=37, max_position_embeddings=32, num_labels=3, attn_implementation="eager")
bert = transformers.BertForSequenceClassification(config).eval()
bert.save_pretrained("checkpoint")
class Logits(torch.nn.Module):
    def forward(self, input_ids, attention_mask):
        return {"logits": bert(input_ids=input_ids, attention_mask=attention_mask).logits}
inputs = {name: torch.ones(1, 16, dtype=torch.int32) for name in ("input_ids", "attention_mask")}
litert_torch.convert(Logits().eval(), sample_kwargs=inputs).export("model.tflite")
"""


def made(folder: Path, environment: str, script: str) -> str:
    """The interpreter of an environment that holds a framework, after it made models."""
    python = os.environ.get(environment)
    if not python:
        pytest.skip(f"{environment} names no interpreter")
    subprocess.run([python, "-c", script], cwd=folder, check=True, capture_output=True, timeout=600)
    return python


RUN = {name for name, row in shared_rows("truth.jsonl").items() if row["truth"]["litert-2.3.0"]["invoke"]}


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(RUN))
def test_every_published_model_answers_as_itself(name: str) -> None:
    """Whatever runs on zeros can be given random samples, and gives the same bits twice."""
    path = str(CORPUS / name)
    found = verify(path, path, gates=EXACT, options=Options(count=2))

    assert found.reasons == ()
    assert found.holds


@pytest.mark.slow
def test_tensorflow_is_a_reference(tmp_path: Path) -> None:
    """A Keras file and a SavedModel, in an environment of their own; 1 % in one of two outputs is caught."""
    python = made(tmp_path, "TENSORFLOW_PYTHON", KERAS)
    for source, rc in (("saved", 0), ("model.keras", 0), ("other.keras", 1)):
        done = tflint("verify", source, "model.tflite", "--python", python, "-f", "json", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (rc, "")
    failed = {out["output"] for out in json.loads(done.stdout)["entries"][0]["runs"][0]["outputs"] if not out["holds"]}
    assert failed == {"boxes"}


PROGRAM = """
import torch
class Two(torch.nn.Module):
    def forward(self, x):
        hidden = x @ torch.tensor(WEIGHT).T
        return {"second": torch.sigmoid(hidden), "first": torch.tanh(hidden)}
def model():
    return Two()
example = torch.zeros(1, 4)
torch.export.save(torch.export.export(Two(), (example,)), "positional.pt2")
torch.export.save(torch.export.export(Two(), (), {"x": example}), "named.pt2")
"""


@pytest.mark.slow
def test_torch_is_a_reference(tmp_path: Path) -> None:
    """A module that a function gives, and programs of torch.export, whatever form they were exported with."""
    script = PROGRAM.replace("WEIGHT", str(WEIGHT.tolist()))
    python = made(tmp_path, "TORCH_PYTHON", script)
    (tmp_path / "original.py").write_text(script)
    for weight, rc in ((WEIGHT, 0), (WEIGHT.T, 1)):
        (tmp_path / "m.tflite").write_bytes(sketch.build(two(weight)))
        for source in ("original:model", "positional.pt2", "named.pt2"):
            arguments = source, "m.tflite", "--python", python, "--delegates", "none", "-f", "json"
            done = tflint("verify", *arguments, cwd=tmp_path)
            assert (done.returncode, done.stderr) == (rc, "")
            assert json.loads(done.stdout)["entries"][0]["runs"][0]["reference"]["failure"] == ""


@pytest.mark.slow
def test_a_checkpoint_is_a_reference(tmp_path: Path) -> None:
    """A Hugging Face checkpoint against what litert-torch made of it; samples of padding alone are not held to it."""
    python = made(tmp_path, "TORCH_PYTHON", BERT)
    done = tflint("verify", "checkpoint", "model.tflite", "--python", python, "-f", "json", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    run = json.loads(done.stdout)["entries"][0]["runs"][0]
    assert run["notes"] == ["samples of padding alone are compared for NaN and infinities only"]
    assert run["outputs"][0]["numbers"]["max_abs"] < 1e-6


def test_a_missing_framework_is_one_line(tmp_path: Path) -> None:
    """It says which environment lacks what, and how to name another; exit code 2."""
    (tmp_path / "m.tflite").write_bytes(sketch.build(two()))
    (tmp_path / "m.keras").write_bytes(b"")
    done = tflint("verify", "m.keras", "m.tflite", cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "takes tensorflow or keras, and" in done.stderr
    assert "--python" in done.stderr


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


@pytest.mark.skipif(not CORPUS.exists(), reason="no corpus here")
def test_what_only_a_delegate_runs_is_told(tmp_path: Path) -> None:
    """A custom op of XNNPACK: nothing is lost against itself, and nothing is proved where no delegate is."""
    source = CORPUS / "490e9ea73431__selfie_segmenter_landscape.tflite"
    done = tflint("verify", source, source, "--samples", "1", "-f", "json", cwd=tmp_path)
    (entry,) = json.loads(done.stdout)["entries"]
    assert done.returncode == 0
    assert [run["candidate"]["runner"] for run in entry["runs"]] == ["default delegates"]
    assert "neither runs with builtin kernels: Encountered unresolved custom op" in entry["notes"][-1]

    done = tflint("verify", source, source, "--delegates", "none", "--samples", "1", cwd=tmp_path)
    assert (done.returncode, "parity FAILS" in done.stdout) == (1, True)
