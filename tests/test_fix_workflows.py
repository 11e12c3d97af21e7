"""`tflint fix --source` on the graphs that converters stumble over: several signatures, control flow, tables, TF 1."""

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
from tflint.commands.recipe import Request, recipe_of
from tflint.convert.corrections import as_before
from tflint.convert.recipe import Recipe
from tflint.errors import TflintError
from tflint.model.read import decode, read_model
from tflint.parity.samples import Samples, save

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = ["decode", "encode", "serving_default"]


class Sources(NamedTuple):
    """An interpreter with TensorFlow, and models that it made."""

    python: str
    folder: Path

    def fixed(self, name: str, folder: Path, *flags: str, source: str = "") -> tuple[int, dict[str, Any], str]:
        """Exit code, report and stderr of the command, on a copy in a folder."""
        shutil.copyfile(self.folder / f"{name}.tflite", folder / "m.tflite")
        flags = ("--source", str(self.folder / (source or name)), "--python", self.python, "-f", "json", *flags)
        done = tflint("fix", "m.tflite", *flags, cwd=folder)
        return done.returncode, json.loads(done.stdout or "{}"), done.stderr.strip()


def made(folder: Path, *names: str) -> Sources:
    """What workflow_sources.py makes."""
    python = os.environ.get("TENSORFLOW_PYTHON")
    if not python:
        pytest.skip("TENSORFLOW_PYTHON names no interpreter")
    script = Path(__file__).with_name("workflow_sources.py")
    subprocess.run([python, script, folder, *names], check=True, capture_output=True, timeout=1800)
    return Sources(python, folder)


@pytest.fixture(scope="module")
def coder(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """A SavedModel of three signatures."""
    return made(tmp_path_factory.mktemp("coder"), "coder")


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Sources:
    """All others."""
    return made(tmp_path_factory.mktemp("workflows"), "control-flow", "beams", "determinant", "labels", "frozen")


def test_no_signature_is_lost(coder: Sources, tmp_path: Path) -> None:
    """All three that the model had are fixed, and each answers as its own of the SavedModel does."""
    code, told, said = coder.fixed("coder", tmp_path)

    assert (code, said, told["problem"]) == (0, "", None)
    assert told["recipe"]["signatures"] == {key: key for key in KEYS}
    model = read_model(tmp_path / "m.tflite")
    assert sorted(signature.key or "" for signature in model.signatures) == KEYS
    assert [tensor and tensor.shape for graph in model.subgraphs for tensor in graph.inputs].count((1, 16)) == 2
    proved = told["parity"]["entries"]
    assert sorted(entry["signature"] for entry in proved) == KEYS
    runs = [run for entry in proved for run in entry["runs"]]
    assert max(output["numbers"]["max_abs"] for run in runs for output in run["outputs"]) <= 1e-6


@pytest.mark.slow
def test_signatures_are_chosen_renamed_and_quantized(coder: Sources, tmp_path: Path) -> None:
    """Two of three, one under another name, of int8 by samples of each; samples of each prove it."""
    rows = [{"image": RANDOM.uniform(-1, 1, (1, 16))} for _ in range(40)]
    rows += [{"code": RANDOM.uniform(-1, 1, (1, 4))} for _ in range(40)]
    samples = tuple({name: value.astype(np.float32) for name, value in row.items()} for row in rows)
    save(Samples(samples, "here"), tmp_path / "samples.npz")
    flags = ("--signature", "encode,decode=from_code", "--quantize", "int8", "--calibration", "samples.npz")
    code, told, said = coder.fixed("coder", tmp_path, *flags, "--inputs", "samples.npz")

    assert (code, said) == (0, "")
    model = read_model(tmp_path / "m.tflite")
    assert sorted(signature.key or "" for signature in model.signatures) == ["encode", "from_code"]
    assert {tensor.dtype for graph in model.subgraphs for tensor in graph.inputs if tensor} == {"int8"}
    assert len(told["parity"]["entries"]) == 2


@pytest.mark.slow
def test_a_signature_that_the_source_lacks_is_named(coder: Sources, tmp_path: Path) -> None:
    """A model that has one more is left as it was."""
    text = "x: float32[1,16]\ny: float32[1,16] = TANH(x)\nsignature train(x=x) -> (y=y)\n"
    (tmp_path / "m.tflite").write_bytes(sketch.build(text))
    before = (tmp_path / "m.tflite").read_bytes()
    flags = ("--source", str(coder.folder / "coder"), "--python", coder.python)
    done = tflint("fix", "m.tflite", *flags, cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "the SavedModel has no signature 'train'; it has encode, decode, serving_default" in done.stderr
    assert (tmp_path / "m.tflite").read_bytes() == before


def test_an_app_calls_what_it_called(tmp_path: Path) -> None:
    """Signatures of the model become lines of the recipe, unless somebody says which."""
    (tmp_path / "saved_model.pb").touch()
    (tmp_path / "m.keras").touch()
    text = "x: float32[1,4]\ny: float32[1,4] = RELU(x)\nsignature {}(x=x) -> (y=y)\n"
    model = decode(sketch.build(text.format("encode")))

    [change] = as_before(Recipe(str(tmp_path)), model)
    assert (change.line, change.why) == ('signatures.encode = "encode"', "as the model has it")
    [change] = as_before(Recipe(str(tmp_path / "m.keras")), model)
    assert change.line == 'signature = "encode"'
    assert as_before(Recipe(str(tmp_path), signatures={"a": "b"}), model) == []
    assert as_before(Recipe(str(tmp_path / "m.keras"), signature="mine"), model) == []
    assert as_before(Recipe(str(tmp_path / "m.keras")), decode(sketch.build(text.format("serving_default")))) == []


def test_the_flag_names_several_of_a_saved_model(tmp_path: Path) -> None:
    """KEY as it is, SOURCE=KEY under another name; of a source of one function only what that is called."""
    (tmp_path / "saved_model.pb").touch()
    (tmp_path / "m.keras").touch()

    assert recipe_of(asked(tmp_path, "encode,decode=out")).signatures == {"encode": "encode", "decode": "out"}
    assert recipe_of(asked(tmp_path / "m.keras", "detect")).signature == "detect"
    with pytest.raises(TflintError, match=r"gives one signature: write KEY"):
        recipe_of(asked(tmp_path / "m.keras", "encode,decode"))


def asked(source: Path, signature: str) -> Request:
    """The command line with nothing else."""
    return Request(model=source.with_name("m.tflite"), source=str(source), signature=signature)


def numbers(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of each output in each run."""
    for entry in told["parity"]["entries"]:
        for run in entry["runs"]:
            yield from (output["numbers"] for output in run["outputs"])


@pytest.mark.slow
def test_control_flow_stays_and_is_proved(sources: Sources, tmp_path: Path) -> None:
    """If and While are operators of TFLite: the conversion is as good as the source, of int8 by the converter too."""
    code, told, said = sources.fixed("control-flow", tmp_path)
    assert (code, said) == (0, "")
    assert {op.name for op in read_model(tmp_path / "m.tflite").ops} >= {"WHILE", "IF"}
    assert max(each["max_abs"] for each in numbers(told)) <= 1e-6

    samples = tuple({"x": RANDOM.normal(size=(1, 8)).astype(np.float32)} for _ in range(40))
    save(Samples(samples, "here"), tmp_path / "samples.npz")
    flags = ("--quantize", "int8", "--calibration", "samples.npz", "--inputs", "samples.npz", "--metric", "cosine:0.98")
    code, told, said = sources.fixed("control-flow", tmp_path, *flags)
    assert (code, said, told["quantized"]["kept"]) == (0, "", "int8")
    assert "int8 is the converter's own: int8 is not possible through IF" in told["quantized"]["notes"][0]
    model = read_model(tmp_path / "m.tflite")
    assert {op.name for op in model.ops} >= {"WHILE", "IF"}
    assert [tensor and tensor.dtype for tensor in model.subgraphs[0].inputs] == ["int8"]


@pytest.mark.slow
def test_a_beam_search_gets_a_batch(sources: Sources, tmp_path: Path) -> None:
    """Lists of tensors were TensorFlow's own operators, for the batch was open: with one they are builtin ones."""
    assert any(op.kind.startswith("FlexTensorList") for op in read_model(sources.folder / "beams.tflite").ops)
    code, told, said = sources.fixed("beams", tmp_path)

    assert (code, said) == (0, "")
    assert not [op.kind for op in read_model(tmp_path / "m.tflite").ops if op.kind.startswith("Flex")]
    assert told["recipe"]["batch"] == 1


@pytest.mark.slow
def test_what_no_builtin_does_is_explained(sources: Sources, tmp_path: Path) -> None:
    """The operator, and what is left to do."""
    code, told, said = sources.fixed("determinant", tmp_path)

    assert (code, told["written"], said.count("\n")) == (1, None, 0)
    assert "tf.MatrixDeterminant" in said
    assert "write it with other operators, or name a target that links Flex" in said


@pytest.mark.slow
def test_a_hash_table_is_carried_over(sources: Sources, tmp_path: Path) -> None:
    """Keys and values of the resource are in the file, and each label is the source's."""
    code, told, said = sources.fixed("labels", tmp_path)

    assert (code, said) == (0, "")
    assert {op.name for op in read_model(tmp_path / "m.tflite").ops} >= {"HASHTABLE_FIND", "HASHTABLE_IMPORT"}
    assert told["parity"]["holds"] is True


@pytest.mark.slow
def test_a_graph_of_tensorflow_1_gets_a_signature(sources: Sources, tmp_path: Path) -> None:
    """A frozen graph is converted by its placeholders' names, and runs as it is to prove it."""
    assert read_model(sources.folder / "frozen.tflite").signatures == ()
    code, told, said = sources.fixed("frozen", tmp_path, source="frozen.pb")

    assert (code, said) == (0, "")
    [signature] = read_model(tmp_path / "m.tflite").signatures
    assert [[name for name, _ in side or ()] for side in (signature.inputs, signature.outputs)] == [
        ["features"],
        ["scores"],
    ]
    assert max(each["max_abs"] for each in numbers(told)) <= 1e-6
