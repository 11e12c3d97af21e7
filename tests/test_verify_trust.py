"""`tflint verify` of references whose files hold code: it runs where the user trusts it, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command import tflint
from tflint import sketch
from verifying import made, two

if TYPE_CHECKING:
    from pathlib import Path


def test_a_program_is_code(tmp_path: Path) -> None:
    """What would run is said in one line, with the flag, before the file is looked at; exit code 2."""
    (tmp_path / "m.tflite").write_bytes(sketch.build(two()))
    (tmp_path / "m.pt2").write_bytes(b"")
    done = tflint("verify", "m.pt2", "m.tflite", cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n"), done.stdout) == (2, 1, "")
    assert "torch.export.load unpickles what is in the file, which may run code: --trust-source" in done.stderr


PLANTED = """
import os, sys
if sys.argv[1] == "tf_keras":
    os.environ["TF_USE_LEGACY_KERAS"] = "1"
keras = __import__(sys.argv[1])
image = keras.Input((4,), name="image")
layer = keras.layers.Lambda(lambda x: (__import__("pathlib").Path(FILE).write_text(""), x * 2)[1], name="scores")
doubled = layer(image)
for ending in ("h5", "keras"):
    keras.Model(image, doubled).save(f"{sys.argv[1]}.{ending}")
"""
PICKLED = """
import os, pathlib, torch, transformers
class Evil:
    def __reduce__(self):
        return (pathlib.Path.touch, (pathlib.Path(FILE),))
transformers.BertConfig(vocab_size=9, hidden_size=4, num_hidden_layers=1, num_attention_heads=1, intermediate_size=4,
    architectures=["BertModel"]).save_pretrained("checkpoint")
torch.save({"x": Evil()}, "checkpoint/pytorch_model.bin")
class Program(torch.nn.Module):
    def forward(self, x):
        return x * 2
torch.export.save(torch.export.export(Program(), (torch.zeros(1, 4),)), "program.pt2")
"""
DOUBLE = (
    "image: float32[1,4]\nscores: float32[1,4] = ADD(image, image)\nsignature serve(image=image) -> (scores=scores)"
)


@pytest.mark.slow
@pytest.mark.parametrize("keras", ["keras", "tf_keras"])
def test_code_in_a_file_of_keras_runs_when_it_is_trusted(keras: str, tmp_path: Path) -> None:
    """A Lambda layer that writes a file: refused in one line that names the flag; with it, it runs and is compared."""
    ran = tmp_path / "ran"
    python = made(tmp_path, "TENSORFLOW_PYTHON", PLANTED.replace("FILE", repr(str(ran))), keras)
    (tmp_path / "m.tflite").write_bytes(sketch.build(DOUBLE))
    for ending in ("h5", "keras"):
        ran.unlink(missing_ok=True)
        arguments = ("verify", f"{keras}.{ending}", "m.tflite", "--python", python, "--delegates", "none")
        refused = tflint(*arguments, cwd=tmp_path)
        assert (refused.returncode, refused.stderr.count("\n"), refused.stdout) == (2, 1, "")
        assert "the file holds Python code (a Lambda layer), which would run when it is loaded" in refused.stderr
        assert "--trust-source if you know who made it" in refused.stderr
        assert not ran.exists()
        done = tflint(*arguments, "--trust-source", cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert ran.exists()


@pytest.mark.slow
def test_code_in_a_pickle_runs_when_it_is_trusted(tmp_path: Path) -> None:
    """A checkpoint whose pickle makes a file is refused in one line; trusted, that code runs. A program is loaded."""
    ran = tmp_path / "ran"
    python = made(tmp_path, "TORCH_PYTHON", PICKLED.replace("FILE", repr(str(ran))))
    (tmp_path / "m.tflite").write_bytes(sketch.build(DOUBLE))
    arguments = ("m.tflite", "--python", python, "--delegates", "none")
    refused = tflint("verify", "checkpoint", *arguments, cwd=tmp_path)

    assert (refused.returncode, refused.stderr.count("\n"), refused.stdout) == (2, 1, "")
    assert "a pickle of more than tensors" in refused.stderr
    assert "--trust-source if you know who made it" in refused.stderr
    assert not ran.exists()
    assert tflint("verify", "checkpoint", *arguments, "--trust-source", cwd=tmp_path).returncode == 1
    assert ran.exists()
    assert tflint("verify", "program.pt2", *arguments, cwd=tmp_path).returncode == 2
    done = tflint("verify", "program.pt2", *arguments, "--trust-source", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
