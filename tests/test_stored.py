"""What is stored and need not be (TFL701, TFL702, TFL802), in models that no sketch can write."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tflint import sketch
from tflint.model.write import encode
from weighty import TWICE, deep_findings, tables, with_constants

if TYPE_CHECKING:
    from numpy.typing import NDArray

LAYER = """
x: float32[1,64]
w: float32[16,64] = const
y: float32[1,16] = FULLY_CONNECTED(x, w, -)
"""


def test_constants_that_differ_in_the_middle_are_no_duplicates() -> None:
    """The ends are compared first, and all bytes before anything is said."""
    first = np.zeros(4096, np.float32)
    second = first.copy()
    second[2048] = 1

    assert deep_findings(with_constants(TWICE, v=first, w=second), "TFL702") == []
    (found,) = deep_findings(with_constants(TWICE, v=second, w=second), "TFL702")
    assert found.data["saved"] == "16,384"


def test_a_buffer_that_nothing_refers_to_is_dead() -> None:
    """With its bytes; an empty one costs nothing."""
    root = sketch.parse("x: float32[4]\ny: float32[4] = ABS(x)\n")
    root["buffers"] += [{}, {"data": bytes(100)}]
    (found,) = deep_findings(bytes(encode(root)), "TFL701")

    assert found.message == "buffers that nothing refers to: 1, of 100 bytes"
    assert [edit.title for edit in found.fix] == ["drop operators, tensors, subgraphs and buffers that nothing reaches"]


def test_what_metadata_refers_to_is_alive() -> None:
    """Its buffer is no tensor's."""
    text = 'x: float32[4]\ny: float32[4] = ABS(x)\nmetadata note = "a few words"\n'

    assert deep_findings(sketch.build(text), "TFL701") == []


def test_the_buffer_of_activations_is_no_duplicate() -> None:
    """What lies in buffer 0 is no constant's, whatever it holds."""
    root = sketch.parse("x: float32[512]\nw: float32[512] = const\ny: float32[512] = ADD(x, w)\n")
    root["buffers"][0] = {"data": bytes(2048)}

    assert deep_findings(bytes(encode(root)), "TFL702") == []


def sized(root: dict[str, Any], size: int) -> bytes:
    """A file of just so many bytes, with a description that fills it up."""
    least = len(bytes(encode({**root, "description": ""})))
    files = (bytes(encode({**root, "description": "d" * (size - least - less)})) for less in range(0, 64, 4))
    return next(data for data in files if len(data) == size)


@pytest.mark.parametrize(("size", "found"), [(20 * 1024, 1), (20 * 1024 + 16, 0)])
def test_a_twentieth_of_the_file_is_worth_a_word(size: int, found: int) -> None:
    """Of duplicates."""
    root = tables("a: float32[256] = const\nb: float32[256] = const\n")

    assert len(deep_findings(sized(root, size), "TFL702")) == found


@pytest.mark.parametrize(("size", "found"), [(10 * 4096, 1), (10 * 4096 + 16, 0)])
def test_a_tenth_of_the_file_is_worth_a_word(size: int, found: int) -> None:
    """Of what could be smaller."""
    root = tables(LAYER, w=np.resize(np.array([1, 2], np.float32), 1024))

    assert len(deep_findings(sized(root, size), "TFL802")) == found


def of_kind(values: NDArray[Any]) -> list[str]:
    """What TFL802 says that the weights of a layer do."""
    kind = "int8[20,64] q=0.1+0" if values.dtype == np.int8 else "float32[20,64]"
    text = f"x: float32[1,64]\nw: {kind} = const\ny: float32[1,20] = FULLY_CONNECTED(x, w, -)\n"
    return [found.data["what"] for found in deep_findings(with_constants(text, w=values), "TFL802")]


@pytest.mark.parametrize(
    ("dtype", "zeros", "found"),
    [("float32", 640, 1), ("float32", 639, 0), ("int8", 896, 1), ("int8", 895, 0)],
)
def test_half_of_floats_and_seven_tenths_of_integers_are_many_zeros(dtype: str, zeros: int, found: int) -> None:
    """Of 1,280 weights."""
    values = (np.arange(1280) % 127 + 1 if dtype == "int8" else np.arange(1280) + 1).astype(dtype)
    values[:zeros] = 0

    assert of_kind(values) == ["hold zeros for the most part"] * found


def test_one_value_is_one_number() -> None:
    """NaN or infinity beside it make two."""
    values = np.full(1280, 2, np.float32)

    assert of_kind(values) == ["hold one value each"]
    for other in (np.nan, np.inf):
        values[7] = other
        assert of_kind(values) == ["hold at most 256 different values each"]


def test_more_values_than_a_byte_counts_are_many() -> None:
    """256 are few, 257 are not."""
    assert of_kind((np.arange(1280) % 256 + 1).astype(np.float32)) == ["hold at most 256 different values each"]
    assert of_kind((np.arange(1280) % 257 + 1).astype(np.float32)) == []


def test_sparse_weights_are_told_with_their_memory() -> None:
    """As DENSIFY unpacks them."""
    kept = ",".join(map(str, range(64)))
    rows = f"{{format:0,dense_size:1}},{{format:1,dense_size:0,segments:[0,64],indices:[{kept}]}}"
    text = f"s: float32[1,4096] sparse={{order:[0,1],levels:[{rows}]}} = const [1,...*64]\n"
    (found,) = deep_findings(with_constants(f"{text}d: float32[1,4096] = DENSIFY(s)\n"), "TFL802")

    assert (found.data["stored"], found.data["then"]) == ("256", "16,384 in memory")


def test_deflated_size() -> None:
    """What zlib makes of it at level 6."""
    values = np.random.default_rng(802).choice(np.linspace(1, 2, 16, dtype=np.float32), 1024)
    size = len(zlib.compress(values.tobytes(), 6))
    (found,) = deep_findings(with_constants(LAYER, w=values), "TFL802")

    assert found.data["then"] == f"{size:,} when deflated"
    assert size != len(zlib.compress(values.tobytes(), 7))


def test_deflated_size_of_much_is_an_estimate() -> None:
    """Up to 4 MB are deflated whole; of 8 MB every second piece of 64 kB is, and the size is said to be about that."""
    text = "x: float32[1,1024]\nw: float32[2048,1024] = const\ny: float32[1,2048] = FULLY_CONNECTED(x, w, -)\n"
    values = np.random.default_rng(802).choice(np.linspace(1, 2, 16, dtype=np.float32), 2048 * 1024)
    data, packer = values.tobytes(), zlib.compressobj(6)
    pieces = [packer.compress(data[start : start + 65536]) for start in range(0, len(data), 2 * 65536)]
    (found,) = deep_findings(with_constants(text, w=values), "TFL802")

    assert found.data["then"] == f"about {2 * (sum(map(len, pieces)) + len(packer.flush())):,} when deflated"
