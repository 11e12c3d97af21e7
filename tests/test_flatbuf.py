"""Hostile bytes: every offset, length and index is checked before it is used."""

from __future__ import annotations

import contextlib
import struct

import flatbuffers
import pytest
import tflite
from hypothesis import example, given
from hypothesis import strategies as st

from models import EXAMPLES
from tflint.model import flatbuf
from tflint.model.flatbuf import MalformedModelError, Reader
from tflint.model.read import decode
from tflint.model.write import encode

CLEAN = (EXAMPLES / "clean.tflite").read_bytes()


def patched(offset: int, form: str, value: int) -> bytes:
    data = bytearray(CLEAN)
    struct.pack_into(form, data, offset, value)
    return bytes(data)


def test_every_truncation_is_refused() -> None:
    """A file cut anywhere is refused with a reason: the builder writes from the back, so no cut leaves it whole."""
    for end in range(len(CLEAN)):
        with pytest.raises(MalformedModelError):
            decode(CLEAN[:end])


@given(st.integers(0, len(CLEAN) - 4), st.integers(0, 2**32 - 1))
@example(0, 0xFFFFFFFF)
@example(0, 0x80000000)
@example(4, 0)
def test_any_word_may_be_anything(offset: int, value: int) -> None:
    """Whatever a word is changed to, the model decodes or is refused; nothing else is raised."""
    with contextlib.suppress(MalformedModelError):
        assert decode(patched(offset, "<I", value)).file_size == len(CLEAN)


def test_root_offset_behind_the_file_is_refused() -> None:
    """The eight-byte file of tensorflow#115308 does not get past the root."""
    with pytest.raises(MalformedModelError, match="outside the file"):
        decode(struct.pack("<I4s", 0x7FFFFFF0, b"TFL3"))


def test_vector_length_is_held_to_the_file() -> None:
    """A vector of two billion elements is refused before anything of it is read."""
    model = bytes(encode({"version": 3, "subgraphs": [{"inputs": [1, 2, 3]}]}))
    at = model.index(struct.pack("<4i", 3, 1, 2, 3))
    data = bytearray(model)
    struct.pack_into("<I", data, at, 0x7FFFFFFF)

    with pytest.raises(MalformedModelError, match="a vector runs past the end"):
        decode(bytes(data))


def test_string_without_its_nul_is_refused() -> None:
    """LiteRT's verifier wants the NUL behind a string, and so do we."""
    model = bytearray(bytes(encode({"version": 3, "description": "abcd"})))
    model[model.index(b"abcd") + 4] = 1

    with pytest.raises(MalformedModelError, match="NUL"):
        decode(bytes(model))


def test_shared_tables_are_counted_like_the_verifier_does(monkeypatch: pytest.MonkeyPatch) -> None:
    """A million references to one table are a million tables."""
    monkeypatch.setattr(flatbuf, "MAX_TABLES", 100)
    few = bytes(encode({"version": 3, "buffers": [{}] * 90}))
    many = bytes(encode({"version": 3, "buffers": [{}] * 101}))

    assert len(decode(few).buffers) == 90
    with pytest.raises(MalformedModelError, match="more than 100 tables"):
        decode(many)


@pytest.mark.parametrize(("tensors", "refused"), [(38, False), (39, True)])
def test_a_model_of_too_many_tables_is_refused_before_they_are_decoded(
    tensors: int, refused: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The members of large vectors are counted first, and the quantization and options right under them."""
    monkeypatch.setattr(flatbuf, "MANY", 10)
    monkeypatch.setattr(flatbuf, "MAX_TABLES", 100)
    add = {"builtin_options_type": 11, "builtin_options": {}}
    none = {"builtin_options_type": 0, "builtin_options": None}
    scaled = {"details_type": 0, "details": None}
    graph = {
        "tensors": [{"quantization": scaled} if i < 30 else {} for i in range(tensors)],
        "operators": [add] * 10 + [none] * 10,
    }
    reader = Reader(bytes(encode({"version": 3, "subgraphs": [graph]})))

    if refused:
        with pytest.raises(MalformedModelError, match="more than 100 tables"):
            reader.root("Model")
        assert reader.tables == 2
    else:
        reader.root("Model")
        assert reader.tables == 2 + tensors + 30 + 20 + 10 == 100


def test_decoded_values_are_limited_in_all(monkeypatch: pytest.MonkeyPatch) -> None:
    """Vectors may share bytes, so the file's size does not bound the work; a budget does."""
    monkeypatch.setattr(flatbuf, "MAX_ELEMENTS", 50)

    with pytest.raises(MalformedModelError, match="more than 50 values"):
        decode(bytes(encode({"version": 3, "subgraphs": [{"inputs": list(range(60)), "tensors": []}]})))


def test_a_string_counts_each_time_it_is_read() -> None:
    """A thousand operator codes of one name of a megabyte are a gigabyte in memory, from a file of a megabyte."""
    builder = flatbuffers.Builder()
    name = builder.CreateString("x" * (1 << 20))
    tflite.OperatorCodeStart(builder)
    tflite.OperatorCodeAddCustomCode(builder, name)
    code = tflite.OperatorCodeEnd(builder)
    tflite.ModelStartOperatorCodesVector(builder, 1000)
    for _ in range(1000):
        builder.PrependUOffsetTRelative(code)
    codes = builder.EndVector()
    tflite.ModelStart(builder)
    tflite.ModelAddOperatorCodes(builder, codes)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")

    with pytest.raises(MalformedModelError, match=r"strings hold more than 2,0\d\d,\d{3} values"):
        decode(bytes(builder.Output()))


def test_overlapping_scalars_of_a_hostile_vtable_are_read_one_by_one() -> None:
    """A vtable may give two fields one place; each is read there."""
    model = bytearray(bytes(encode({"version": 3, "operator_codes": [{"version": 7, "builtin_code": 9}]})))
    reader = Reader(bytes(model))
    reader.root("Model")

    vtable = model.index(struct.pack("<I", 7)) - 4
    assert vtable >= 0
    for offset in range(0, len(model) - 1, 2):
        data = bytearray(model)
        struct.pack_into("<H", data, offset, 4)
        with contextlib.suppress(MalformedModelError):
            decode(bytes(data))


def test_rank_is_limited() -> None:
    """A shape of ten thousand dimensions is an attack, not a tensor."""
    with pytest.raises(MalformedModelError, match="10,000 dimensions"):
        decode(bytes(encode({"version": 3, "subgraphs": [{"tensors": [{"shape": [1] * 10_000}]}]})))


def test_fields_are_aligned_as_their_types() -> None:
    """Processors that mind would stop at one that is not, and the official verifier refuses it."""
    model = bytes(encode({"version": 3, "description": "d", "buffers": [{"offset": 64, "size": 4}]}))
    reasons = set()
    for offset in range(0, len(model) - 1, 2):
        for step in (1, 2, 4):
            data = bytearray(model)
            data[offset] ^= step
            try:
                decode(bytes(data))
            except MalformedModelError as problem:
                reasons.add(problem.reason)

    assert reasons >= {
        "field version is not aligned to 4 bytes",
        "field description is not aligned to 4 bytes",
        "an 8-byte field of Buffer is not aligned",
    }


@pytest.mark.parametrize("size", [0, 4, 7])
def test_a_root_needs_its_bytes(size: int) -> None:
    """A few bytes hold no offset and no identifier."""
    with pytest.raises(MalformedModelError, match="the file ends before the root table"):
        Reader(CLEAN[:size]).root("Model")
