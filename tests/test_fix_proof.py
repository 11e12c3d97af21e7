"""What `tflint fix` proves, and what it does where a model does not run here; on the corpus, all that it mends."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from command import tflint
from mending import by_index, model, signatures
from models import SHARED, shared_rows
from tflint.model.read import read_model

if TYPE_CHECKING:
    from pathlib import Path

SEVERAL = """
graph main(x) -> (y)
x: float32[1,4]
y: float32[1,4] = RELU(x)
graph other(u) -> (v)
u: float32[1,4]
v: float32[1,4] = NEG(u)
signature serve(x=x) -> (y=y)
signature second@1(u=u) -> (v=v)
"""
NOT_HERE = """
graph main(x) -> (y)
x: float32[1,4]
a: float32[1,4] = CUSTOM:Nobody(x)
idle: float32[1,4] = NEG(a)
a1: int8[1,4] q=0.5+0 = QUANTIZE(a)
a2: float32[1,4] = DEQUANTIZE(a1)
a3: int8[1,4] q=0.5+0 = QUANTIZE(a2)
y: float32[1,4] = DEQUANTIZE(a3)
"""
TWO_IDS = """
graph main(ids, mask) -> (y)
ids: float32[2,8]
mask: float32[2,8]
w: float32[3,8] = const [1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8,1,2,3,4,5,6,7,8]
a: float32[2,8] = MUL(ids, mask)
y: float32[2,3] = FULLY_CONNECTED(a, w, -)
signature serve(ids=ids, mask=mask) -> (y=y)
"""


def test_one_of_several_signatures_is_renamed(tmp_path: Path) -> None:
    """Each is compared with what it is called now, and the others with themselves."""
    path = model(tmp_path, SEVERAL)
    done = tflint("fix", path, "--signature", "second=embed", "--rename", "u=text", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert signatures(path) == {"serve": ({"x": "x"}, {"y": "y"}), "embed": ({"text": "u"}, {"v": "v"})}
    x = np.array([[1, -2, 3, -4]], np.float32)
    assert Interpreter(str(path)).get_signature_runner("embed")(text=x)["v"].tolist() == [[-1, 2, -3, 4]]


def test_a_model_that_does_not_run_here(tmp_path: Path) -> None:
    """What tables prove is done; an edit that only a run would prove is left, with the reason."""
    path = model(tmp_path, NOT_HERE)
    done = tflint("fix", path, "-f", "json", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert [step["code"] for step in report["steps"]] == ["TFL101", "TFL701", "TFL203"]
    assert report["parity"]["gate"] == "tables"
    left = next(step for step in report["left"] if step["code"] == "TFL513")
    assert "does not run here" in left["why"]
    assert [op.name for op in read_model(path).ops] == ["CUSTOM", "QUANTIZE", "DEQUANTIZE", "QUANTIZE", "DEQUANTIZE"]
    once = path.read_bytes()
    again = tflint("fix", path, "--select", "TFL513", cwd=tmp_path)
    assert (again.returncode, path.read_bytes()) == (1, once)
    assert "nothing can be compared" in again.stderr


def test_dimensions_that_go_together_are_opened_at_once(tmp_path: Path) -> None:
    """Inputs that have to be of one size are opened together, and proved at twice the size as well."""
    path = model(tmp_path, TWO_IDS)
    alone = tflint("fix", path, "--fix-dim", "ids.0=?", cwd=tmp_path)
    done = tflint("fix", path, "--fix-dim", "ids.0=?", "--fix-dim", "mask.0=?", cwd=tmp_path)

    assert (alone.returncode, done.returncode, done.stderr) == (1, 0, "")
    assert "MUL" in alone.stderr
    assert "twice the size of dimension 0 of input 'ids' and dimension 0 of input 'mask'" in done.stdout
    x = np.arange(40, dtype=np.float32).reshape(5, 8)
    answer = Interpreter(str(path)).get_signature_runner()(ids=x, mask=np.ones_like(x))["y"]
    assert answer[:, 0].tolist() == (x @ np.arange(1, 9, dtype=np.float32)).tolist()


@pytest.mark.parametrize(
    ("text", "gate"),
    [
        ("x: float32[1,4] q=0.5+0\ny: float32[1,4] = RELU(x)\n", "exact"),
        ('graph main(""~1) -> (""~2)\n""~1: float32[1,4]\n""~2: float32[1,4] = RELU(""~1)\n', "exact"),
        ("x: float32[2147483647,2147483647]\ny: float32[2147483647,2147483647] = RELU(x)\n", "tables"),
        ("graph main(x) -> (x)\nx: float32[1,4]\ny: float32[1,4] = RELU(x)\n", "exact"),
    ],
    ids=["scale-of-floats", "nameless", "huge", "input-is-output"],
)
def test_strange_models(tmp_path: Path, text: str, gate: str) -> None:
    """A scale that means nothing, no names, an input that no memory holds, an input that dead operators alone read."""
    path = model(tmp_path, text)
    done = tflint("fix", path, "-f", "json", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["parity"]["gate"] == gate
    assert list(signatures(path)) == ["serving_default"]


def test_nothing_to_do_gives_the_same_bytes(tmp_path: Path) -> None:
    """--out is there after every run that succeeds: with nothing to change it is a copy, byte for byte."""
    path, out = model(tmp_path, SEVERAL), tmp_path / "out.tflite"
    done = tflint("fix", path, "--select", "TFL701", "--out", out, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert "the same bytes" in done.stdout
    assert out.read_bytes() == path.read_bytes()
    assert not (tmp_path / "tflint.lock").exists()


def inputs_of(path: Path) -> list[Any]:
    """Values for a model's inputs, by a seed; strings and numbers that tables have."""
    found: list[Any] = []
    for place, detail in enumerate(Interpreter(str(path)).get_input_details()):
        random, kind = np.random.default_rng(place), np.dtype(detail["dtype"])
        if kind.kind == "f":
            found.append(random.standard_normal(detail["shape"]).astype(kind))
        elif kind.kind in "iub":
            found.append(random.integers(0, 2, detail["shape"]).astype(kind))
        else:
            found.append(np.full(detail["shape"], b"hello world", object))
    return found


def named(path: Path, key: str, values: list[Any]) -> list[Any]:
    """Outputs in the order of positions, by the signature."""
    interpreter = Interpreter(str(path))
    places = {detail["index"]: place for place, detail in enumerate(interpreter.get_input_details())}
    interpreter.allocate_tensors()
    runner = interpreter.get_signature_runner(key)
    given = {name: values[places[detail["index"]]] for name, detail in runner.get_input_details().items()}
    answer = runner(**given)
    names = {detail["index"]: name for name, detail in runner.get_output_details().items()}
    return [answer[names[detail["index"]]] for detail in interpreter.get_output_details()]


def identical(one: list[Any], other: list[Any]) -> bool:
    """Bit for bit."""
    return len(one) == len(other) and all(
        a.dtype == b.dtype and (a.tolist() == b.tolist() if a.dtype == object else a.tobytes() == b.tobytes())
        for a, b in zip(one, other, strict=True)
    )


def corpus(*, unsigned: bool) -> list[str]:
    """Corpus models that LiteRT runs: all, or those without a signature."""
    rows = ((name, row["truth"].get("litert-2.3.0", {})) for name, row in shared_rows("truth.jsonl").items())
    return [name for name, row in rows if row.get("invoke") and (not unsigned or row.get("signatures_list") == {})]


@pytest.mark.slow
@pytest.mark.parametrize("path", sorted(SHARED.glob("bad/*.tflite")), ids=lambda path: path.stem)
def test_defective_models(path: Path, tmp_path: Path) -> None:
    """What is wrong with a model may forbid to mend it, in one line; it is never a surprise."""
    done = tflint("fix", path, "--out", tmp_path / "out.tflite", cwd=tmp_path)

    assert done.returncode in (0, 1), done.stderr
    assert done.stderr.count("\n") == done.returncode
    assert (tmp_path / "out.tflite").exists() == (done.returncode == 0)


def copied(name: str, folder: Path) -> Path:
    """A corpus model of our own."""
    path = folder / name
    shutil.copyfile(SHARED / "corpus" / "files" / name, path)
    return path


@pytest.mark.slow
@pytest.mark.parametrize("name", corpus(unsigned=True))
def test_signature_of_corpus_models(name: str, tmp_path: Path) -> None:
    """Every corpus model that runs and has no signature gets one, whose runner gives the numbers of positions."""
    path = copied(name, tmp_path)
    before = by_index(path, inputs_of(path))
    done = tflint("fix", path, "--signature", "serving_default", "-f", "json", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["parity"]["samples"] > 0
    assert identical(named(path, "serving_default", inputs_of(path)), before)


@pytest.mark.slow
@pytest.mark.parametrize("name", corpus(unsigned=False))
def test_safe_fixes_of_corpus_models(name: str, tmp_path: Path) -> None:
    """What is mended is gone, positions give the same bits as before, and a second run changes no byte."""
    path = copied(name, tmp_path)
    before = by_index(path, inputs_of(path))
    done = tflint("fix", path, "-f", "json", cwd=tmp_path)

    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert {step["code"] for step in report["steps"]} - {None} <= {
        "TFL101",
        "TFL203",
        "TFL212",
        "TFL513",
        "TFL701",
        "TFL702",
    }
    assert not {step["code"] for step in report["steps"]} & {finding["code"] for finding in report["findings"]}
    assert identical(by_index(path, inputs_of(path)), before)
    once = path.read_bytes()
    assert json.loads(tflint("fix", path, "-f", "json", cwd=tmp_path).stdout)["steps"] == []
    assert path.read_bytes() == once
