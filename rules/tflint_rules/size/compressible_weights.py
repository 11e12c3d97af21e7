"""TFL802: weights that hold less than their bytes could."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tflint.api import Hit, Tensor, Weights

BAD = """
x: float32[1,64]
w: float32[64,64] = const [0.5,0.25,...*4096]
y: float32[1,64] = FULLY_CONNECTED(x, w, -)
"""
GOOD = """
x: float32[1,64]
w: int8[64,64] q=0.002+0 = const [127,64,...*4096]
y: float32[1,64] = FULLY_CONNECTED.v9(x, w, -)
"""

FLOATS = frozenset({"float16", "float32", "float64", "bfloat16"})
INTEGERS = frozenset({"int8", "uint8", "int16"})
LEAST = 1024  # elements of a constant
LEVEL = 6  # of zlib: what APK and zip tools use
WHOLE = 1 << 22  # bytes that are deflated; of more, evenly spread pieces
PIECE = 1 << 16

ONE, FEW, ZEROS = "hold one value each", "hold at most 256 different values each", "hold zeros for the most part"
SPARSE = "are sparse and unpacked by DENSIFY"


@rule(
    "TFL802",
    "compressible-weights",
    Severity.INFO,
    since="0.1.0",
    reads="weights",
    group=("what",),
    options={"percent": 10, "float_zeros": 50, "integer_zeros": 70},
    message="constants that {what}: {count}, {stored} bytes in the file, {then}",
    examples=[(BAD, GOOD)],
)
def compressible_weights(model: Model, weights: Weights, options: Mapping[str, float]) -> Iterator[Hit]:
    """Weights were clustered, pruned or repeated, and are stored as if they were not.

    ## Why is this bad?
    Clustering and pruning make a model no smaller and no faster by themselves: float32 values take four bytes each, be
    they 0 (tensorflow#45932, model-optimization#722). They pay in an archive, or after a conversion that knows of them.
    A constant of one value is a broadcast that the converter folded: the operator would have taken a scalar.

    ## What to do
    Quantize clustered weights to int8. Convert pruned ones with `EXPERIMENTAL_SPARSITY` (80 % zeros: 411 kB become
    154 kB), or let the app's archive compress the model and unpack it at the first start: a model that is to be mapped
    from an APK must not be compressed there.

    ## Exceptions
    Constants of 1,024 elements or more. Each kind is an info from the option `percent` (10) of the file's size on.
    `float-zeros` (50) and `integer-zeros` (70) say which percentage of zeros counts. Of more than 4 MB evenly spread
    pieces are deflated, and the message says `about`. The default XNNPACK delegate can compute on what DENSIFY unpacks
    as it is stored; other kernels see all of it.

    ## References
    zlib at level 6. The TensorFlow Model Optimization Toolkit's guides on clustering and pruning.
    """
    found: dict[str, dict[int, Tensor]] = {ONE: {}, FEW: {}, ZEROS: {}, SPARSE: {}}
    for tensor in model.tensors:
        if tensor.elements >= LEAST and (what := _kind(tensor, model, weights, options)):
            found[what].setdefault(tensor.buffer_index, tensor)
    for what, tensors in found.items():
        stored = sum(map(_size, tensors.values()))
        if stored * 100 < options["percent"] * model.file_size:
            continue
        if what == SPARSE:
            then = f"{sum(tensor.byte_size for tensor in tensors.values()):,} in memory"
        else:
            then = _deflated(tensors.values(), weights, stored)
        for tensor in tensors.values():
            yield hit(tensor, what=what, count=len(tensors), stored=f"{stored:,}", then=then)


def _size(tensor: Tensor) -> int:
    return tensor.buffer.size if tensor.buffer is not None else 0


def _kind(tensor: Tensor, model: Model, weights: Weights, options: Mapping[str, float]) -> str:
    if tensor.sparsity is not None:
        users = model.consumers.get((tensor.subgraph, tensor.index), ())
        return SPARSE if any(op.name == "DENSIFY" for op in users) else ""
    facts = weights.facts(tensor) if tensor.dtype in FLOATS | INTEGERS else None
    if facts is None:
        return ""
    if facts.low == facts.high and not facts.nan and not facts.inf:
        return ONE
    if facts.zeros * 100 >= options["float_zeros" if tensor.dtype in FLOATS else "integer_zeros"] * facts.count:
        return ZEROS
    return FEW if facts.distinct is not None else ""


def _deflated(tensors: Iterable[Tensor], weights: Weights, stored: int) -> str:
    """Bytes after deflating each on its own; of more than WHOLE an estimate from pieces."""
    step = PIECE * max(1, -(-stored // WHOLE))
    read = size = 0
    for tensor in tensors:
        packer = zlib.compressobj(LEVEL)
        for start in range(0, _size(tensor), step):
            piece = weights.raw(tensor.buffer, start, PIECE) if tensor.buffer is not None else b""
            read += len(piece)
            size += len(packer.compress(piece))
        size += len(packer.flush())
    return f"{'about ' if step > PIECE else ''}{size * stored // max(read, 1):,} when deflated"
