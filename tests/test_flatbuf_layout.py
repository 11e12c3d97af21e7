"""FlatBuffers laid out byte by byte: what is taken to its last byte, what is refused, why and where."""

from __future__ import annotations

import mmap
import struct
from typing import Any

import pytest

from tflint.model import flatbuf
from tflint.model.flatbuf import MalformedModelError, Reader

TABLE = 24  # where `laid` puts its table, with a vtable of up to six entries before it
OUTSIDE = "an offset points outside the file"
VECTOR = "a vector starts outside the file or unaligned"


def laid(entries: tuple[int, ...], body: bytes, *, at: int = TABLE) -> bytes:
    """A buffer whose root, at byte `at`, has these entries in its vtable, at byte 8, and this behind its first word."""
    vtable = struct.pack(f"<HH{len(entries)}H", 4 + 2 * len(entries), 4, *entries)
    return struct.pack("<I4s", at, b"TFL3") + vtable.ljust(at - 8, b"\0") + struct.pack("<i", at - 8) + body


def words(*values: int) -> bytes:
    """Words of four bytes."""
    return struct.pack(f"<{len(values)}I", *values)


def refusal(data: bytes, name: str = "Model") -> tuple[str, int]:
    """Why and where a root is refused."""
    with pytest.raises(MalformedModelError) as caught:
        Reader(data).root(name)
    assert str(caught.value) == caught.value.reason
    return caught.value.reason, caught.value.where


DESCRIBED = (0, 0, 0, 4)  # a Model of nothing but its description, whose offset is at byte 28
CODES = (0, 4)  # of its operator codes


@pytest.mark.parametrize(
    ("data", "reason", "where"),
    [
        (words(28, 0)[:7], "the file ends before the root table", 0),
        (words(0, 0), OUTSIDE, 0),
        (words(8, 0), OUTSIDE, 0),
        (words(0x80000000, 0), OUTSIDE, 0),
        (words(5, 0, 0), "table Model starts outside the file or unaligned", 5),
        (words(8, 0) + b"\0\0\0", "table Model starts outside the file or unaligned", 8),
        (words(8, 0, 0xFFFFFFFF), "the vtable of Model lies outside the file or unaligned", 8),
        (words(8, 0, 0xFFFFFFFC), "the vtable of Model lies outside the file or unaligned", 8),
        (words(8, 0, 10), "the vtable of Model lies outside the file or unaligned", 8),
        (words(8, 5, 4), "the vtable of Model has a bad size", 4),
        (words(8, 10, 4), "the vtable of Model has a bad size", 4),
        (laid((4,), b"\3\0\0"), "table Model runs past the end of the file", TABLE),
        (laid((4,), b""), "table Model runs past the end of the file", TABLE),
        (laid(DESCRIBED, b"\4\0\0"), "table Model runs past the end of the file", TABLE),
        (laid((6,), words(0, 0)), "field version is not aligned to 4 bytes", 8),
        (laid((0, 0, 0, 6), words(0, 0)), "field description is not aligned to 4 bytes", 8),
        (laid(DESCRIBED, words(0, 0)), OUTSIDE, TABLE + 4),
        (laid(DESCRIBED, words(8, 0)), OUTSIDE, TABLE + 4),
        (laid(DESCRIBED, words(0x80000000, 0)), OUTSIDE, TABLE + 4),
        (laid(DESCRIBED, words(1, 0)), VECTOR, TABLE + 5),
        (laid(DESCRIBED, words(4) + b"\0\0\0"), VECTOR, TABLE + 8),
        (laid(DESCRIBED, words(4, 3) + b"abc"), "a string is not NUL terminated", TABLE + 8),
        (laid(DESCRIBED, words(4, 3) + b"abcd"), "a string is not NUL terminated", TABLE + 8),
        (laid(DESCRIBED, words(4, 3) + b"ab"), "a vector runs past the end of the file", TABLE + 8),
        (laid(CODES, words(0, 0)), OUTSIDE, TABLE + 4),
        (laid(CODES, words(8, 0)), OUTSIDE, TABLE + 4),
        (laid(CODES, words(4, 1)), "a vector runs past the end of the file", TABLE + 8),
        (laid(CODES, words(4, 1, 2)), "table OperatorCode starts outside the file or unaligned", TABLE + 14),
    ],
)
def test_where_and_why_a_buffer_is_refused(data: bytes, reason: str, where: int) -> None:
    """The byte is that of the part which is wrong, and a byte more or less is not refused for that."""
    assert refusal(data) == (reason, where)


@pytest.mark.parametrize(
    ("data", "given", "end"),
    [
        (laid((4,), words(3)), {"version": 3}, TABLE + 8),
        (laid((4,), words(3) + b"tail"), {"version": 3}, TABLE + 8),
        (laid((8, 0, 0, 4), words(8, 3, 3) + b"abc\0"), {"version": 3, "description": "abc"}, TABLE + 20),
        (laid(DESCRIBED, words(4, 0) + b"\0"), {"description": ""}, TABLE + 13),
        (laid(DESCRIBED, words(4, 3) + b"a\xff\xc3\0"), {"description": "a\\xff\\xc3"}, TABLE + 16),
        (laid(CODES, words(4, 0)), {"operator_codes": []}, TABLE + 12),
        (words(8, 4 | 4 << 16, 4), {}, 12),
        (words(8, 0, 0xFFFFFFFC) + b"\2\0", {}, 14),
        (words(8, 4, 8, 3)[:4] + struct.pack("<HHiI", 4, 0, 8, 3), {"version": 3}, 16),
        (laid((), words(0) * 4), {}, TABLE + 4),
    ],
)
def test_what_fits_is_taken(data: bytes, given: dict[str, Any], end: int) -> None:
    """To the last byte of the file; the furthest byte that was reached is where a tail begins."""
    reader = Reader(data)
    root = reader.root("Model")

    assert {name: value for name, value in root.items() if name in given} == given
    assert reader.end == end
    assert not any(value for name, value in root.items() if name not in given)


def test_a_vtable_behind_its_table_is_taken() -> None:
    """Writers put it before or behind; it may be the last of the file, and reach to its end."""
    data = words(8, 0, 0xFFFFFFF8, 3) + struct.pack("<HHH", 6, 8, 4)
    reader = Reader(data)

    assert reader.root("Model")["version"] == 3
    assert reader.end == len(data) == 22
    assert refusal(data[:-1]) == ("the vtable of Model has a bad size", 16)
    assert refusal(data[:17]) == ("the vtable of Model lies outside the file or unaligned", 8)


@pytest.mark.parametrize(("at", "entry", "aligned"), [(24, 8, True), (24, 4, False), (28, 4, True), (28, 8, False)])
def test_eight_bytes_are_aligned_in_the_file(at: int, entry: int, aligned: bool) -> None:
    """Not in their table, as a vtable that two tables share cannot know."""
    data = laid((0, entry), bytes(entry - 4) + struct.pack("<Q", 1 << 40), at=at)
    if aligned:
        assert Reader(data).root("Buffer") == {"data": None, "offset": 1 << 40, "size": 0}
    else:
        assert refusal(data, "Buffer") == ("an 8-byte field of Buffer is not aligned", at)


@pytest.mark.parametrize(
    ("entries", "read"),
    [
        ((12, 0, 8, 4), (3, 2, 1)),
        ((4, 0, 4, 4), (1, 1, 1)),
        ((5, 0, 4, 8), (0, 1, 2)),
        ((4, 0, 8, 8), (1, 2, 2)),
        ((12, 0, 4, 0), (3, 1, 0)),
    ],
)
def test_scalars_lie_in_any_order_and_over_one_another(entries: tuple[int, ...], read: tuple[int, int, int]) -> None:
    """Each is read where the vtable has it."""
    code = Reader(laid(entries, words(1, 2, 3))).root("OperatorCode")

    assert (code["deprecated_builtin_code"], code["version"], code["builtin_code"]) == read


def test_bytes_of_a_buffer_are_where_they_start() -> None:
    """`data_start` is their place in the file, and vectors of other types have none."""
    data = laid((4,), words(4, 3) + b"abc")
    buffer = Reader(data).root("Buffer")
    assert (bytes(buffer["data"]), buffer["data_start"]) == (b"abc", data.index(b"abc"))

    graph = Reader(laid((0, 4), words(4, 2, 7, 0xFFFFFFFF))).root("SubGraph")
    assert list(graph["inputs"]) == [7, -1]
    assert "inputs_start" not in graph


def test_what_the_schema_does_not_know_is_newer() -> None:
    """A field behind the last, and a union member; its offset has to lie in the file all the same."""
    reader = Reader(laid((0, 0, 0, 4), words(1), at=24))
    reader.root("Buffer")
    assert reader.newer == {"Buffer"}

    union = (0, 0, 0, 4, 8)  # of an Operator
    reader = Reader(laid(union, words(255, 4, 0)))
    assert reader.root("Operator")["builtin_options"] is None
    assert reader.newer == {"BuiltinOptions"}
    assert refusal(laid(union, words(255, 4)), "Operator") == (OUTSIDE, TABLE + 8)

    reader = Reader(laid((0, 0, 0, 0), b""))
    reader.root("Buffer")
    assert reader.newer == set()


def test_strings_are_read_as_the_reader_was_told() -> None:
    """Whoever gives `errors` has bytes that are not UTF-8 as told, in vectors of strings too."""
    group = laid((0, 4), words(4, 2, 8, 12, 1) + b"a\0\0\0" + words(2) + b"\xff\xfe\0")

    assert Reader(group).root("TensorGroup") == {"name": None, "tensor_names": ["a", "\\xff\\xfe"]}
    assert Reader(group, "replace").root("TensorGroup")["tensor_names"] == ["a", "\ufffd\ufffd"]
    assert refusal(laid((0, 4), words(4, 2, 8)), "TensorGroup") == ("a vector runs past the end of the file", TABLE + 8)


def codes(count: int, more: int = 0) -> bytes:
    """A Model of this many operator codes, which are one table, and more bytes behind it."""
    offsets = (4 * (count - number) for number in range(count))
    return laid(CODES, words(4, count, *offsets) + struct.pack("<iHH", -4, 4, 4) + bytes(more))


@pytest.mark.parametrize(
    ("count", "more", "most"), [(20_008, 0, 0), (20_010, 0, 20_010), (10_010, 8, 0), (10_010, 0, 0)]
)
def test_tables_may_be_shared_ten_thousand_times(count: int, more: int, most: int) -> None:
    """And once for each eight bytes of the file, which is what one takes that is not shared."""
    data = codes(count, more)
    if most:
        assert refusal(data)[0] == f"more than {most:,} tables"
    else:
        assert len(Reader(data).root("Model")["operator_codes"]) == count


def test_a_model_has_a_million_tables_at_most() -> None:
    """As the official verifier has it; that is found before any of them is decoded."""
    reader = Reader(codes(1_000_000, 4_000_000))

    with pytest.raises(MalformedModelError, match="more than 1,000,000 tables"):
        reader.root("Model")
    assert reader.tables == 1


@pytest.mark.parametrize(("size", "most"), [(1000, 1_001_000), (9_000_001, 10_000_000)])
def test_values_are_limited_by_the_size_of_the_file(size: int, most: int) -> None:
    """A million of them and one for each byte, ten million in all; the last is taken and one more is not."""
    reader = Reader(bytes(size))
    reader.spend(most)

    with pytest.raises(MalformedModelError, match=f"hold more than {most:,} values") as caught:
        reader.spend(1)
    assert caught.value.where == 0


def test_a_file_of_two_gigabytes_is_read_as_far_as_offsets_reach() -> None:
    """What lies behind is weights."""
    with mmap.mmap(-1, 1 << 31) as data:  # nothing of it is touched
        reader = Reader(data)
        assert (reader.size, len(reader.data)) == (0x7FFFFFFE, 1 << 31)
        del reader


@pytest.mark.parametrize(
    ("data", "name", "count"),
    [
        (laid((), b""), "Model", 0),
        (laid(DESCRIBED, words(4, 80) + b"x" * 80 + b"\0"), "Model", 80 // 8 + 12 // 8),
        (laid(DESCRIBED, words(4, 7) + b"x" * 7 + b"\0"), "Model", 12 // 8),
        (laid((0,) * 254, b"", at=520), "Model", 512 // 256 + 512 // 8),
        (laid((0, 4), words(4, 2, 8, 8, 0, 0) + b"\0"), "TensorGroup", 2 + 8 // 8),
    ],
)
def test_what_is_made_of_a_file_is_counted(data: bytes, name: str, count: int) -> None:
    """Eight characters of a string or bytes of a new vtable are a value, and offsets are one each."""
    reader = Reader(data)
    reader.root(name)

    assert reader.elements == count


def test_a_vtable_that_is_shared_is_counted_once() -> None:
    """By where it lies; the same one again at another place is read, and its form is not made anew."""
    large = struct.pack("<iHH126H", -4, 256, 4, *[0] * 126)  # a table before its vtable of 256 bytes
    data = laid(CODES, words(4, 3, 12, 268, 268) + large + struct.pack("<i", 256) + large)
    reader = Reader(data)

    assert len(reader.root("Model")["operator_codes"]) == 3
    assert reader.elements == 8 // 8 + (256 // 256 + 256 // 8) + 256 // 256 + 3


def test_a_union_without_its_type_is_no_table(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether they are counted first or as they are decoded."""
    monkeypatch.setattr(flatbuf, "MANY", 1)
    monkeypatch.setattr(flatbuf, "MAX_TABLES", 2)
    operator = struct.pack("<7H2x", 14, 8, 0, 0, 0, 0, 4) + words(16, 4, 0)
    reader = Reader(laid((0, 0, 0, 4), words(4, 1, 20) + operator))

    (found,) = reader.root("SubGraph")["operators"]
    assert (found["builtin_options_type"], found["builtin_options"], reader.tables) == (0, None, 2)


def test_scalars_of_a_small_constant() -> None:
    """Little-endian, as many as there are bytes for."""
    assert flatbuf.scalars(words(1, 0xFFFFFFFF), "i") == (1, -1)
    assert flatbuf.scalars(b"\0\0\x80\x3f", "f") == (1.0,)
