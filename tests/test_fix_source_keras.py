"""`tflint fix MODEL --source` of Keras models, for real: a conversion, and a result that is clean and proved."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from building import needs_uv
from command import tflint
from tflint.convert import interpreters
from tflint.model.read import decode, read_model

if TYPE_CHECKING:
    from pathlib import Path

MODEL = """
import os
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import keras, tensorflow as tf
x = keras.Input((4,), name="features")
y = keras.layers.Dense(3, name="scores")(keras.layers.Dense(8, "relu")(x))
model = keras.Model(x, y)
model.save("model.keras")
keras.Model(x, {"scores": y, "hidden": model.layers[1].output}).save("two.keras")
model.export("saved", verbose=False)
f = tf.function(lambda features: model(features)).get_concrete_function(tf.TensorSpec([None, 4], name="features"))
content = tf.lite.TFLiteConverter.from_keras_model(model).convert()
open("m.tflite", "wb").write(content)
"""


@pytest.fixture(scope="module")
def keras_models(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """An interpreter with TensorFlow, and models that it made."""
    python = os.environ.get("TENSORFLOW_PYTHON")
    if not python:
        pytest.skip("TENSORFLOW_PYTHON names no interpreter")
    folder = tmp_path_factory.mktemp("keras")
    subprocess.run([python, "-c", MODEL], cwd=folder, check=True, capture_output=True, timeout=600)
    return python, folder


@pytest.mark.parametrize("source", ["model.keras", pytest.param("saved", marks=pytest.mark.slow)])
def test_a_keras_model_is_converted_again(keras_models: tuple[str, Path], source: str, tmp_path: Path) -> None:
    """An open batch is fixed, the result answers as the source does, and the lock says how it was made."""
    python, folder = keras_models
    model = tmp_path / "m.tflite"
    model.write_bytes((folder / "m.tflite").read_bytes())
    done = tflint("fix", "m.tflite", "--source", str(folder / source), "--python", python, "-f", "json", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["recipe"]["batch"] == 1
    assert [attempt["failure"] for attempt in told["attempts"]] == [None]
    assert told["parity"]["holds"] is True
    [attempt] = told["attempts"]
    assert (attempt["latency"] > 0, attempt["logit_difference"] < 0.001, told["latency"] > 0) == (True, True, True)
    assert [tensor and tensor.shape for tensor in decode(model.read_bytes()).subgraphs[0].inputs] == [(1, 4)]
    assert '"recipe"' in (tmp_path / "tflint.lock").read_text()


@needs_uv
def test_an_older_release_converts_what_a_newer_one_loads(keras_models: tuple[str, Path], tmp_path: Path) -> None:
    """A file of Keras 3 is loaded where Keras 3 is, and converted by TensorFlow 2.13.1 in its own environment."""
    python, folder = keras_models
    if not any(map(interpreters.find, ("3.8", "3.9", "3.10", "3.11"))):
        pytest.skip("no Python that TensorFlow 2.13 has wheels for")
    arguments = ("--python", python, "--converter", "tensorflow==2.13.1", "-t", "tflite-2.13", "-f", "json")
    done = tflint("fix", "m.tflite", "--source", str(folder / "model.keras"), *arguments, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert told["attempts"][-1]["versions"]["tensorflow"] == "2.13.1"
    assert told["parity"]["holds"] is True
    assert told["recipe"]["converter"] == "tensorflow==2.13.1"


@pytest.mark.slow
def test_wanted_outputs_alone_are_returned_and_compared(keras_models: tuple[str, Path], tmp_path: Path) -> None:
    """One of two outputs is kept under a new name; the other, which the source still gives, is no reason to fail."""
    python, folder = keras_models
    arguments = ("--python", python, "--keep-output", "scores", "--rename", "scores=logits", "-f", "json")
    done = tflint("fix", "m.tflite", "--source", str(folder / "two.keras"), *arguments, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    outputs = json.loads(done.stdout)["parity"]["entries"][0]["runs"][0]["outputs"]
    assert [output["output"] for output in outputs] == ["scores"]
    assert [name for name, _ in read_model(tmp_path / "m.tflite").signatures[0].outputs or ()] == ["logits"]


@pytest.mark.slow
def test_one_conversion_serves_all_schemes(keras_models: tuple[str, Path], tmp_path: Path) -> None:
    """The smallest variant of one float conversion is kept, and proved against the source by its scheme's gates."""
    python, folder = keras_models
    arguments = ("--python", python, "--quantize", "auto", "-f", "json")
    done = tflint("fix", "m.tflite", "--source", str(folder / "model.keras"), *arguments, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert len(told["attempts"]) == 1
    tried = {variant["scheme"]: variant["size"] for variant in told["quantized"]["variants"]}
    assert tried[told["quantized"]["kept"]] == (tmp_path / "m.tflite").stat().st_size
    assert told["parity"]["holds"] is True
    assert told["recipe"]["quantize"] == "auto"
    assert (tmp_path / "m.tflite").stat().st_mode & 0o777 == 0o644


@pytest.mark.slow
def test_several_variants_of_one_conversion(keras_models: tuple[str, Path], tmp_path: Path) -> None:
    """The float model and the variant that can be are written, as is the table for a pull request; so a second time."""
    python, folder = keras_models
    (tmp_path / "m.tflite").write_bytes((folder / "m.tflite").read_bytes())
    arguments = (
        "--python",
        python,
        "--quantize",
        "float16,weight-only-int8",
        "--metric",
        "logit:100",
        "-f",
        "markdown",
    )
    done = tflint("fix", "m.tflite", "--source", str(folder / "model.keras"), *arguments, cwd=tmp_path)
    size = (tmp_path / "m.tflite").stat().st_size
    out = ("--out", "m.tflite")
    again = tflint("fix", "new.tflite", "--source", str(folder / "model.keras"), *arguments, *out, cwd=tmp_path)

    assert (done.returncode, again.returncode) == (1, 1)
    assert "m.tflite: float16: it has no float32 constant" in done.stderr
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines() if line[:1] == "|"]
    [was] = [row for row in rows if row[0] == "was"]
    [made] = [row for row in rows if row[0] == "1"]
    assert was[3] != made[3]
    assert made[5].endswith(" ms")
    assert made[6].endswith(" %")
    assert {"float32", "float16", "weight-only-int8"} <= {row[1] for row in rows}
    assert size == int(made[3].replace(",", ""))
    written = [path.name for path in sorted(tmp_path.glob("*.tflite"))]
    assert written == ["m-weight-only-int8.tflite", "m.tflite"]
