"""Where the bytes of a model are: inside the FlatBuffer, behind it, in a file that is mapped, or nowhere yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tflint.model.flatbuf import MalformedModelError, Reader
from tflint.model.read import decode, mapped, read_model, viewed
from tflint.model.write import encode

if TYPE_CHECKING:
    from pathlib import Path


def test_where_the_bytes_of_a_buffer_are() -> None:
    """In the FlatBuffer, behind it or nowhere; an offset of 1 is unset, and one that leads out of the file is told."""
    data = bytes(
        encode({"version": 3, "buffers": [{}, {"data": b"abcd"}, {"offset": 1, "size": 9}, {"offset": 2, "size": 9}]})
    )
    model = decode(data)
    rows = [(b.index, b.start, b.size, b.outside, b.data_size, b.declared, b.in_file) for b in model.buffers]

    assert rows == [
        (0, 0, 0, False, 0, (0, 0), True),
        (1, data.index(b"abcd"), 4, False, 4, (0, 0), True),
        (2, 0, 0, False, 0, (1, 9), True),
        (3, 2, 9, True, 0, (2, 9), True),
    ]
    assert (model.buffers[1].read(), model.buffers[3].read()) == (b"abcd", data[2:11])
    assert model.buffers[1].source == data
    for size, inside in ((len(data) - 2, True), (len(data) - 1, False)):
        far = decode(
            bytes(encode({"version": 3, "buffers": [{}, {"offset": 2, "size": size}]})).ljust(len(data), b"\0")
        )
        assert far.buffers[1].in_file is inside


def test_bytes_inside_go_before_those_outside() -> None:
    """Of a buffer that has both."""
    data = bytes(encode({"version": 3, "buffers": [{}, {"data": b"abcd", "offset": 2, "size": 9}]}))
    buffer = decode(data).buffers[1]

    assert (buffer.start, buffer.size, buffer.outside) == (data.index(b"abcd"), 4, False)
    assert buffer.declared == (2, 9)


def test_bytes_of_an_edit_are_in_no_file_yet() -> None:
    """They are their own source."""
    reader = Reader(bytes(encode({"version": 3, "buffers": [{}, {"data": b"abcd"}]})))
    root = reader.root("Model")
    root["buffers"][1] = {"data": b"edited", "offset": 3, "size": 4}
    buffer = viewed(reader, root).buffers[1]

    assert (buffer.index, buffer.start, buffer.size, buffer.outside, buffer.data_size) == (1, 0, 6, False, 6)
    assert (buffer.declared, buffer.in_file, buffer.read()) == ((3, 4), True, b"edited")


@pytest.mark.parametrize(
    ("behind", "size"),
    [(b"", 0), (bytes(16), 0), (bytes(17), 17), (b"\1", 1), (bytes(15) + b"\1", 16), (b"x" * 40, 40)],
)
def test_what_lies_behind_is_the_tail(behind: bytes, size: int) -> None:
    """But for up to sixteen zeros, which align the next file or buffer."""
    data = bytes(encode({"version": 3, "description": "abc"})) + behind
    model = decode(data)
    tail = model.tail

    assert model.structure_end == len(data) - len(behind)
    assert model.file_size == len(data)
    assert (tail.index, tail.start, tail.size) == (-1, len(data) - size, size)
    assert (tail.outside, tail.data_size, tail.declared, tail.in_file) == (True, 0, (0, 0), True)
    assert tail.read(100) == behind[len(behind) - size :]


def test_weights_behind_the_flatbuffer_are_no_tail() -> None:
    """Neither those of buffers nor the options of custom operators; a buffer that leads out of the file has none."""
    whole = bytes(encode({"version": 3, "buffers": [{}, {"offset": 400, "size": 50}]}))
    weights = decode(whole.ljust(460, b"x")).tail
    assert (weights.start, weights.size) == (450, 10)

    outside = bytes(encode({"version": 3, "buffers": [{}, {"offset": 400, "size": 61}]})).ljust(460, b"x")
    assert decode(outside).tail.size == 460 - decode(outside).structure_end > 300

    operator = {
        "builtin_options_type": 0,
        "builtin_options": None,
        "large_custom_options_offset": 700,
        "large_custom_options_size": 60,
    }
    whole = bytes(encode({"version": 3, "subgraphs": [{"operators": [operator]}]}))
    options = decode(whole.ljust(770, b"x"))
    assert options.subgraphs[0].ops[0].large_custom_options == (700, 60)
    assert (options.tail.start, options.tail.size) == (760, 10)

    beyond = decode(whole.ljust(750, b"x")).tail
    assert (beyond.start, beyond.size) == (750, 0)


def test_a_file_is_mapped(tmp_path: Path) -> None:
    """Not read as a whole; one without a byte cannot be, and is no model."""
    path = tmp_path / "m.tflite"
    path.write_bytes(bytes(encode({"version": 3, "description": "abc"})))
    assert read_model(path).description == "abc"
    with mapped(path) as data:
        assert data[:] == path.read_bytes()
        with pytest.raises(TypeError):
            data[0] = 1
    path.write_bytes(b"")
    with pytest.raises(MalformedModelError, match="the file is empty"):
        mapped(path)
    with pytest.raises(MalformedModelError, match="identifier"):
        decode(bytes(64))
