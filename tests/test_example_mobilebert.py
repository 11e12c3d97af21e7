"""`examples/mobilebert` by its own files, small: a careless export becomes a model that the named runtime runs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from command import tflint
from models import ROOT
from runtimes import runs, tflite_runtime
from tflint.model.read import read_model
from tflint.parity.entry import entries

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow
LENGTH = 64
OLD = "tflite-runtime-2.9.1"
KEEP = ("--keep-output", "last_hidden_state", "--keep-output", "pooler_output")
NAMES = ("attention_mask", "input_ids", "token_type_ids")
HEAD = ("--map", "classifier.0=hidden", "--map", "classifier.2=out")
SIZES = [word for name in NAMES for place in ("0=1", f"1={LENGTH}") for word in ("--fix-dim", f"{name}.{place}")]


def interpreter(variable: str, *packages: str) -> str:
    """The named interpreter, if it has what is imported."""
    python = os.environ.get(variable)
    if not python:
        pytest.skip(f"{variable} names no interpreter")
    found = "import importlib.util, sys; sys.exit(not all(map(importlib.util.find_spec, sys.argv[1:])))"
    if subprocess.run([python, "-c", found, *packages], check=False).returncode:
        pytest.skip(f"{variable} has not all of {', '.join(packages)}")
    return python


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the example."""
    place = tmp_path_factory.mktemp("mobilebert")
    for file in (ROOT / "examples" / "mobilebert").glob("*.py"):
        shutil.copy(file, place)
    return place


def ran(python: str, folder: Path, script: str, *arguments: str) -> None:
    """Run a script of the example."""
    done = subprocess.run([python, script, *arguments], cwd=folder, capture_output=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr.decode()[-2000:]


@pytest.fixture(scope="module")
def tensorflow(folder: Path) -> str:
    """An interpreter, and what it made: a checkpoint and the careless export."""
    python = interpreter("TENSORFLOW_PYTHON", "tensorflow", "tf_keras", "transformers")
    ran(python, folder, "tf_models.py", "--layers", "2", "--length", str(LENGTH))
    ran(python, folder, "careless.py")
    return python


@pytest.fixture(scope="module")
def torch(folder: Path) -> str:
    """An interpreter, and what it made: a checkpoint, and one with a head of its own."""
    python = interpreter("TORCH_PYTHON", "torch", "transformers")
    ran(python, folder, "torch_models.py", "--layers", "2")
    return python


def fixed(folder: Path, python: str, *arguments: str, code: int = 0) -> dict[str, Any]:
    """Convert, write `fixed.tflite`, and give what the report says."""
    for file in folder.glob("fixed*.tflite"):
        file.unlink()
    done = tflint("fix", *arguments, "--python", python, "--out", "fixed.tflite", "-f", "json", cwd=folder)
    assert done.returncode == code, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def signature(folder: Path) -> tuple[str | None, dict[str, tuple[str, tuple[int, ...] | None]], list[str]]:
    """Key, inputs and outputs of the model that was written."""
    [entry] = entries(read_model(folder / "fixed.tflite"))
    return entry.key, {port.name: (port.dtype, port.shape) for port in entry.inputs}, [p.name for p in entry.outputs]


WANTED = ("serving_default", dict.fromkeys(NAMES, ("int32", (1, LENGTH))), ["last_hidden_state", "pooler_output"])


def test_what_the_careless_export_gives(folder: Path, tensorflow: str) -> None:
    """No signature, ids of 64 bits, all that the model has, and an operator that the phone's runtime has not."""
    assert tensorflow
    done = tflint("check", "model.tflite", "-t", OLD, "-f", "json", cwd=folder)
    [report] = json.loads(done.stdout)["files"]
    model = read_model(folder / "model.tflite")

    assert {"TFL101", "TFL109", "TFL201", "TFL404", "TFL501"} <= {each["code"] for each in report["findings"]}
    assert model.primary is not None
    assert len(model.primary.output_indices) == 2 + 3 + 2 + 1  # hidden states, attentions, the experiment
    assert "out of range: 153" in runs(tflite_runtime("2.9.1", "3.9"), folder / "model.tflite")["error"]


def test_from_a_checkpoint_of_tensorflow(folder: Path, tensorflow: str) -> None:
    """Fixed sizes are enough: today's converter makes a model that TFLite 2.9 runs."""
    told = fixed(folder, tensorflow, "model.tflite", "--source", "tf", "-t", OLD, *KEEP)

    assert signature(folder) == WANTED
    assert told["parity"]["holds"] is True
    assert (len(told["attempts"]), told["recipe"]["converter"]) == (1, "tensorflow")
    assert runs(tflite_runtime("2.9.1", "3.9"), folder / "fixed.tflite")["stage"] == "ok"


def test_three_models_of_one_conversion(folder: Path, tensorflow: str) -> None:
    """float32, float16 and int8: a half and a quarter of the bytes, each near the source."""
    schemes = ("--quantize", "float16,dynamic", "--metric", "logit:5")
    told = fixed(folder, tensorflow, "model.tflite", "--source", "tf", *KEEP, *schemes)

    size = (folder / "fixed.tflite").stat().st_size
    rows = {row["scheme"]: row for row in told["quantized"]["variants"]}
    assert 0.49 < (folder / "fixed-float16.tflite").stat().st_size / size < 0.52
    assert 0.24 < (folder / "fixed-dynamic.tflite").stat().st_size / size < 0.28
    for row in rows.values():
        assert {output["output"] for output in row["source_outputs"]} == set(KEEP[1::2])
        assert all(output["holds"] for output in row["source_outputs"])
        assert row["latency"] > 0
    assert len(told["attempts"]) == 1


def test_from_a_checkpoint_of_pytorch(folder: Path, torch: str) -> None:
    """Through litert-torch, to the same interface."""
    interpreter("TORCH_PYTHON", "litert_torch")
    told = fixed(folder, torch, "new.tflite", "--source", "pt", *KEEP, *SIZES)

    assert signature(folder) == WANTED
    assert told["parity"]["holds"] is True
    assert told["recipe"]["converter"] == "litert-torch"


@pytest.fixture(scope="module")
def both(torch: str) -> str:
    """An interpreter that has TensorFlow and PyTorch."""
    assert torch
    return interpreter("TENSORFLOW_PYTHON", "tensorflow", "tf_keras", "transformers", "torch")


def test_from_a_checkpoint_of_pytorch_through_tensorflow(folder: Path, both: str) -> None:
    """PyTorch says what is right, TensorFlow converts, and TFLite 2.9 runs it."""
    flags = ("--converter", "tensorflow", "-t", OLD, *KEEP, *SIZES)
    told = fixed(folder, both, "new.tflite", "--source", "pt", *flags)

    assert signature(folder) == WANTED
    assert (told["parity"]["holds"], told["note"]) == (True, None)
    assert runs(tflite_runtime("2.9.1", "3.9"), folder / "fixed.tflite")["stage"] == "ok"


def test_a_head_of_two_layers(folder: Path, both: str) -> None:
    """Its weights go where the map says, and the logits are PyTorch's."""
    flags = ("--weights", "torch_models:classifier", *HEAD, *SIZES)
    told = fixed(folder, both, "new.tflite", "--source", "tf_models:classifier", *flags)

    assert told["parity"]["holds"] is True
    assert told["parity"]["reference"] == "torch_models:classifier"
    assert signature(folder)[2] == ["logits"]


def test_a_head_with_the_slope_of_keras_is_caught(folder: Path, both: str) -> None:
    """All weights are there and the shapes fit: only the logits tell, and nothing is written."""
    flags = ("--weights", "torch_models:classifier", *HEAD, *SIZES)
    told = fixed(folder, both, "new.tflite", "--source", "tf_models:careless_classifier", *flags, code=1)

    assert told["written"] is None
    assert told["parity"]["holds"] is False
    assert "TensorFlow's model and the result agree" in told["problem"]
