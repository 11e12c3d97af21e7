"""What edits of `tflint fix` refuse, and what they leave because it is so already."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mending import SIGNED, UNSIGNED
from tflint import sketch
from tflint.errors import TflintError
from tflint.fixer import asked
from tflint.fixer.document import Document
from tflint.fixer.edits.interface import AddSignature, Permute, Rename, RenameSignature
from tflint.fixer.edits.metadata import AddMetadata
from tflint.fixer.edits.numbers import ClampConstant, DropRoundTrip, NarrowInput, SetQuant, StripBorder
from tflint.fixer.edits.shapes import Dim, SetDims
from tflint.model.read import decode

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tflint.fixer.edits.edit import Edit

INT64 = """
graph main(ids) -> (ids, y)
ids: int64[1,4]
y: int32[1,4] = CAST(ids)
"""
NARROWED = """
graph main(ids) -> (y)
ids: int64[1,4]
narrow: int32[1,4] = CAST(ids)
y: int32[1,4] = ABS(narrow)
"""
READ_TWICE = """
graph main(x) -> (y, z)
x: float32[1,4]
q: int8[1,4] q=0.5+0 = QUANTIZE(x)
y: int8[1,4] q=0.5+0 = RELU(q)
z: float32[1,4] = ABS(x)
"""
TWICE_AT_THE_BORDER = """
graph main(x) -> (q)
x: float32[1,4]
q: int8[1,4] q=0.5+0 = QUANTIZE(x)
"""
ROUND = """
graph main(a) -> (c)
a: int8[1,4] q=0.5+0
b: float32[1,4] = DEQUANTIZE(a)
c: int8[1,4] q=0.5+0 = QUANTIZE(b)
"""
BIAS = """
x: int8[1,2] q=0.5+0
w: int8[2,2] q=0.25+0 = const [1,2,3,4]
b: int32[2] q={scale} = const [8,-8]
y: int8[1,2] q=0.5+0 = FULLY_CONNECTED(x, w, b)
"""
CONSTANT = """
x: float32[1,3]
k: float32[3] = const [{values}]
y: float32[1,3] = ADD(x, k)
"""
TWO_SIGNATURES = SIGNED + "signature other(args_0=x) -> (output_0=y)\n"
IMAGES = "x: float32[1,8,8,3]\nu: float32[1,8,8,3]\ny: float32[1,8,8,3] = ADD(x, u)\n"
IMAGE = "x: float32[1,8,8,3]\ny: float32[1,8,8,3] = ABS(x)\n"


def edited(text: str, edit: Edit) -> tuple[bool, str]:
    """Whether the edit changed the model of a sketch, and the model afterwards."""
    document = Document(sketch.build(text))
    changed = edit.apply(document)
    return changed, sketch.show(decode(bytes(document)))


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        (SIGNED, AddSignature("other")),
        (SIGNED, RenameSignature("gone", "serve")),
        (SIGNED, Rename("gone", "args_0")),
        (UNSIGNED, Permute("outputs")),
        (ROUND, DropRoundTrip(0, 0, 2)),
        (ROUND, DropRoundTrip(0, 0, 0)),
        (SIGNED, StripBorder("inputs", 1)),
        (BIAS.format(scale="0.125+0"), SetQuant(0, 2, (0.125,), (0,))),
        (BIAS.format(scale="0.125+0"), SetQuant(0, 2, (0.5,), (0,), reader=0)),
        (CONSTANT.format(values="1,-2,nan"), ClampConstant(0, 1)),
        (SIGNED, NarrowInput(0, 0)),
        (SIGNED, SetDims((Dim("args_0", 1, 4),))),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, str) else "",
)
def test_what_is_so_already_stays(text: str, edit: Edit) -> None:
    """The edit says that it did nothing, and nothing is different."""
    assert edited(text, edit) == (False, sketch.show(decode(sketch.build(text))))


@pytest.mark.parametrize(
    ("text", "edit", "words"),
    [
        (TWO_SIGNATURES, RenameSignature("serve", "other"), "the model has a signature 'other' already"),
        (UNSIGNED, Rename("mask", "serving_default_ids:0"), "there is another 'serving_default_ids:0' beside it"),
        (INT64, NarrowInput(0, 0), "input tensor 0 is an output too: it stays int64"),
        (READ_TWICE, StripBorder("inputs", 0), "tensor 0 is more than converted: it stays as it is"),
        (SIGNED, StripBorder("outputs", 1), "tensor 1 is more than converted: it stays as it is"),
        (TWICE_AT_THE_BORDER, StripBorder("inputs", 0), "tensor 1 would be at the border twice"),
        (BIAS.format(scale="0.125+0"), SetQuant(0, 1, (0.5,), (0,)), "a constant that is no bias"),
        (BIAS.format(scale="0.125+0"), SetQuant(0, 2, (0.5, 0.5), (0, 0)), "a constant that is no bias"),
        (
            BIAS.format(scale="[0.1,0.1,0.1]+[0,0,0]@0"),
            SetQuant(0, 2, (0.5, 0.5, 0.5), (0, 0, 0)),
            "its scales are not one, nor one a value",
        ),
        (BIAS.format(scale="0.125+0"), SetQuant(0, 2, (0.0,), (0,)), "a scale that is not positive"),
        (BIAS.format(scale="inf+0"), SetQuant(0, 2, (0.5,), (0,)), "a scale that is not positive"),
        (CONSTANT.format(values="1,2,3"), ClampConstant(0, 0), "tensor 0 is no float32 constant"),
        (IMAGES, AddMetadata(mean=(127.5,), std=(127.5,)), "2 inputs have the rank of an image, 4"),
        (IMAGE, AddMetadata(mean=(1.0, 2.0), std=(1.0,)), "--mean: one value or one a channel (3), not 2"),
        (SIGNED, NarrowInput(7, 0), "the model has no subgraph 7"),
    ],
)
def test_what_an_edit_cannot_do_is_said(text: str, edit: Edit, words: str) -> None:
    """In one line, before anything is written."""
    with pytest.raises(TflintError) as caught:
        edited(text, edit)
    assert words in caught.value.message


def test_a_bias_stands_for_the_same_numbers() -> None:
    """Integers are stored anew for another scale: 8 times 0.125 is 2 times 0.5."""
    changed, after = edited(BIAS.format(scale="0.125+0"), SetQuant(0, 2, (0.5,), (0,)))

    assert changed
    assert "b: int32[2] q=0.5+0 = const [2,-2]" in after


def test_a_cast_that_narrows_goes() -> None:
    """Where all that reads an int64 input casts it to int32, the cast is gone and none is put in its place."""
    changed, after = edited(NARROWED, NarrowInput(0, 0))

    assert changed
    assert "ids: int32[1,4]" in after
    assert "y: int32[1,4] = ABS(ids)" in after
    assert "CAST(" not in after


def test_a_cast_is_put_where_int64_is_read() -> None:
    """In a model without a CAST its code is made."""
    changed, after = edited(NARROWED.replace("int32", "int64").replace("CAST(", "ABS("), NarrowInput(0, 0))

    assert changed
    assert "ids_int64: int64[1,4] = CAST(ids) in_data_type=INT32 out_data_type=INT64" in after
    assert "narrow: int64[1,4] = ABS(ids_int64)" in after


def test_names_are_made_unique() -> None:
    """Two tensors of one name are two names of the new signature; a tensor that is not there is an error."""
    text = "graph main(x, x~2) -> (y)\nx: float32[1]\nx~2: float32[1]\ny: float32[1] = ADD(x, x~2)\n"
    assert "signature serve(x=x, x_1=x~2) -> (y=y)" in edited(text, AddSignature("serve"))[1]
    with pytest.raises(TflintError, match="output 0 is no tensor of the model"):
        edited("graph main(x) -> (?9)\nx: float32[1]\n", AddSignature("serve"))


def test_tensors_are_renamed_where_there_is_no_signature() -> None:
    """They are what callers of such a model know."""
    assert "ids: float32[1,4]" in edited(UNSIGNED, Rename("serving_default_ids:0", "ids"))[1]


def test_an_order_is_of_what_the_signature_names() -> None:
    """Positions that it does not name are not moved."""
    text = UNSIGNED + 'signature serve(ids="serving_default_ids:0", m=mask) -> (a="StatefulPartitionedCall:0")\n'
    with pytest.raises(TflintError, match="does not name all outputs of the model: they keep their order"):
        edited(text, Permute("outputs"))


@pytest.mark.parametrize(
    ("read", "words"),
    [
        (lambda _: asked.signature_edit("serve=", decode(sketch.build(SIGNED))), "--signature serve=: write KEY"),
        (lambda _: asked.dims_edit(["x.1"]), "--fix-dim x.1: write INPUT.DIM=SIZE"),
        (lambda _: asked.dims_edit(["x.1=0"]), "--fix-dim x.1=0: write INPUT.DIM=SIZE"),
        (lambda _: asked.dims_edit(["x.100=1"]), "--fix-dim x.100=1: write INPUT.DIM=SIZE"),
        (lambda _: asked.metadata_edit("1", None, None, None), "--mean and --std: both or neither"),
        (lambda _: asked.metadata_edit("one", "1", None, None), "--mean one: write a number"),
        (lambda _: asked.metadata_edit("1", "1,0", None, None), "--std 1,0: write a number"),
        (lambda folder: asked.metadata_edit(None, None, folder / "gone.txt", None), "cannot be read: No such file"),
    ],
)
def test_flags_that_say_nothing(tmp_path: Path, read: Callable[[Path], object], words: str) -> None:
    """A flag of another form is one line that shows the form."""
    with pytest.raises(TflintError) as caught:
        read(tmp_path)
    assert words in caught.value.message


def test_the_order_of_the_signature_is_of_both_sides() -> None:
    """`--order signature` is two edits."""
    assert list(asked.order_edits("signature")) == [Permute("inputs"), Permute("outputs")]
