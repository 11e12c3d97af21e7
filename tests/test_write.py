"""A model written again is the model that was read: structure, weights, what lies outside the FlatBuffer, the tail."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter

from models import all_models
from tflint import sketch
from tflint.errors import TflintError
from tflint.fixer.document import Document, open_document
from tflint.fixer.edits.facts import set_metadata
from tflint.model import archive
from tflint.model.flatbuf import Reader
from tflint.model.read import decode
from tflint.model.write import encode

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.model.view import Model

MODEL = """
x: float32[1,4]
w: float32[3,4] = const [1,2,3,4,5,6,7,8,9,10,11,12]
y: float32[1,3] = FULLY_CONNECTED(x, w, -)
signature serving_default(input=x) -> (logits=y)
metadata note = "kept as it is"
"""
PLACES = {"offset", "large_custom_options_offset", "outside"}  # where bytes lie may change, what they are may not


def content(value: Any) -> Any:
    """What a table holds, wherever it stands in its file."""
    if isinstance(value, dict):
        return {k: content(v) for k, v in value.items() if k not in PLACES and not k.endswith("_start")}
    if isinstance(value, list):
        return [content(item) for item in value]
    return (value.format, value.tobytes()) if isinstance(value, memoryview) else value


def backwards(value: Any) -> Any:
    """The same tables, filled in from the last field to the first."""
    if isinstance(value, dict):
        return {key: backwards(value[key]) for key in reversed(value)}
    return [backwards(item) for item in value] if isinstance(value, list) else value


def run(model: bytes, value: float = 0.5) -> list[Any]:
    """What LiteRT makes of a model with one float input."""
    interpreter = Interpreter(model_content=model)
    interpreter.allocate_tensors()
    for given in interpreter.get_input_details():
        interpreter.set_tensor(given["index"], np.full(given["shape"], value, given["dtype"]))
    interpreter.invoke()
    return [interpreter.get_tensor(out["index"]).tolist() for out in interpreter.get_output_details()]


def with_bytes_outside(weights: bytes) -> bytes:
    """The model with its weights behind the FlatBuffer."""
    tables = sketch.parse(MODEL)
    for table in tables["buffers"]:
        if table.get("data") and len(table["data"]) == len(weights):
            table.pop("data")
            table["outside"] = weights
    return bytes(encode(tables))


@pytest.mark.parametrize("path", all_models(), ids=lambda p: p.stem)
def test_a_model_written_again_is_the_same_model(path: Path) -> None:
    """Every field, every weight and what lies outside are those that were read; twice is byte for byte once."""
    try:
        document = open_document(path)
    except TflintError as problem:
        pytest.skip(problem.message)
    data = bytes(document)
    before, after = document.model, decode(data)

    assert content(Reader(data, errors="surrogateescape").root("Model")) == content(document.root)
    assert bytes(Document(data)) == data
    for old, new in zip(before.buffers, after.buffers, strict=True):
        assert old.size == new.size
        assert new.in_file == old.in_file
        assert new.read(old.size) == old.read(old.size)
    assert all(new.start % 16 == 0 for new in after.buffers if new.size)
    assert before.tail.size == after.tail.size


@pytest.mark.parametrize("path", all_models(), ids=lambda p: p.stem)
def test_what_an_edit_does_not_touch_stays(path: Path) -> None:
    """Behind a structure that has grown, tensors have their bytes, aligned; so have metadata and the archive."""
    try:
        document = open_document(path)
    except TflintError as problem:
        pytest.skip(problem.message)
    document.root["description"] = "longer than before " * 40
    set_metadata(document, "new", b"one more")
    try:
        data = bytes(document)
    except TflintError as problem:
        pytest.skip(problem.message)
    before, after = document.model, decode(data)

    for old, new in zip(before.buffers, after.buffers, strict=False):
        assert new.read(new.size) == old.read(old.size)
    assert all(new.start % 16 == 0 for new in after.buffers if new.size)
    assert [entry.name for entry in after.metadata] == [*(entry.name for entry in before.metadata), "new"]
    assert [t.name for t in after.tensors] == [t.name for t in before.tensors]
    assert packed(after) == packed(before)


def packed(model: Model) -> dict[str, bytes | None]:
    """The files behind a model."""
    return {name: member.read(1 << 24) for name, member in (archive.members(model.tail) or {}).items()}


def test_twice_is_once() -> None:
    """Writing what was written changes no byte."""
    once = bytes(Document(sketch.build(MODEL)))

    assert bytes(Document(once)) == once


def test_the_same_tables_give_the_same_bytes() -> None:
    """The order in which an edit fills a table in is no part of the file."""
    tables = Document(sketch.build(MODEL)).root

    assert bytes(encode(backwards(tables))) == bytes(encode(tables))


def test_weights_behind_the_flatbuffer_stay_there() -> None:
    """Buffers with offset and size are found again by the runtime, wherever the structure has moved."""
    weights = struct.pack("<12f", *range(12, 0, -1))
    model = with_bytes_outside(weights)
    document = Document(model)
    document.root["description"] = "longer than before " * 40
    moved = bytes(document)
    buffer = next(b for b in decode(moved).buffers if b.outside)

    assert buffer.start != next(b for b in decode(model).buffers if b.outside).start
    assert buffer.read() == weights
    assert run(moved) == run(model) == [[[21.0, 13.0, 5.0]]]


def test_archive_behind_the_model_is_found_again() -> None:
    """The archive of TFLite Metadata moves with its entries' places corrected; one that counts from itself as well."""
    absolute = io.BytesIO(sketch.build(MODEL))
    with zipfile.ZipFile(absolute, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("labels.txt", "cat\ndog\n")
        archive.writestr("vocab.txt", "a\n" * 500)
    document = Document(absolute.getvalue())
    document.root["description"] = "longer than before"
    written = bytes(document)

    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert archive.testzip() is None
        assert archive.read("labels.txt") == b"cat\ndog\n"
        assert all(written[info.header_offset :][:4] == b"PK\x03\x04" for info in archive.infolist())


@pytest.mark.parametrize(("at", "value"), [(12, 0xFFFFFFFF), (12, 10_000), (10, 9)], ids=["zip64", "size", "count"])
def test_damaged_archive_is_not_moved(at: int, value: int) -> None:
    """What cannot be moved for sure is refused: nothing is lost."""
    model = io.BytesIO(sketch.build(MODEL))
    with zipfile.ZipFile(model, "a") as archive:
        archive.writestr("labels.txt", "cat")
    data = bytearray(model.getvalue())
    struct.pack_into("<I" if at == 12 else "<H", data, data.rfind(b"PK\x05\x06") + at, value)
    document = Document(bytes(data))
    document.root["description"] = "longer than before"

    with pytest.raises(TflintError, match="cannot be moved"):
        bytes(document)


def test_names_that_are_no_text_survive() -> None:
    """The bytes of a name that is not UTF-8 are written as they were."""
    model = sketch.build(MODEL).replace(b"kept as it is", b"kept \xff\xfe it is").replace(b"logits", b"lo\xff\xfets")

    assert b"lo\xff\xfets" in bytes(Document(model))


def test_fields_of_a_newer_schema_are_not_lost() -> None:
    """A table with a field that is not known is refused, not written without it."""
    model = bytearray(sketch.build(MODEL))
    root = struct.unpack_from("<I", model, 0)[0]
    vtable = root - struct.unpack_from("<i", model, root)[0]
    size, inline = struct.unpack_from("<HH", model, vtable)
    entries = struct.unpack_from(f"<{size // 2 - 2}H", model, vtable + 4)
    more = [*entries, *[0] * (31 - len(entries)), entries[0]]
    longer = struct.pack("<HH32H", 4 + 2 * len(more), inline, *more)
    model += bytes(-len(model) % 4)
    model += longer
    struct.pack_into("<i", model, root, root - (len(model) - len(longer)))

    with pytest.raises(TflintError, match="does not know"):
        Document(bytes(model))


def test_a_gigabyte_is_copied_within_bounds(tmp_path: Path) -> None:
    """Weights are copied in pieces: what is held in memory at once is a few megabytes."""
    tables = sketch.parse(MODEL)
    tables["buffers"].append({"outside": memoryview(bytes(1 << 26))})
    path = tmp_path / "large.tflite"
    path.write_bytes(bytes(encode(tables)))
    pieces = [len(piece) for piece in open_document(path).pieces()]

    assert sum(pieces) == path.stat().st_size
    assert max(pieces) <= 1 << 22
