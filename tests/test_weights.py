"""Values of constants, as rules see them under --deep."""

from __future__ import annotations

import json
import os
import struct
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from models import all_models, shared_models
from tflint import sketch
from tflint.model import weights as module
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode, read_model
from tflint.model.weights import BLOCK, COPY_LIMIT, FEW, Weights
from tflint.model.write import encode

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.model.tensor import Tensor


def opened(text: str, name: str = "w") -> tuple[Weights, Tensor]:
    """The weights of a sketch, and its tensor `name`."""
    model = decode(sketch.build(text))
    return Weights(model), next(tensor for tensor in model.tensors if tensor.name == name)


def of(line: str) -> tuple[Weights, Tensor]:
    """The same of the one constant of a line."""
    return opened(f"{line}\n")


def values(line: str, *, real: bool = False) -> object:
    """All values of the constant on a line, in its shape."""
    weights, tensor = of(line)
    array = weights.array(tensor, real=real)
    return None if array is None else array.tolist()


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("w: float32[2,2] = const [1,2,3,4.5]", [[1, 2], [3, 4.5]]),
        ("w: float64[2] = const [1,-0.1]", [1, -0.1]),
        ("w: float16[3] = raw 0x003c00c0007c", [1, -2, float("inf")]),
        ("w: bfloat16[3] = raw 0x803f00c0807f", [1, -2, float("inf")]),
        ("w: int8[2] = const [-128,127]", [-128, 127]),
        ("w: uint8[2] = const [0,255]", [0, 255]),
        ("w: int16[2] = const [-32768,7]", [-32768, 7]),
        ("w: int64[1] = const [-9000000000]", [-9000000000]),
        ("w: bool[2] = const [true,false]", [True, False]),
        ("w: int4[3] = raw 0x1ff8", [-1, 1, -8]),
        ("w: uint4[3] = raw 0x1ff8", [15, 1, 8]),
        ("w: int2[1,5] = raw 0xe401", [[0, 1, -2, -1, 1]]),
        ("w: float32[] = const [3]", 3),
    ],
)
def test_values_of_every_type(line: str, wanted: object) -> None:
    """Each numeric type is decoded, packed ones from their lowest bits up."""
    assert values(line) == wanted


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("w: int8[2,2] q=0.5+1 = const [1,2,3,-4]", [[0, 0.5], [1, -2.5]]),
        ("w: int8[2,2] q=[0.5,2]+[0,1]@0 = const [1,2,3,4]", [[0.5, 1], [4, 6]]),
        ("w: int8[2,2] q=[0.5,2]+[0,1]@1 = const [1,2,3,4]", [[0.5, 2], [1.5, 6]]),
        ("w: int4[2,2] q=[0.5,2]+[0,0]@0 = raw 0x21f3", [[0.5, 1], [6, -2]]),
        ("w: float32[2] = const [1,2]", [1, 2]),
        ("w: int8[2,2] q=[0.5,2,3]+[0,1,1]@1 = const [1,2,3,4]", None),
        ("w: int8[2,2] q=[0.5,2]+[0]@1 = const [1,2,3,4]", None),
        ("w: int8[2,2] q=[0.5,2]+[0,1]@2 = const [1,2,3,4]", None),
        ("w: int8[2] q=0.5+0 details=BlockwiseQuantization {scales:1,block_size:2} = const [1,2]", None),
    ],
)
def test_dequantized_values(line: str, wanted: object) -> None:
    """Per tensor and per axis; parameters that do not fit give nothing."""
    assert values(line, real=True) == wanted


@pytest.mark.parametrize(
    "line",
    [
        "w: float32[3] = raw 0x0000803f",  # too few bytes
        "w: float32[1] = raw 0x0000803f00",  # too many
        "w: float32[-1] = raw 0x0000803f",
        "w: float32[2147483647,2147483647,2147483647] = raw 0x0000803f",
        "w: int4[5] = raw 0xff",
        "w: float32[0] = raw 0x",
        'w: string[1] = const ["a"]',
        'w: "type 99"[4] = raw 0x0000803f',
        "w: float8_e5m2[4] = raw 0x0000803f",
        "w: float32[4]",
    ],
)
def test_what_does_not_fit_has_no_values(line: str) -> None:
    """No constant, no number, or bytes that disagree with the shape: None and nothing, never an exception."""
    weights, tensor = of(line)

    assert weights.array(tensor) is None
    assert weights.array(tensor, real=True) is None
    assert list(weights.blocks(tensor)) == []
    assert weights.sample(tensor, 8) == ()
    assert weights.facts(tensor) is None


def test_plain_arrays_are_views_of_the_file() -> None:
    """No byte is copied, and nothing can be written through the view."""
    data = sketch.build("w: float32[2] = const [1,2]\n")
    model = decode(data)
    array = Weights(model).array(next(model.tensors))

    assert array is not None
    assert np.shares_memory(array, np.frombuffer(data, np.uint8))
    assert not array.flags.writeable


SPARSE = """
w: float32[2,4] sparse={order:[0,1],levels:[{format:0,dense_size:2},{format:1,dense_size:0,segments:[0,1,3],indices:[2,0,3]}]} = raw 0x0000803f0000004000000000
"""  # noqa: E501 - one line a tensor


def test_sparse_constants_give_what_they_store() -> None:
    """Blocks and facts are of the stored values; there is no array, no sample and nothing dequantized."""
    weights, tensor = opened(SPARSE)

    assert [block.tolist() for block in weights.blocks(tensor)] == [[1, 2, 0]]
    facts = weights.facts(tensor)
    assert facts is not None
    assert (facts.count, facts.zeros, facts.high) == (3, 1, 2)
    assert weights.array(tensor) is None
    assert weights.sample(tensor, 8) == ()
    assert list(weights.blocks(tensor, real=True)) == []


def test_buffers_behind_the_flatbuffer_are_read() -> None:
    """Files over 2 GB keep weights there, by offset and size; an offset outside the file gives nothing."""
    tables = sketch.parse("w: float32[3] = const [1,2,3]\n")
    tables["buffers"][1] = {"offset": 1 << 20, "size": 12}
    body = bytes(encode(tables))
    tables["buffers"][1] = {"offset": len(body) + 3, "size": 12}  # unaligned, which nothing forbids
    data = bytes(encode(tables)) + b"\0\0\0" + struct.pack("<3f", 4, 5, 6)
    model = decode(data)
    tensor = next(model.tensors)

    assert tensor.buffer is not None
    assert tensor.buffer.outside
    array = Weights(model).array(tensor)
    assert array is not None
    assert array.tolist() == [4, 5, 6]
    cut = decode(data[:-1])
    assert Weights(cut).array(next(cut.tensors)) is None
    assert bytes(Weights(cut).raw(cut.buffers[1])) == b""


def test_facts_of_floats() -> None:
    """Counts, bounds of the finite values and distinct bit patterns, over block borders."""
    line = f"w: float32[{BLOCK + 5}] = const [nan,-inf,inf,0,-7,3,...*{BLOCK + 5}]"
    weights, tensor = of(line)
    facts = weights.facts(tensor)

    assert facts == module.Facts(BLOCK + 5, 1, 2, 1, -7.0, 3.0, 6)
    assert facts is not None
    assert facts.peak == 7
    assert weights.facts(tensor) is facts


@pytest.mark.parametrize(("count", "wanted"), [(FEW, FEW), (FEW + 1, None)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_distinct_values_are_counted_up_to_a_byte(
    count: int, wanted: int | None, dtype: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """256 different values are told from 257, whatever block they stand in."""
    monkeypatch.setattr(module, "BLOCK", 100)
    listed = ",".join(map(str, [0] * 150 + list(range(count))))
    weights, tensor = of(f"w: {dtype}[{150 + count}] = const [{listed}]")
    facts = weights.facts(tensor)

    assert facts is not None
    assert facts.distinct == wanted


def test_zeros_are_what_stands_for_zero() -> None:
    """The zero point of a quantized constant; integers are not searched for distinct values."""
    weights, tensor = of("w: uint8[4] q=0.1+3 = const [3,3,0,1]")

    assert weights.facts(tensor) == module.Facts(4, 0, 0, 2, 0, 3, None)
    weights, tensor = of("w: float32[2] = const [nan,inf]")
    assert weights.facts(tensor) == module.Facts(2, 1, 1, 0, 0, 0, 2)


def test_samples_are_spread_and_dequantized() -> None:
    """Evenly over the tensor, all of a small one."""
    weights, tensor = of("w: int8[2,4] q=[1,10]+[0,0]@0 = const [0,1,2,3,4,5,6,7]")

    assert weights.sample(tensor, 4) == (0, 2, 40, 60)
    assert weights.sample(tensor, 99) == (0, 1, 2, 3, 40, 50, 60, 70)
    weights, tensor = of("w: int4[5] = raw 0x214305")
    assert weights.sample(tensor, 3) == (1, 2, 4)
    assert weights.sample(tensor, 9) == (1, 2, 3, 4, 5)


def test_copies_are_bounded() -> None:
    """What cannot be a view is decoded whole up to a limit, and by blocks beyond it."""
    elements = COPY_LIMIT // 8 + 1
    weights, tensor = of(f"w: bfloat16[{elements}] = const")

    assert weights.array(tensor) is None
    assert sum(block.size for block in weights.blocks(tensor)) == elements


def test_shared_bytes_are_not_read_forever() -> None:
    """Buffers of a hostile file may overlap: the bytes read in all are bounded by the file's size."""
    size = 1 << 20
    model = decode(sketch.build(f"w: int8[{size}] = const\n"))
    weights, tensor = Weights(model), next(model.tensors)
    assert tensor.buffer is not None
    read = [
        weights.facts(replace(tensor, buffer=replace(tensor.buffer, start=tensor.buffer.start - i), shape=(size,)))
        for i in range(64)
    ]

    done = sum(facts is not None for facts in read)
    assert 8 <= done <= module.PASSES + module.SLACK // size + 1
    assert read[-1] is None


def test_every_model_at_hand_is_read_without_complaint() -> None:
    """Facts of all constants of all models, the damaged ones too; float32 ones agree with numpy on the whole array."""
    compared = 0
    for path in all_models():
        try:
            model = read_model(path)
        except MalformedModelError:
            continue
        weights = Weights(model)
        for tensor in model.tensors:
            facts = weights.facts(tensor)
            sample = weights.sample(tensor, 64)
            assert len(sample) <= 64
            if facts is None or tensor.dtype != "float32" or tensor.sparsity is not None:
                continue
            assert tensor.buffer is not None
            plain = np.frombuffer(bytes(weights.raw(tensor.buffer)), "<f4")
            wanted = len(np.unique(plain.view("<u4")))
            assert (facts.count, facts.nan) == (plain.size, np.isnan(plain).sum())
            assert facts.zeros == (plain == 0).sum()
            assert facts.distinct == (wanted if wanted <= FEW else None)
            compared += 1
    assert compared >= (600 if shared_models() else 1)


LIMITED = """
import json, pathlib, resource, sys
from tflint.model.read import read_model
from tflint.model.weights import Weights
model = read_model(pathlib.Path(sys.argv[1]))
weights, tensor = Weights(model), next(model.tensors)
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
limit = int(status["VmData"].split()[0]) * 1024 + int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
if sys.argv[3] == "copy":
    bytes(weights.raw(tensor.buffer))
facts = weights.facts(tensor)
print(json.dumps([facts.count, facts.zeros, sum(float(block.sum()) for block in weights.blocks(tensor, real=True))]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="RLIMIT_DATA counts mapped memory on Linux only")
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "int4"])
def test_memory_does_not_grow_with_the_weights(dtype: str, tmp_path: Path) -> None:
    """Facts and dequantized blocks of a constant of 32 MB are made in 24 MB beside the mapped file."""
    size = 1 << 25
    count = size * 8 // {"float32": 32, "bfloat16": 16, "int4": 4}[dtype]
    tables = sketch.parse(f"w: {dtype}[{count}] q=0.1+0 = raw 0x00\n")
    tables["buffers"][1] = {"offset": 4096, "size": size}
    path = tmp_path / "large.tflite"
    path.write_bytes(bytes(encode(tables)))
    os.truncate(path, 4096 + size)

    def run(mode: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", LIMITED, str(path), str(24 << 20), mode]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    done = run("look")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [count, count, 0]
    assert "MemoryError" in run("copy").stderr, "the limit does not bite"
