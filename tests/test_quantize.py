"""`tflint fix MODEL --quantize SCHEME`, run on real models: what it makes, proves and keeps, and what it refuses."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from command import tflint
from models import SHARED
from tflint import sketch
from tflint.commands.quantize import EXTRA, Request, quantize_command
from tflint.errors import TflintError
from tflint.fix import quantizer
from tflint.fix.calibration import by_entry, checked
from tflint.fix.document import open_document
from tflint.fix.half import halve
from tflint.model.read import read_model
from tflint.model.scheme import schemes
from tflint.parity.entry import entries
from tflint.parity.samples import Samples, save

if TYPE_CHECKING:
    from pathlib import Path

CORPUS = SHARED / "corpus" / "files"
AUTOENCODER = "59aaa0b572eb__autoencoder.tflite"
GESTURES = "b726eb7c146d__point_history_classifier.tflite"  # no signature, operator codes of before 2020
RANDOM = np.random.default_rng(0)


def values(array: Any) -> str:
    """An array as a sketch has it."""
    return json.dumps(np.asarray(array, np.float32).reshape(-1).round(4).tolist())


DENSE = f"""
x: float32[1,16]
w: float32[16,16] = const {values(RANDOM.normal(size=(16, 16)))}
y: float32[1,16] = FULLY_CONNECTED(x, w, -)
signature serve(x=x) -> (y=y)
"""


LARGE = """
x: float32[1,4096]
w: float32[4096,4096] = const
y: float32[1,4096] = FULLY_CONNECTED(x, w, -)
signature serve(x=x) -> (y=y)
"""


def outlier() -> str:
    """A model whose second layer gets one value 3000 times the others, of which it makes next to nothing."""
    scale = np.ones(128)
    scale[5] = 3000
    last = RANDOM.normal(size=(4, 128))
    last[:, 5] *= 1e-4
    return f"""
x: float32[1,64]
w1: float32[128,64] = const {values(RANDOM.normal(size=(128, 64)) / 8)}
h: float32[1,128] = FULLY_CONNECTED(x, w1, -)
c: float32[128] = const {values(scale)}
m: float32[1,128] = MUL(h, c)
w2: float32[4,128] = const {values(last)}
head: float32[1,4] = FULLY_CONNECTED(m, w2, -)
signature serve(x=x) -> (y=head)
"""


def corpus(name: str, folder: Path) -> Path:
    """A copy of a corpus model."""
    if not (CORPUS / name).exists():
        pytest.skip("no corpus here")
    copy = folder / "model.tflite"
    shutil.copyfile(CORPUS / name, copy)
    return copy


def built(text: str, folder: Path) -> Path:
    """The model of a sketch."""
    path = folder / "model.tflite"
    path.write_bytes(sketch.build(text))
    return path


def recorded(model: Path, count: int = 40) -> Path:
    """Samples of a model's first inputs, in use between -1 and 1."""
    [entry] = entries(read_model(model))
    random = np.random.default_rng(7)
    shapes = {port.name: [abs(dim) for dim in port.shape or ()] for port in entry.inputs}
    rows = tuple(
        {name: random.uniform(-1, 1, shape).astype("f4") for name, shape in shapes.items()} for _ in range(count)
    )
    save(Samples(rows, "the test"), model.with_name("calibration.npz"))
    return model.with_name("calibration.npz")


def quantized(model: Path, scheme: str, *arguments: object, rc: int = 0) -> dict[str, Any]:
    """The JSON report of a run that ends with this code."""
    done = tflint("fix", model, "--quantize", scheme, "-f", "json", *arguments, cwd=model.parent)
    assert done.returncode == rc, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["asked"] == scheme
    return found


def test_dynamic_takes_the_place_of_an_old_float_model(tmp_path: Path) -> None:
    """A model without signatures and with old operator codes is quantized, proved and noted; twice is refused."""
    model = corpus(GESTURES, tmp_path)
    size = model.stat().st_size

    found = quantized(model, "dynamic", "--backup")

    assert (found["kept"], found["written"]) == ("dynamic", str(model))
    assert schemes(read_model(model)) == {"dynamic-range int8": 1048}
    assert (found["float"]["size"], found["variants"][0]["size"]) == (size, model.stat().st_size)
    assert model.stat().st_size < 0.6 * size
    assert model.with_name("model.tflite.bak").read_bytes() == (CORPUS / GESTURES).read_bytes()
    [variant] = found["variants"]
    assert 0 < variant["logit_difference"] < 5
    assert variant["top1"] == 100
    assert variant["latency"] > 0
    assert variant["memory"] > 1e6
    entry = json.loads((tmp_path / "tflint.lock").read_text())["models"]["model.tflite"]["fix"]
    assert entry["recipe"] == {"scheme": "dynamic", "float_layers": []}
    assert entry["libraries"]["ai-edge-quantizer"] == "0.10.0"
    assert entry["parity"][0]["holds"] is True

    again = tflint("fix", model, "--quantize", "dynamic", cwd=tmp_path)
    assert again.returncode == 1
    assert "its weights are dynamic-range int8 already: quantize the float32 model" in again.stderr


def test_int8_is_int8_from_input_to_output(tmp_path: Path) -> None:
    """Weights, activations, inputs and outputs; no rule says that quantization did not happen."""
    model = corpus(GESTURES, tmp_path)

    found = quantized(model, "int8", "--calibration", recorded(model))

    assert found["kept"] == "int8"
    assert list(schemes(read_model(model))) == ["int8"]
    runtime = Interpreter(model_path=str(model))
    details = runtime.get_signature_runner("serving_default").get_input_details()
    assert [detail["dtype"] for detail in details.values()] == [np.int8]
    checked_again = tflint("check", model, "--select", "TFL503", "-f", "json", cwd=tmp_path)
    assert json.loads(checked_again.stdout)["files"][0]["findings"] == []


def test_signatures_name_the_outputs_that_there_are(tmp_path: Path) -> None:
    """Where the library leaves a signature with a tensor that is no output any more, it is put right."""
    model = corpus("3db297d54af8__nmp.tflite", tmp_path)
    opened = read_model(model)
    rows = tuple({"input_2": RANDOM.uniform(-1, 1, (1, 43844, 1)).astype("f4")} for _ in range(2))
    samples: dict[str | None, Samples] = {"serving_default": Samples(rows, "the test")}

    made = quantizer.make(model, opened, [quantizer.Order("i", "int8")], samples, tmp_path, 200)

    [(file, _)] = made.files["i"]
    found = read_model(file)
    [signature] = found.signatures
    assert found.primary is not None
    assert {index for _, index in signature.outputs or ()} == set(found.primary.output_indices)
    assert [name for name, _ in signature.outputs or ()] == [name for name, _ in opened.signatures[0].outputs or ()]


def test_a_scheme_that_fails_parity_leaves_the_file_alone(tmp_path: Path) -> None:
    """The numbers are printed, the exit code is 1, and nothing is left behind."""
    model = corpus(AUTOENCODER, tmp_path)
    before = model.read_bytes()

    done = tflint("fix", model, "--quantize", "int4", cwd=tmp_path)

    assert done.returncode == 1
    assert "int4 does not hold" in done.stderr
    [row] = [line.split() for line in done.stdout.splitlines() if line.split()[:2] == ["int4", "FAILS"]]
    assert float(row[2]) > 1
    assert "top-1 agreement" in done.stdout
    assert "nothing was written" in done.stdout
    assert model.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["model.tflite"]


def test_auto_keeps_the_smallest_that_holds(tmp_path: Path) -> None:
    """Every scheme has its row, and the one kept is the smallest of those that hold."""
    model = corpus(GESTURES, tmp_path)

    found = quantized(model, "auto", "--calibration", recorded(model), "--out", tmp_path / "out.tflite")

    rows = found["variants"]
    assert {row["scheme"] for row in rows} == {"int4", "int8", "dynamic", "weight-only-int8", "int16x8", "float16"}
    holding = [row for row in rows if row["holds"]]
    assert len(holding) > 2
    kept = min(holding, key=lambda row: row["size"])
    assert (found["kept"], kept["kept"]) == (kept["scheme"], True)
    assert (tmp_path / "out.tflite").stat().st_size == kept["size"]
    assert all(row["deflated"] < row["size"] for row in holding)
    assert model.read_bytes() == (CORPUS / GESTURES).read_bytes()


def test_auto_leaves_the_worst_layer_float(tmp_path: Path) -> None:
    """Where one layer is what spoils a small scheme, that layer stays float and the rest is quantized."""
    found = quantized(built(outlier(), tmp_path), "auto")

    [kept] = [row for row in found["variants"] if row["kept"]]
    assert (kept["scheme"], kept["float_layers"]) == ("int4", ["head"])
    [whole] = [row for row in found["variants"] if row["scheme"] == "int4" and not row["float_layers"]]
    assert not whole["holds"]
    assert set(schemes(read_model(tmp_path / "model.tflite"))) == {"dynamic-range int4", "float32"}


def test_float16_is_numpys_rounding_and_leaves_what_does_not_fit(tmp_path: Path) -> None:
    """Constants are cast to the nearest, ties to even; a mask of -1e9 stays float32, and so does what is small."""
    wide = np.full(256, -1e9)
    model = built(
        DENSE.replace("y:", f"k: float32[1,256] = const {values(wide)}\nz: float32[1,256] = ADD(k, k)\ny:"), tmp_path
    )
    document = open_document(model)
    assert halve(document) == 1
    model.with_name("half.tflite").write_bytes(bytes(document))

    runtime = Interpreter(model_path=str(model.with_name("half.tflite")))
    runtime.allocate_tensors()
    tensors = {detail["name"]: detail for detail in runtime.get_tensor_details()}
    half = runtime.get_tensor(tensors["w/float16"]["index"])
    original = Interpreter(model_path=str(model))
    original.allocate_tensors()
    index = next(d["index"] for d in original.get_tensor_details() if d["name"] == "w")
    assert half.dtype == np.float16
    assert half.tobytes() == original.get_tensor(index).astype(np.float16).tobytes()
    assert tensors["k"]["dtype"] == np.float32


def test_float16_needs_no_library_for_recurrent_models(tmp_path: Path) -> None:
    """Weights of an embedding and of layers that ai-edge-quantizer does not know are halved and proved as well."""
    model = corpus("7b927f46274b__recommendation_rnn_i10o100.tflite", tmp_path)
    size = model.stat().st_size

    found = quantized(model, "float16", "--metric", "StatefulPartitionedCall:0=equal:80")  # ids, ranked: ties change

    assert found["kept"] == "float16"
    assert model.stat().st_size < 0.52 * size


def test_files_behind_the_model_stay(tmp_path: Path) -> None:
    """The archive of TFLite Metadata, which ai-edge-quantizer drops, is there again and can be read."""
    model = built(DENSE, tmp_path)
    archive = io.BytesIO(model.read_bytes())
    with zipfile.ZipFile(archive, "a") as file:
        file.writestr("labels.txt", "cat\ndog\n")
    model.write_bytes(archive.getvalue())

    assert quantized(model, "weight-only-int8")["kept"] == "weight-only-int8"

    with zipfile.ZipFile(model) as file:
        assert file.read("labels.txt") == b"cat\ndog\n"
    assert list(schemes(read_model(model))) == ["weight-only int8"]


REFUSED = [
    ("aeea43680070__kws_ref_model.tflite", "dynamic", "its weights are int8 already: quantize the float32 model"),
    ("4f36dded049d__face_blendshapes.tflite", "auto", "its weights are float16 weights already"),
    ("93b4b4fa5108__action.tflite", "dynamic", "it has Flex operators (Flex"),
    ("14bff7786049__hey_jarvis_v0.1.tflite", "int8", "int8 is not possible through IF #"),
    (AUTOENCODER, "int16x8", "int16x8 needs calibration data: give samples that the model meets in use: --calibration"),
    (
        "a5e98ef07965__example_model.tflite",
        "float16",
        "the float model does not run here, so nothing can be proved: Encountered unresolved custom op: Bsign",
    ),
]


@pytest.mark.parametrize(("name", "scheme", "sentence"), REFUSED, ids=[f"{row[0][14:-7]}-{row[1]}" for row in REFUSED])
def test_refusals_explain(name: str, scheme: str, sentence: str, tmp_path: Path) -> None:
    """One line, exit code 1, the file as it was."""
    model = corpus(name, tmp_path)

    done = tflint("fix", model, "--quantize", scheme, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (1, "")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert model.read_bytes() == (CORPUS / name).read_bytes()


def test_tensors_that_calibration_cannot_read_are_explained(tmp_path: Path) -> None:
    """The library's own word is kept, with what is behind it and what to do instead."""
    model = corpus("e78a14a3a459__dnn.tflite", tmp_path)  # of quantization-aware training

    done = tflint("fix", model, "--quantize", "int8", "--calibration", recorded(model), cwd=tmp_path)

    assert done.returncode == 1
    assert "Tensor data is null" in done.stderr
    assert "left by quantization-aware training" in done.stderr


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


def test_a_child_that_takes_too_long_is_an_outcome(tmp_path: Path) -> None:
    """The library is ended after the time that was given; the model stays."""
    model = built(DENSE, tmp_path)
    before = model.read_bytes()

    made = quantizer.make(model, read_model(model), [quantizer.Order("d", "dynamic")], {}, tmp_path, 0.05)

    assert made.failures["d"].startswith("no answer within 0.05 seconds")
    assert model.read_bytes() == before


def test_a_child_without_memory_is_an_outcome(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever it dies of as memory runs out is said of that variant."""
    monkeypatch.setattr(quantizer, "_memory", lambda: 1 << 20)
    model = built(LARGE, tmp_path)

    made = quantizer.make(model, read_model(model), [quantizer.Order("d", "dynamic")], {}, tmp_path, 60)

    assert not made.files
    assert made.failures["d"] == "out of memory (at start)"


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the command that installs it, exit code 2."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ai_edge_quantizer" else object())
    model = built(DENSE, tmp_path)

    with pytest.raises(TflintError) as refused:
        quantize_command(Request(model, "dynamic", None, None, (), None, False, (), 60, "text"))

    assert (refused.value.message, refused.value.exit_code) == (EXTRA, 2)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--quantize", "int9"), "--quantize is one of int4, int8, dynamic"),
        (("--quantize", "dynamic", "--plan"), "--quantize goes alone"),
        (("--quantize", "dynamic", "--metric", "cosin:1"), "no metric 'cosin'"),
        (("--quantize", "int8", "--calibration", "nothing.npz"), "no such file: nothing.npz"),
    ],
)
def test_usage(arguments: tuple[str, ...], sentence: str, tmp_path: Path) -> None:
    """What cannot be meant is said in one line, exit code 2."""
    done = tflint("fix", built(DENSE, tmp_path), *arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr


@pytest.mark.slow
def test_an_operator_that_the_runtime_refuses_stays_float(tmp_path: Path) -> None:
    """A model of two signatures whose BATCH_MATMUL does not load quantized is quantized without it."""
    model = corpus("753c223451f4__toy_model_with_kv_cache_multi_signature.tflite", tmp_path)

    found = quantized(model, "dynamic", "--metric", "logit:1000")

    [kept] = [row for row in found["variants"] if row["kept"]]
    assert kept["float_layers"] == ["BATCH_MATMUL"]
