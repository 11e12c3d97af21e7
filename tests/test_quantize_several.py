"""`tflint fix --quantize A,B`: several variants of one model in one run, each beside it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command import tflint
from quantizing import AUTOENCODER, DENSE, GESTURES, built, corpus, quantized
from tflint.model.read import read_model
from tflint.model.scheme import schemes

if TYPE_CHECKING:
    from pathlib import Path


def test_each_scheme_is_put_beside_the_model(tmp_path: Path) -> None:
    """The model stays, each variant is proved, and the lock says how each was made."""
    model = corpus(GESTURES, tmp_path)
    (tmp_path / "tflint.lock").write_text('{"schema_version": 1, "models": {}}')
    before = model.read_bytes()

    found = quantized(model, "dynamic,float16")

    assert (model.read_bytes(), found["kept"], found["written"]) == (before, None, None)
    written = {row["scheme"]: row["written"] for row in found["variants"]}
    assert written == {name: str(tmp_path / f"model-{name}.tflite") for name in ("dynamic", "float16")}
    assert "dynamic-range int8" in schemes(read_model(tmp_path / "model-dynamic.tflite"))
    assert "float16 weights" in schemes(read_model(tmp_path / "model-float16.tflite"))
    models = json.loads((tmp_path / "tflint.lock").read_text())["models"]
    assert {name: entry["fix"]["recipe"]["scheme"] for name, entry in models.items()} == {
        "model-dynamic.tflite": "dynamic",
        "model-float16.tflite": "float16",
    }


def test_out_names_them(tmp_path: Path) -> None:
    """`--out` is what they are called after, and nothing is written under that name itself."""
    model = built(DENSE, tmp_path)

    done = tflint("fix", model, "--quantize", "float16, weight-only-int8", "--out", tmp_path / "o.tflite", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert {path.name for path in tmp_path.glob("*.tflite")} == {
        "model.tflite",
        "o-float16.tflite",
        "o-weight-only-int8.tflite",
    }
    assert sum(line.startswith("*") for line in done.stdout.splitlines()) == 2
    assert sum(line.startswith("written: ") for line in done.stdout.splitlines()) == 2


def test_what_fails_does_not_keep_the_others_away(tmp_path: Path) -> None:
    """The scheme that holds is written; the others are named in one line, and the exit code is 1."""
    model = corpus(AUTOENCODER, tmp_path)

    done = tflint("fix", model, "--quantize", "float16,int4,int8", cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "int4 does not hold" in done.stderr
    assert "; int8: " in done.stderr
    assert [path.name for path in sorted(tmp_path.glob("*.tflite"))] == ["model-float16.tflite", "model.tflite"]


@pytest.mark.parametrize(
    ("asked", "told"),
    [("auto,int8", "auto keeps one of all schemes"), ("float16,half", "'half'"), ("int8,", "--quantize")],
)
def test_a_mistake_is_one_line(asked: str, told: str, tmp_path: Path) -> None:
    """Also where a conversion would come first: nothing is converted for a scheme that there is not."""
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "config.json").write_text("{}")
    for source in ((), ("--source", "checkpoint")):
        done = tflint("fix", built(DENSE, tmp_path), "--quantize", asked, *source, cwd=tmp_path)

        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert told in done.stderr
