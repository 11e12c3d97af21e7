"""`tflint fix MODEL --quantize SCHEME`, run on real models: what it makes, proves and keeps."""

from __future__ import annotations

import io
import json
import os
import subprocess
import zipfile
from typing import TYPE_CHECKING

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from command import tflint
from models import ROOT
from quantizing import AUTOENCODER, CORPUS, DENSE, GESTURES, RANDOM, built, corpus, outlier, quantized, recorded, values
from tflint.fixer import quantizer
from tflint.fixer.document import open_document
from tflint.fixer.half import halve
from tflint.model.read import read_model
from tflint.model.scheme import schemes
from tflint.parity.process import Children
from tflint.parity.samples import Samples

if TYPE_CHECKING:
    from pathlib import Path


def test_dynamic_takes_the_place_of_an_old_float_model(tmp_path: Path) -> None:
    """A model without signatures and with old operator codes is quantized, proved and noted; twice is refused."""
    model = corpus(GESTURES, tmp_path)
    (tmp_path / "tflint.lock").write_text('{"schema_version": 1, "models": {}}')  # the folder above may have one
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

    made = quantizer.make(model, opened, [quantizer.Order("i", "int8")], samples, tmp_path, 200, Children())

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


def test_auto_goes_on_where_the_check_refuses_the_smallest(tmp_path: Path) -> None:
    """For TFLite 2.16, which has no dense layer with scales per channel, the next smallest that holds is kept."""
    model = corpus(GESTURES, tmp_path)

    found = quantized(model, "auto", "--target", "tflite-2.16", "--metric", "logit:1e9")

    rows = {row["scheme"]: row for row in found["variants"] if not row["float_layers"]}
    assert "TFL201 would be new: FULLY_CONNECTED version 12" in rows["int4"]["problem"]
    assert "TFL201 would be new" in rows["dynamic"]["problem"]
    assert rows["int4"]["size"] < rows["weight-only-int8"]["size"]
    assert found["kept"] == "weight-only-int8"


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


@pytest.mark.slow
def test_an_operator_that_the_runtime_refuses_stays_float(tmp_path: Path) -> None:
    """A model of two signatures whose BATCH_MATMUL does not load quantized is quantized without it."""
    model = corpus("753c223451f4__toy_model_with_kv_cache_multi_signature.tflite", tmp_path)

    found = quantized(model, "dynamic", "--metric", "logit:1000")

    [kept] = [row for row in found["variants"] if row["kept"]]
    assert kept["float_layers"] == ["BATCH_MATMUL"]


@pytest.mark.slow
@pytest.mark.skipif("TENSORFLOW_PYTHON" not in os.environ, reason="names no Python with tensorflow and scikit-learn")
def test_auto_rescues_a_trained_network(tmp_path: Path) -> None:
    """Digits with one feature that nobody scaled: int4 of all layers guesses, of all but the first it knows them."""
    make = ROOT / "tests" / "unscaled.py"
    subprocess.run([os.environ["TENSORFLOW_PYTHON"], make, tmp_path], check=True, capture_output=True)
    model = tmp_path / "digits.tflite"

    found = quantized(
        model, "auto", "--calibration", tmp_path / "calibration.npz", "--inputs", tmp_path / "held_out.npz"
    )

    rows = {(row["scheme"], len(row["float_layers"])): row for row in found["variants"]}
    assert rows["int4", 0]["top1"] < 50
    assert rows["int4", 1]["kept"]
    assert rows["int4", 1]["top1"] > 98
    assert rows["int4", 1]["size"] < rows["float16", 0]["size"] / 2
