"""What two models are given in a comparison: which entries and inputs belong together, and random samples for both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tflint import sketch
from tflint.errors import TflintError
from tflint.fixer.calibration import by_entry
from tflint.model.read import decode
from tflint.parity.entry import Entry, Port, entries
from tflint.parity.gates import EXACT, FLOAT
from tflint.parity.generate import Side, generate
from tflint.parity.pairing import Pair, conformed, inputs, paired
from tflint.parity.samples import Samples
from verifying import BOTH, two

if TYPE_CHECKING:
    from tflint.model.view import Model

WITHOUT = "graph main(x) -> (y)\nx: float32[1,4]\ny: float32[1,4] = TANH(x)\n"
QUANTIZED = """
x: float32[1,4]
q: int8[1,4] q={scale} = QUANTIZE(x)
y: float32[1,4] = DEQUANTIZE(q)
signature serve(x=x) -> (y=y)
"""
SCALARS = """
mask: int32[]
ids: int32[]
a_mask: int32[1,4]
b_mask: int32[1,4]
n: int32[] = ADD(mask, ids)
m: int32[1,4] = ADD(a_mask, b_mask)
signature serve(mask=mask, ids=ids, a_mask=a_mask, b_mask=b_mask) -> (n=n, m=m)
"""


def model(text: str) -> Model:
    """The model of a sketch."""
    return decode(sketch.build(text))


def found(one: str, other: str, **keys: str) -> tuple[list[Any], list[str]]:
    """Keys of the entries that belong together, and problems."""
    problems: list[str] = []
    both = {"one": model(one), "other": model(other)}
    pairs = list(paired("one", "other", both, problems, None, keys))
    return [(ours and ours.key, theirs and theirs.key) for ours, theirs in pairs], problems


def test_signatures_belong_together_by_key() -> None:
    """One that is missing is a problem; a model without any is compared by its primary subgraph."""
    assert found(BOTH, BOTH) == ([("decode", "decode"), ("encode", "encode")], [])
    renamed = BOTH.replace("signature decode", "signature speak")
    assert found(BOTH, renamed) == ([("encode", "encode")], ["the candidate has no signature 'decode'"])
    assert found(BOTH, renamed, decode="speak") == ([("decode", "speak"), ("encode", "encode")], [])
    assert found(BOTH, WITHOUT) == ([("encode", None)], ["the candidate has no signature 'decode'"])
    assert found(WITHOUT, BOTH) == ([(None, "encode")], [])


def given(ours: tuple[Port, ...], theirs: tuple[Port, ...], *, exact: bool = False) -> tuple[Any, list[str], list[str]]:
    """Names, problems and notes of two entries of one signature."""
    notes: list[str] = []
    pair = Pair("one", "other", {}, Entry("serve", 0, ours, ()), Entry("serve", 0, theirs, ()))
    return (*inputs(pair, EXACT if exact else FLOAT, {}, notes), notes)


def test_inputs_belong_together_by_name() -> None:
    """Those that are the only ones left do too, with a note; others that are missing or more are problems."""
    a, b, c, d = (Port(name, "float32", (1, 4)) for name in "abcd")
    names, problems, notes = given((a, b), (a, c))
    assert (names, problems) == ({"a": "a", "b": "c"}, [])
    assert notes == ["inputs are bound by name, 'b' to 'c' as the only ones left"]

    _, problems, _ = given((a, b), (a, c, d))
    assert problems == [
        "the candidate has no input 'b'",
        "the candidate has one more input, 'c'",
        "the candidate has one more input, 'd'",
    ]


def test_inputs_of_other_shapes_and_types() -> None:
    """A shape that is not known fits any, one that can never be the same is a problem, a type is where bits count."""
    a = Port("a", "float32", (1, 4))
    assert given((a,), (replace(a, shape=None),))[1] == []
    assert given((a,), (replace(a, shape=(1, 5)),))[1] == ["input 'a' is float32[1,5], the reference's float32[1,4]"]
    assert given((a,), (replace(a, shape=(4,)),))[1] == ["input 'a' is float32[4], the reference's float32[1,4]"]
    wide = replace(a, dtype="float64")
    told = ["input 'a' is float64[1,4], the reference's float32[1,4]"]
    assert given((a,), (wide,))[1:] == ([], told)
    assert given((a,), (wide,), exact=True)[1:] == (told, [])


def test_a_sample_has_every_input() -> None:
    """What it has beyond them is a label; what it lacks is told with what it has."""
    entry = Entry("serve", 0, (Port("x", "float32", (2,)), Port("n", "int32", ())), ())
    rows = ({"x": [1, 2], "position 1": 3, "label": 4},)
    done = conformed(Samples(rows, "here"), entry)
    assert {name: value.dtype.name for name, value in done.rows[0].items()} == {"x": "float32", "n": "int32"}
    assert done.labels == ({"label": 4},)

    with pytest.raises(TflintError, match="sample 1 has no input 'n'; it has x"):
        conformed(Samples(({"x": [1, 2]},), "here"), entry)
    with pytest.raises(TflintError, match="sample 1: input 'n' takes"):
        conformed(Samples(({"x": [1, 2], "n": [1, 1]},), "here"), entry)


def side(text: str, names: dict[str, str] | None = None) -> Side:
    """A side of a comparison, by its own names unless others are told."""
    one = model(text)
    [entry] = entries(one)
    return Side(one, entry, {port.name: port.name for port in entry.inputs} if names is None else names)


def test_floats_are_such_as_both_quantizations_cover() -> None:
    """Where the two differ, the numbers that both can hold; where they have none in common, small ones."""
    one, other = side(QUANTIZED.format(scale="0.01+0")), side(QUANTIZED.format(scale="0.5+120"))
    samples = generate((one, other), count=4)
    assert samples.notes == ("x: float32[1,4], -1.28 to 1.27, which its quantization covers",)
    assert all((abs(row["x"]) <= 1.28).all() for row in samples.rows)

    apart = side(QUANTIZED.format(scale="0.01-128")), side(QUANTIZED.format(scale="0.01+127"))
    assert generate(apart, count=1).notes == ("x: float32[1,4], -1 to 1",)
    alone = side(two()), side(two(), {})  # what the other side does not take tells nothing of it
    assert generate(alone, count=1).notes == ("x: float32[1,4], -1 to 1",)


def test_masks_of_one_shape_are_one_mask() -> None:
    """Rows of both end where the other's do; a scalar has no row to end."""
    samples = generate((side(SCALARS),), count=6)

    assert all((row["a_mask"] == row["b_mask"]).all() for row in samples.rows)
    assert {int(row["a_mask"].sum()) for row in samples.rows} >= {0, 4}
    assert all(int(row["mask"]) == 1 for row in samples.rows)
    assert {row["ids"].shape for row in samples.rows} == {()}


def test_complex_numbers_have_both_parts() -> None:
    """And a type that numpy has not is asked for."""
    text = "x: complex64[1,4]\ny: float32[1,4] = COMPLEX_ABS(x)\nsignature serve(x=x) -> (y=y)\n"
    [row] = generate((side(text),), count=1).rows
    assert row["x"].dtype == np.complex64
    assert (row["x"].imag != 0).all()

    with pytest.raises(TflintError, match="input 'x' is bfloat16: samples have to be given with --inputs"):
        generate((side(text.replace("complex64", "bfloat16")),), count=1)


def test_calibration_samples_of_several_signatures() -> None:
    """Each is given those that have its inputs and no others; one without any, or a sample of none, is refused."""
    found = entries(model(BOTH))
    rows: list[dict[str, Any]] = [
        {name: np.arange(4).reshape(1, 4) + n for name in (("x",) if n % 2 else ("u", "label"))} for n in range(4)
    ]
    told = by_entry(Samples(tuple(rows), "here"), found)
    assert {key: [list(row) for row in samples.rows] for key, samples in told.items()} == {
        "encode": [["x"], ["x"]],
        "decode": [["u"], ["u"]],
    }

    for some, words in (
        (rows[1::2], "calibration: no samples of the signature 'decode', and every one has to be calibrated"),
        ([*rows, {"z": 1}], "calibration sample 5 has z: no signature has just these inputs"),
    ):
        with pytest.raises(TflintError, match=words):
            by_entry(Samples(tuple(some), "here"), found)
    with pytest.raises(TflintError, match=r"calibration sample 1 has 2 values, the model 1 inputs \(x\)"):
        by_entry(Samples(({"position 0": rows[1]["x"], "position 1": 1},), "here"), found[1:])
