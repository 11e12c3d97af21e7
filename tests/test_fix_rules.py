"""Every rule with a fix: flagged, mended by the command, clean, twice as once; the interpreter proves it each time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import tflint_rules
from command import tflint
from mending import by_index
from tflint import sketch
from tflint.model import archive
from tflint.model.read import read_model
from tflint.model.task_metadata import task_metadata_of
from tflint.model.write import encode
from tflint.registry import rules_of

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.rule import Rule

FIXABLE = [rule for rule in rules_of(tflint_rules) if rule.fix in ("safe", "unsafe")]
MODELS = {  # where the example is none that a runtime takes, or is flagged for what only a person can mend
    "TFL211": """
x: float32[1,32]
mask: float32[1,32] = const [-1e9,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]
a: float32[1,32] = MUL(x, mask)
y: float32[1,32] = TANH(a)
signature serve(features=x) -> (scores=y)
""",
}


def run(path: Path, values: list[Any]) -> list[Any]:
    """Outputs by position, as lists."""
    return [value.tolist() for value in by_index(path, values)]


@pytest.mark.parametrize("rule", FIXABLE, ids=lambda rule: rule.code)
def test_bad_fixed_clean(rule: Rule, tmp_path: Path) -> None:
    """The fix takes the finding away, proves it on the interpreter, and a second run changes no byte."""
    path = tmp_path / "model.tflite"
    path.write_bytes(sketch.build(MODELS.get(rule.code) or rule.examples[0].bad))
    flags = ("--select", rule.code, "--unsafe-fixes", "-f", "json")
    done = tflint("fix", path, *flags, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    report = json.loads(done.stdout)
    assert {step["code"] for step in report["steps"]} - {None} == {rule.code}
    assert report["written"]
    assert report["parity"]["gate"] == "exact" or rule.fix == "unsafe"
    assert rule.code not in {finding["code"] for finding in report["findings"]}
    once = path.read_bytes()
    again = json.loads(tflint("fix", path, *flags, cwd=tmp_path).stdout)
    assert (again["steps"], again["written"], path.read_bytes()) == ([], None, once)


def test_unsafe_fixes_wait_to_be_asked_for(tmp_path: Path) -> None:
    """Without --unsafe-fixes what changes numbers or the interface is named and left."""
    path = tmp_path / "model.tflite"
    path.write_bytes(sketch.build(FIXABLE[[rule.code for rule in FIXABLE].index("TFL501")].examples[0].bad))
    before = path.read_bytes()
    done = tflint("fix", path, "--select", "TFL501", cwd=tmp_path)

    assert done.returncode == 0
    assert "left: take int32 at input tensor 0" in done.stdout
    assert path.read_bytes() == before


def test_wanted_outputs_alone(tmp_path: Path) -> None:
    """Outputs that are not kept go, and with them what only they needed; those kept give the same numbers."""
    path = tmp_path / "model.tflite"
    path.write_bytes(
        sketch.build("""
x: float32[1,4]
w: float32[256,4] = const
a: float32[1,4] = RELU(x)
b: float32[1,256] = FULLY_CONNECTED(x, w, -)
c: float32[1,4] = NEG(x)
signature serve(x=x) -> (a=a, b=b, c=c)
""")
    )
    x = np.array([[1, -2, 3, -4]], np.float32)
    a, _, c = run(path, [x])
    done = tflint("fix", path, "--keep-output", "a", "--keep-output", "c", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert run(path, [x]) == [a, c]
    model = read_model(path)
    assert [op.name for op in model.ops] == ["RELU", "NEG"]
    assert [tensor.name for tensor in model.tensors] == ["x", "a", "c"]
    assert [[name for name, _ in s.outputs or ()] for s in model.signatures] == [["a", "c"]]
    assert path.stat().st_size < 1000


def test_dead_subgraphs_are_renumbered(tmp_path: Path) -> None:
    """What names subgraphs and tensors by number names the same ones after others have gone."""
    path = tmp_path / "model.tflite"
    path.write_bytes(
        sketch.build("""
graph main(go, x) -> (y)
idle: float32[4,4] = const
go: bool[]
x: float32[1,4]
y: float32[1,4] = IF(go, x) then_subgraph_index=2 else_subgraph_index=3
graph lost(a) -> (b)
a: float32[1,4]
b: float32[1,4] = EXP(a)
graph then(a) -> (b)
a: float32[1,4]
b: float32[1,4] = RELU(a)
graph else(a) -> (b)
a: float32[1,4]
b: float32[1,4] = NEG(a)
signature serve(go=go, x=x) -> (y=y)
""")
    )
    x = np.array([[1, -2, 3, -4]], np.float32)
    before = [run(path, [np.array(go), x]) for go in (True, False)]
    done = tflint("fix", path, "--select", "TFL701", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert [run(path, [np.array(go), x]) for go in (True, False)] == before
    assert [graph.name for graph in read_model(path).subgraphs] == ["main", "then", "else"]


def test_int64_ids_become_int32(tmp_path: Path) -> None:
    """Callers pass int32; a CAST that narrowed is gone, what wants int64 gets it, and the numbers are the same."""
    path = tmp_path / "model.tflite"
    path.write_bytes(
        sketch.build("""
ids: int64[1,4]
narrow: int32[1,4] = CAST(ids) in_data_type=INT64 out_data_type=INT32
two: int64[1] = const [2]
a: int32[1,4] = NEG(narrow)
b: int64[1,4] = ADD(ids, two)
c: float32[1,4] = CAST(b) in_data_type=INT64 out_data_type=FLOAT32
signature serve(ids=ids) -> (a=a, c=c)
""")
    )
    before = run(path, [np.array([[1, 2, 3, 4]], np.int64)])
    done = tflint("fix", path, "--select", "TFL501", "--unsafe-fixes", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert run(path, [np.array([[1, 2, 3, 4]], np.int32)]) == before
    assert [op.name for op in read_model(path).ops] == ["CAST", "NEG", "ADD", "CAST"]


DYNAMIC = """
x: float32[1,8] sig=[-1,8]
w: float32[2,8] = const
a: float32[1,2] sig=[-1,2] = FULLY_CONNECTED(x, w, -)
y: float32[1,2] sig=[-1,2] = RELU(a)
signature serve(x=x) -> (y=y)
"""


def test_a_dimension_is_fixed_and_opened_again(tmp_path: Path) -> None:
    """All that follows from it gets the size, and varies again when it is opened; the runtime takes both."""
    path = tmp_path / "model.tflite"
    path.write_bytes(sketch.build(DYNAMIC))
    fixed = tflint("fix", path, "--fix-dim", "x.0=4", cwd=tmp_path)

    assert (fixed.returncode, fixed.stderr) == (0, "")
    assert [t.dims for t in read_model(path).tensors if not t.is_constant] == [(4, 8), (4, 2), (4, 2)]
    assert np.shape(run(path, [np.ones((4, 8), np.float32)])[0]) == (4, 2)
    opened = tflint("fix", path, "--fix-dim", "x.0=?", cwd=tmp_path)
    assert (opened.returncode, opened.stderr) == (0, "")
    assert [t.dims for t in read_model(path).tensors if not t.is_constant] == [(-1, 8), (-1, 2), (-1, 2)]


def test_a_dimension_that_operators_need_is_not_opened(tmp_path: Path) -> None:
    """The operator in the way is named, and the file left."""
    path = tmp_path / "model.tflite"
    path.write_bytes(
        sketch.build("x: float32[4,8]\nshape: int32[1] = const [32]\ny: float32[32] = RESHAPE(x, shape)\n")
    )
    before = path.read_bytes()
    done = tflint("fix", path, "--fix-dim", "x.0=?", cwd=tmp_path)

    assert done.returncode == 1
    assert "RESHAPE #0 'y'" in done.stderr
    assert path.read_bytes() == before


def test_metadata_is_added_with_its_files(tmp_path: Path) -> None:
    """Names, normalization and labels are what a task library finds; the label file is stored behind the model."""
    path, labels = tmp_path / "model.tflite", tmp_path / "labels.txt"
    path.write_bytes(
        sketch.build("""
image: float32[1,8,8,3]
shape: int32[2] = const [1,192]
scores: float32[1,192] = RESHAPE(image, shape)
signature serve(picture=image) -> (classes=scores)
""")
    )
    labels.write_text("".join(f"class {number}\n" for number in range(192)))
    flags = ("--mean", "127.5", "--std", "127.5", "--labels", labels)
    done = tflint("fix", path, *flags, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    model = read_model(path)
    found = task_metadata_of(model)
    assert found is not None
    assert [found.inputs[0].name, found.outputs[0].name] == ["picture", "classes"]
    assert [(unit.kind, dict(unit.options)) for unit in found.inputs[0].units] == [
        ("NormalizationOptions", {"mean": (127.5,), "std": (127.5,)})
    ]
    assert [(file.name, file.type) for file in found.outputs[0].files] == [("labels.txt", "TENSOR_AXIS_LABELS")]
    members = archive.members(model.tail)
    assert members is not None
    assert members["labels.txt"].read(10_000) == labels.read_bytes()
    assert members["labels.txt"].method == archive.STORED
    assert tflint("check", path, "--target", "mediapipe", "--select", "TFL851", cwd=tmp_path).returncode == 0
    once = path.read_bytes()
    assert "nothing to change" in tflint("fix", path, *flags, cwd=tmp_path).stdout
    assert path.read_bytes() == once
    labels.write_text("one\n")
    wrong = tflint("fix", path, "--labels", labels, cwd=tmp_path)
    assert (wrong.returncode, path.read_bytes()) == (1, once)
    assert "1 labels" in wrong.stderr


def test_both_fields_of_operator_codes(tmp_path: Path) -> None:
    """A model that an old runtime takes for another one, its old code field left at 0, is one for all runtimes."""
    tables = sketch.parse("x: float32[1,4]\nw: float32[2,4] = const\ny: float32[1,2] = FULLY_CONNECTED(x, w, -)\n")
    tables["operator_codes"][0]["deprecated_builtin_code"] = 0
    path = tmp_path / "model.tflite"
    path.write_bytes(bytes(encode(tables)))
    done = tflint("fix", path, "--target", "tflite-2.3", "--select", "TFL212", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert [(c.name, c.builtin_code, c.deprecated_code) for c in read_model(path).operator_codes] == [
        ("FULLY_CONNECTED", 9, 9)
    ]


def test_a_bias_that_several_operators_share(tmp_path: Path) -> None:
    """Each gets the scale that its own kernel adds by, in a tensor of its own; the one that is right keeps the old."""
    path = tmp_path / "model.tflite"
    path.write_bytes(
        sketch.build("""
x: int8[1,4] q=0.5+0
w: int8[2,4] q=0.25+0 = const [1,2,3,4,5,6,7,8]
v: int8[2,4] q=0.5+0 = const [1,2,3,4,5,6,7,8]
b: int32[2] q=0.125+0 = const [8,16]
y: int8[1,2] q=1+0 = FULLY_CONNECTED(x, w, b)
z: int8[1,2] q=1+0 = FULLY_CONNECTED(x, v, b)
t: int8[1,2] q=1+0 = FULLY_CONNECTED(x, v, b)
signature serve(x=x) -> (y=y, z=z, t=t)
""")
    )
    flags = ("--select", "TFL508", "--unsafe-fixes")
    done = tflint("fix", path, *flags, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    biases = [op.inputs[2] for op in read_model(path).ops]
    assert [list(b.quant.scale) for b in biases if b and b.quant] == [[0.125], [0.25], [0.25]]
    assert [np.frombuffer(b.buffer.read(), np.int32).tolist() for b in biases if b and b.buffer] == [
        [8, 16],
        [4, 8],
        [4, 8],
    ]
    once = path.read_bytes()
    assert tflint("fix", path, *flags, cwd=tmp_path).returncode == 0
    assert path.read_bytes() == once


def test_a_stripped_border_is_held_to_the_very_integers(tmp_path: Path) -> None:
    """Samples are numbers that the integers stand for, so that no rounding at the border is taken for a difference."""
    path = tmp_path / "model.tflite"
    path.write_bytes(
        sketch.build("""
x: float32[1,64]
q: int8[1,64] q=0.0078393-3 = QUANTIZE(x)
w: int8[2,64] q=0.5+0 = const
p: int8[1,2] q=0.001+0 = FULLY_CONNECTED(q, w, -)
y: float32[1,2] = DEQUANTIZE(p)
signature serve(x=x) -> (y=y)
""")
    )
    flags = ("--select", "TFL505", "--unsafe-fixes", "-f", "json")
    done = tflint("fix", path, *flags, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["parity"]["max_abs"] < 1e-6
    assert [op.name for op in read_model(path).ops] == ["FULLY_CONNECTED"]
