"""What the tests of `tflint fix --quantize` share: models, samples, and the command."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from command import tflint
from models import SHARED
from tflint import sketch
from tflint.model.read import read_model
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
