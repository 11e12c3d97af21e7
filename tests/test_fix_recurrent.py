"""`tflint fix --source` on recurrent models of both Keras: mended, or left as it was and explained in one sentence."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from command import tflint
from quantizing import RANDOM
from tflint import sketch
from tflint.convert.corrections import corrected
from tflint.convert.recipe import Recipe
from tflint.engine import Plan, check_model
from tflint.fixer.reconvert import unclean
from tflint.model.read import decode, read_model
from tflint.parity.samples import Samples, save
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from tflint.findings import FileReport

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
RECURRENT = {LSTM, "WHILE"}  # operators that say how a layer runs
SKETCHES = Path(__file__).with_name("recurrent")


class Sources(NamedTuple):
    """An interpreter with TensorFlow, and models that it made."""

    python: str
    folder: Path

    def fixed(self, name: str, folder: Path, *flags: str) -> tuple[int, dict[str, Any], str]:
        """Exit code, report and last line of stderr of the command, on a copy in a folder."""
        source = next(
            self.folder / each for each in (f"{name}.keras", f"{name}.h5", name) if (self.folder / each).exists()
        )
        model = "lstm" if name == "saved" else name
        shutil.copyfile(self.folder / f"{model}.tflite", folder / "m.tflite")
        done = tflint("fix", "m.tflite", "--source", source, "--python", self.python, "-f", "json", *flags, cwd=folder)
        return done.returncode, json.loads(done.stdout), done.stderr.strip()


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """Recurrent models, and what the converter makes of them."""
    python = os.environ.get("TENSORFLOW_PYTHON")
    if not python:
        pytest.skip("TENSORFLOW_PYTHON names no interpreter")
    folder = tmp_path_factory.mktemp("recurrent")
    script = Path(__file__).with_name("recurrent_sources.py")
    subprocess.run([python, script, folder], check=True, capture_output=True, timeout=1800)
    return Sources(python, folder)


def layers(model: Path) -> list[str]:
    """How its recurrent layers run."""
    return [op.name for graph in read_model(model).subgraphs for op in graph.ops if op.name in RECURRENT]


CASES = {
    "lstm": [LSTM],
    "bilstm": [LSTM, LSTM, LSTM],
    "gru": [],
    "branches": [LSTM, LSTM],
    "old-lstm": [LSTM],
    "old-gru": [],
    "time-major": [LSTM],
}
"""Models that are mended, and how their recurrent layers run then: as one operator each, or written out."""
KEPT = {
    "masked": "lstm: it gets a mask; 100 steps are not unrolled, up to 32 would be",
    "states": "encoder: it gives its states, which the operator keeps; decoder: its first state is not zero",
    "stateful": "lstm: it is stateful, and the operator keeps its state: take the state as an input",
    "saved": "the source: a graph without layers: name the Keras model that it came from",
}
"""Models that are left as they were, and why."""


@pytest.mark.slow
@pytest.mark.parametrize("name", CASES)
def test_a_layer_is_mended(sources: Sources, name: str, tmp_path: Path) -> None:
    """No loop is left, the result answers as the source does in its own Keras, and none that is fused is larger."""
    code, told, said = sources.fixed(name, tmp_path)

    assert (code, said, told["problem"]) == (0, "", None)
    assert sorted(layers(tmp_path / "m.tflite")) == sorted(CASES[name])
    numbers = [each["numbers"] for run in told["parity"]["entries"][0]["runs"] for each in run["outputs"]]
    assert numbers
    assert max(each["max_abs"] for each in numbers) <= 1e-6
    if LSTM in CASES[name]:
        assert (tmp_path / "m.tflite").stat().st_size < told["size"]
    assert told["attempts"][-1]["loops"] == {}
    shape = next(tensor and tensor.shape for tensor in read_model(tmp_path / "m.tflite").subgraphs[0].inputs)
    assert shape == ((5, 1, 4) if name == "time-major" else (1, 5, 4))


@pytest.mark.slow
@pytest.mark.parametrize("name", KEPT)
def test_what_stays_a_loop_is_explained(sources: Sources, name: str, tmp_path: Path) -> None:
    """One sentence names the layer and what no operator does for it, and the model is as it was."""
    code, told, said = sources.fixed(name, tmp_path)

    assert (code, said.count("\n"), told["written"]) == (1, 0, None)
    assert "TFL601 is still there: an LSTM of 6 cells runs as a loop" in said
    assert KEPT[name] in said
    model = "lstm" if name == "saved" else name
    assert (tmp_path / "m.tflite").read_bytes() == (sources.folder / f"{model}.tflite").read_bytes()


@pytest.mark.slow
def test_a_long_gru_is_told_of(sources: Sources, tmp_path: Path) -> None:
    """There is nothing better than a loop for it: the model is converted, and the report says so."""
    code, told, _ = sources.fixed("gru-long", tmp_path)

    assert (code, layers(tmp_path / "m.tflite")) == (0, ["WHILE"])
    why = "there is no operator for GRU layers; 100 steps are not unrolled, up to 32 would be"
    assert told["attempts"][-1]["loops"] == {"gru": why}


@pytest.mark.slow
@pytest.mark.parametrize(("name", "scheme"), [("lstm", "int8"), ("old-gru", "int8"), ("wide", "dynamic")])
def test_the_converter_quantizes_recurrent_layers(sources: Sources, name: str, scheme: str, tmp_path: Path) -> None:
    """One operator, or what was written out, of the scheme that was asked for, proved against the source's Keras."""
    features = 64 if name == "wide" else 4
    flags = ("--quantize", scheme, *calibration(tmp_path, features), "--inputs", "samples.npz")
    code, told, said = sources.fixed(name, tmp_path, *flags)

    assert (code, said) == (0, "")
    assert told["quantized"]["kept"] == scheme
    assert any("the converter's own" in note for note in told["quantized"]["notes"])
    runs = told["parity"]["entries"][0]["runs"]
    assert min(output["numbers"]["cosine"] for run in runs for output in run["outputs"]) > 0.99
    model = read_model(tmp_path / "m.tflite")
    if name != "old-gru":
        [lstm] = [op for op in model.ops if op.name == LSTM]
        states = [tensor.dtype for tensor in lstm.inputs if tensor is not None and tensor.is_variable]
        assert states == (["int8", "int16"] if scheme == "int8" else ["float32", "float32"])
        assert lstm.inputs[2] is not None
        assert lstm.inputs[2].dtype == "int8"


@pytest.mark.slow
def test_a_loop_is_not_calibrated(sources: Sources, tmp_path: Path) -> None:
    """The converter's calibrator dies of a loop: in a process of its own, and one line says what to do instead."""
    flags = ("--quantize", "int8", *calibration(tmp_path, 4, steps=100))
    code, told, said = sources.fixed("gru-long", tmp_path, *flags)

    assert (code, told["written"], said.count("\n")) == (1, None, 0)
    assert "int8 is not possible through WHILE" in said
    assert "by the converter: the calibrator died of SIGSEGV" in said
    assert "unroll it" in said
    assert (tmp_path / "m.tflite").read_bytes() == (sources.folder / "gru-long.tflite").read_bytes()


@pytest.mark.slow
def test_a_file_alone_has_no_converter(sources: Sources, tmp_path: Path) -> None:
    """Without the source a loop and an LSTM operator stay as they are, each with its line."""
    for name, why in (("stateful", "int8 is not possible through WHILE"), ("old-fused", f"weights in {LSTM}")):
        shutil.copyfile(sources.folder / f"{name}.tflite", tmp_path / "m.tflite")
        done = tflint("fix", "m.tflite", "--quantize", "int8", *calibration(tmp_path, 4), cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1)
        assert why in done.stderr


def calibration(folder: Path, features: int, steps: int = 5) -> tuple[str, str]:
    """Flags for samples of a folder."""
    rows = tuple({"x": RANDOM.normal(size=(1, steps, features)).astype(np.float32)} for _ in range(100))
    save(Samples(rows, "here"), folder / "samples.npz")
    return "--calibration", "samples.npz"


def test_findings_ask_for_the_steps() -> None:
    """An LSTM in a loop is to be fused or unrolled, a GRU to be unrolled; by litert-torch neither."""
    for name, steps in (("keras_lstm", ("tf-keras", "unroll")), ("keras_gru", ("unroll",)), ("tf_keras_lstm", ())):
        report = checked(name)
        assert corrected(Recipe("m.keras"), report.findings)[0].steps == steps
        assert corrected(Recipe("m.pt2", converter="litert-torch"), report.findings)[0].steps == ()


def test_a_loop_that_stays_has_its_reason() -> None:
    """The finding that is still there is followed by what the converter's process said of the layer."""
    report = checked("keras_lstm")

    told = unclean(report, report, {"lstm": "it gets a mask"})

    assert told.startswith("TFL601 is still there: an LSTM of 6 cells")
    assert told.endswith("(lstm: it gets a mask)")


def checked(name: str) -> FileReport:
    """Findings on what a converter made of recurrent layers."""
    text = (SKETCHES / f"{name}.tfl").read_text(encoding="utf-8")
    return check_model(decode(sketch.build(text)), Plan(tuple(catalogue().values()), (resolve("litert"),)), name)
