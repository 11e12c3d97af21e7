"""What `tflint fix --quantize` refuses, and the line that says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command import tflint
from quantizing import AUTOENCODER, CORPUS, DENSE, RANDOM, built, corpus, quantized, recorded, values
from tflint.commands.quantize import EXTRA, Request, quantize_command
from tflint.errors import TflintError

if TYPE_CHECKING:
    from pathlib import Path

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


def test_a_loop_takes_schemes_without_calibration_alone(tmp_path: Path) -> None:
    """int8 is refused through WHILE with what to do instead, though there is good data; dynamic is that."""
    loop = f"""
graph main(x) -> (y)
x: float32[1,16]
w: float32[16,16] = const {values(RANDOM.normal(size=(16, 16)))}
h: float32[1,16] = FULLY_CONNECTED(x, w, -)
y: float32[1,16] = WHILE(h) cond_subgraph_index=1 body_subgraph_index=2
graph cond(c) -> (t)
c: float32[1,16]
t: bool[] = const [0]
graph body(b) -> (e)
b: float32[1,16]
e: float32[1,16] = NEG(b)
"""
    model = built(loop, tmp_path)
    before = model.read_bytes()

    static = tflint("fix", model, "--quantize", "int8", "--calibration", recorded(model), cwd=tmp_path)

    assert (static.returncode, static.stdout) == (1, "")
    assert "int8 is not possible through WHILE #1 'y'" in static.stderr
    assert "dynamic and weight-only-int8 need no calibration" in static.stderr
    assert len(static.stderr.splitlines()) == 1
    assert model.read_bytes() == before
    assert quantized(model, "dynamic")["kept"] == "dynamic"


def test_tensors_that_calibration_cannot_read_are_explained(tmp_path: Path) -> None:
    """The library's own word is kept, with what is behind it and what to do instead."""
    model = corpus("e78a14a3a459__dnn.tflite", tmp_path)  # of quantization-aware training

    done = tflint("fix", model, "--quantize", "int8", "--calibration", recorded(model), cwd=tmp_path)

    assert done.returncode == 1
    assert "Tensor data is null" in done.stderr
    assert "left by quantization-aware training" in done.stderr


def test_the_extra_is_named_where_it_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One line with the command that installs it, exit code 2."""
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None if name == "ai_edge_quantizer" else object())
    model = built(DENSE, tmp_path)

    with pytest.raises(TflintError) as refused:
        quantize_command(Request(scheme="dynamic", model=model), "text")

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
