"""`tflint verify`: what both models are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from command import tflint
from tflint import sketch
from tflint.model.read import read_model
from tflint.parity.entry import entries
from tflint.parity.gates import EXACT
from tflint.parity.generate import Side, generate
from tflint.parity.verify import Options, verify
from verifying import INT8, WEIGHT, report, two

if TYPE_CHECKING:
    from pathlib import Path


def test_samples_are_kept_and_given_again(tmp_path: Path) -> None:
    """What random samples were used is told, can be written and is read again."""
    found = report(tmp_path, two(), two(), "--save-inputs", "in.npz", rc=0)
    assert found["entries"][0]["samples"] == {
        "count": 3,
        "origin": "3 random samples of seed 0",
        "notes": ["x: float32[1,4], -1 to 1"],
    }

    again = report(tmp_path, two(), two(), "--inputs", "in.npz", rc=0)
    assert again["entries"][0]["samples"]["origin"] == "in.npz, saved from 3 random samples of seed 0"


def test_recorded_samples_of_every_form(tmp_path: Path) -> None:
    """One sample a `.npz`, a folder of them, JSON lines, a generator as calibration has it."""
    row = np.arange(4, dtype=np.float32).reshape(1, 4)
    (tmp_path / "many").mkdir()
    np.savez(tmp_path / "one.npz", x=row)
    np.savez(tmp_path / "many" / "a.npz", x=row)
    np.savez(tmp_path / "many" / "b.npz", x=row + 1)
    (tmp_path / "rows.jsonl").write_text('{"x": [[1, 2, 3, 4]]}\n\n{"x": [[0.5, 2, 3, 4]]}\n')
    (tmp_path / "data.py").write_text(
        "import numpy\ndef samples():\n    for i in range(3):\n        yield [numpy.full((1, 4), i)]\n"
    )
    for spec, count in (("one.npz", 1), ("many", 2), ("rows.jsonl", 2), ("data:samples", 3)):
        found = report(tmp_path, two(), two(), "--inputs", spec, rc=0)
        assert found["entries"][0]["samples"]["count"] == count


def test_saved_outputs_are_a_reference(tmp_path: Path) -> None:
    """Of another framework, by their names, with the samples that they are the answers to."""
    row = np.array([[0.1, -0.2, 0.3, 0.4]], np.float32)
    np.savez(tmp_path / "in.npz", x=row)
    hidden = row @ WEIGHT.T
    np.savez(tmp_path / "out.npz", first=np.tanh(hidden).astype(np.float32), second=1 / (1 + np.exp(-hidden)))
    (tmp_path / "m.tflite").write_bytes(sketch.build(two()))

    assert tflint("verify", "out.npz", "m.tflite", "--inputs", "in.npz", cwd=tmp_path).returncode == 0
    (tmp_path / "m.tflite").write_bytes(sketch.build(two(WEIGHT.T)))
    assert tflint("verify", "out.npz", "m.tflite", "--inputs", "in.npz", cwd=tmp_path).returncode == 1
    done = tflint("verify", "out.npz", "m.tflite", cwd=tmp_path)
    assert (done.returncode, "need the samples" in done.stderr) == (2, True)


TEXTS = """
ids: int32[1,16] sig=[-1,16]
input_mask: int32[1,16] sig=[-1,16]
table: float32[40,4] = const
e: float32[1,16,4] sig=[-1,16,4] = GATHER(table, ids)
m: float32[1,16] sig=[-1,16] = CAST(input_mask)
signature serve(ids=ids, mask=input_mask) -> (e=e, m=m)
"""


def test_random_samples_are_such_as_a_model_takes(tmp_path: Path) -> None:
    """Ids are rows of the table, masks are ragged, padding follows them, sizes vary, and a seed is a seed."""
    path = tmp_path / "m.tflite"
    path.write_bytes(sketch.build(TEXTS))
    model = read_model(path)
    (entry,) = entries(model)
    side = Side(model, entry, {port.name: port.name for port in entry.inputs})
    samples = generate((side,), count=6, seed=3)

    assert [row["ids"].shape for row in samples.rows] == [(1, 16), (3, 16)] * 3
    assert all(row["ids"].min() >= 0 and row["ids"].max() < 40 for row in samples.rows)
    lengths = [row["mask"].sum(axis=1).tolist() for row in samples.rows]
    assert lengths[0] == [16]
    assert lengths[-1] == [0, 0, 0]
    assert len({length for row in lengths for length in row}) > 4
    assert all((np.diff(row["mask"], axis=1) <= 0).all() for row in samples.rows)
    assert all((row["ids"][row["mask"] == 0] == 0).all() for row in samples.rows)
    again = generate((side,), count=6, seed=3)
    assert all((a[key] == b[key]).all() for a, b in zip(samples.rows, again.rows, strict=True) for key in a)
    other = generate((side,), count=6, seed=4)
    assert any((a["ids"] != b["ids"]).any() for a, b in zip(samples.rows, other.rows, strict=True))
    assert verify(str(path), str(path), gates=EXACT, options=Options(count=2, modes=("builtin",))).holds


FLOAT_IO = INT8.replace("x: int8[1,4] q=0.01+3\n", "r: float32[1,4]\nx: int8[1,4] q=0.01+3 = QUANTIZE(r)\n").replace(
    "x=x", "x=r"
)


def test_integer_inputs_are_quantized_as_they_say(tmp_path: Path) -> None:
    """A model with int8 inputs gets the same numbers as one that quantizes by itself."""
    found = report(tmp_path, INT8, FLOAT_IO, "--metric", "atol:0", rc=0)

    assert found["entries"][0]["notes"] == ["input 'x' is float32[1,4], the reference's int8[1,4] q=0.01+3"]
    report(tmp_path, FLOAT_IO, INT8, "--metric", "atol:0", rc=0)
    found = report(tmp_path, INT8, FLOAT_IO, "--metric", "exact", rc=1)
    assert found["reasons"] == ["signature 'serve': input 'x' is float32[1,4], the reference's int8[1,4] q=0.01+3"]
