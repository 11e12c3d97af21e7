"""Models that are made to be measured: of many operators, and of many bytes of weights."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING, Any

from tflint import sketch
from tflint.model.write import encode

if TYPE_CHECKING:
    from pathlib import Path

STEP = """
x: float32[1,8]
w: float32[8,8] = const
b: float32[8] = const
h: float32[1,8] = FULLY_CONNECTED(x, w, b)
s: float32[1,8] = ADD(h, x)
r: float32[1,8] = RELU(s)
y: float32[1,8] = MUL(r, b)
signature serving_default(x=x) -> (y=y)
"""
SHARED = 3  # tensors of it that are not made anew: the input (which is the last step's output) and constants
TABLE = """
i: int32[1,4]
w: float32[1,256] = const
o: float32[1,4,256] = GATHER(w, i) axis=0
signature serving_default(i=i) -> (o=o)
"""
INSIDE = 1 << 31  # bytes that a FlatBuffer can hold


def of_operators(count: int, path: Path) -> Path:
    """A chain of that many operators (a multiple of 4), 64 floats of weights shared by all, three tables for most."""
    tables = sketch.parse(STEP)
    [graph] = tables["subgraphs"]
    tensors, step = graph["tensors"], graph["operators"]
    chain: list[dict[str, Any]] = list(tensors[:SHARED])
    operators, last = [], 0
    for number in range(count // len(step)):
        base = len(chain)
        places = [last, *range(1, SHARED), *range(base, base + len(step))]
        chain += [{**tensor, "name": f"{tensor['name']}{number}"} for tensor in tensors[SHARED:]]
        operators += [{**op, **{way: [places[i] for i in op[way]] for way in ("inputs", "outputs")}} for op in step]
        last = len(chain) - 1
    graph |= {"tensors": chain, "operators": operators, "outputs": [last]}
    tables["signature_defs"][0]["outputs"][0]["tensor_index"] = last
    path.write_bytes(bytes(encode(tables)))
    return path


def of_bytes(size: int, path: Path) -> Path:
    """One table of that many bytes that an operator looks rows up in, sparse on disk.

    It lies behind the FlatBuffer where that cannot hold it, as converters have it.
    """
    tables = sketch.parse(TABLE)
    tables["subgraphs"][0]["tensors"][1]["shape"] = [size // 1024, 256]
    with mmap.mmap(-1, size) as zeros:
        tables["buffers"][1] = {"data" if size < INSIDE else "outside": zeros}
        encoded = encode(tables)
        with path.open("wb") as file:
            file.write(encoded.structure)
            for start, data in encoded.weights:
                file.seek(start)
                if data is not zeros:
                    file.write(data)
                end = start + len(data)
        os.truncate(path, end)
    return path
