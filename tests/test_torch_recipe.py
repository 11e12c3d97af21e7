"""What the recipe of a source of PyTorch has, and what is said of a mistake, before anything is converted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command import tflint
from tflint import sketch
from tflint.convert.corrections import corrected, longest
from tflint.convert.recipe import AUTO, TORCH, Change, Recipe
from tflint.engine import Plan, check_model
from tflint.model.read import decode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from pathlib import Path

NCHW = """
x: float32[1,3,8,8]
p: int32[4] = const [0,2,3,1]
t: float32[1,8,8,3] = TRANSPOSE(x, p)
r: float32[1,8,8,3] = RELU(t)
q: int32[4] = const [0,3,1,2]
y: float32[1,3,8,8] = TRANSPOSE(r, q)
signature serving_default(x=x) -> (y=y)
"""
NEW = "x: float32[2]\ny: float32[2] = GELU(x)\nsignature serving_default(x=x) -> (y=y)"


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--source", "m.pt2"), "torch.export.load unpickles what is in the file, which may run code: --trust-source"),
        (("--source", "checkpoint", "--weights", "checkpoint"), "goes with a --source module:function"),
        (("--source", "module:function", "--weights", "nothing"), "no such file or folder, and no module:function"),
        (("--source", "module:function", "--map", "classifier"), "--map classifier: write OLD=NEW"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2 before anything runs."""
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "config.json").write_text("{}")
    (tmp_path / "m.pt2").write_bytes(b"")
    done = tflint("fix", "m.tflite", *arguments, cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert told in done.stderr


def safetensors(path: Path, written_by: str) -> None:
    """A file of one parameter, as `save_pretrained` of a framework has it."""
    metadata = {"__metadata__": {"format": written_by}, "w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    header = json.dumps(metadata).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(4))


@pytest.mark.parametrize(("written_by", "converter"), [("pt", "litert-torch"), ("tf", "tensorflow")])
def test_safetensors_say_whose_weights_they_are(tmp_path: Path, written_by: str, converter: str) -> None:
    """The converter is that of the framework; litert-torch is refused for TensorFlow's in one line."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    safetensors(folder / "model.safetensors", written_by)
    done = tflint("fix", "m.tflite", "--source", "checkpoint", "--plan", "-f", "json", cwd=tmp_path)
    forced = tflint("fix", "m.tflite", "--source", "checkpoint", "--converter", "litert-torch", "--plan", cwd=tmp_path)

    assert json.loads(done.stdout).get("converter", "tensorflow") == converter
    assert forced.returncode == (2 if written_by == "tf" else 0)
    assert ("its weights are TensorFlow's alone: --converter tensorflow" in forced.stderr) is (written_by == "tf")


def test_a_plan_says_what_litert_torch_fixes(tmp_path: Path) -> None:
    """Sizes that no finding asked for are lines with a reason, and the length is one that the checkpoint has."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    (folder / "config.json").write_text('{"max_position_embeddings": 64}')
    (folder / "model.safetensors").write_bytes(b"")
    done = tflint("fix", "m.tflite", "--source", "checkpoint", "--plan", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "batch = 1: litert-torch converts for the shapes of a sample: none stays open" in done.stdout
    assert "length = 64: litert-torch" in done.stdout


@pytest.mark.parametrize(
    "config", ["", "[]", "{}", '{"max_position_embeddings": "x"}', '{"max_position_embeddings": 512}']
)
def test_a_length_is_128_otherwise(tmp_path: Path, config: str) -> None:
    """Whatever the configuration says."""
    (tmp_path / "config.json").write_text(config)

    assert longest(str(tmp_path)) == 128


@pytest.mark.parametrize(
    ("model", "converter", "lines"),
    [
        (NCHW, TORCH, ['steps = ["channels-last"]']),
        (NCHW, "tensorflow", []),
        (NEW, TORCH, []),
        (NEW, "tensorflow", [f'converter = "{AUTO}"']),
    ],
)
def test_each_converter_gets_its_own_lines(model: str, converter: str, lines: list[str]) -> None:
    """Images are turned by litert-torch, and operator versions are lowered by TensorFlow."""
    plan = Plan(tuple(catalogue().values()), (resolve("tflite-2.3"),))
    report = check_model(decode(sketch.build(model)), plan, "m.tflite")
    _, changes = corrected(Recipe("module:function", converter=converter), report.findings)

    assert [change.line for change in changes] == lines


def test_settings_stay_with_their_converter() -> None:
    """Another release keeps them, another converter does not know them."""
    recipe = Recipe("module:function", settings={"allow_custom_ops": True})

    assert recipe.changed(Change("converter", "tensorflow==2.13.1", "")).settings == recipe.settings
    assert recipe.changed(Change("converter", TORCH, "")).settings == {}
