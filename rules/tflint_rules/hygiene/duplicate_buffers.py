"""TFL702: constants that are stored more than once."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tflint.api import Hit, Tensor, Weights

BAD = """
x: float32[1,64]
v: float32[64,64] = const
a: float32[1,64] = FULLY_CONNECTED(x, v, -)
w: float32[64,64] = const
y: float32[1,64] = FULLY_CONNECTED(a, w, -)
"""
GOOD = BAD.replace("w: float32[64,64] = const", "w: float32[64,64] = const @v")

LEAST = 1024  # bytes of a buffer
MUCH = 1_000_000  # bytes that are worth a word in a file of any size
ENDS = 512  # bytes of each end that are compared before all of them are


@rule(
    "TFL702",
    "duplicate-buffers",
    Severity.WARNING,
    since="0.1.0",
    reads="weights",
    fix="safe",
    group=(),
    options={"percent": 5},
    message="constants that repeat the bytes of another: {count}; sharing its buffer saves {saved} of {size} bytes",
    examples=[(BAD, GOOD)],
)
def duplicate_buffers(model: Model, weights: Weights, options: Mapping[str, float]) -> Iterator[Hit]:
    """Several buffers hold the same bytes, where tensors could share one.

    ## Why is this bad?
    The file and the memory that maps it carry the same weights several times. A model with two signatures that was
    quantized doubles in size that way (google-ai-edge/LiteRT#80), and so does one whose tied embedding is written
    twice.

    ## What to do
    Let the tensors refer to one buffer, as `tflint fix` does: convert all signatures in one call, and quantize once,
    behind the conversion.

    ## Exceptions
    Buffers of less than 1 kB, and variables, whose buffers are their own. What saves less than the option `percent` (5)
    of the file's size and less than 1 MB is no finding: zero biases and small tables repeat in many models, at no cost.

    ## References
    LiteRT tflite/schema/schema.fbs: tensors refer to buffers by index, and several may name one.
    """
    owners: dict[int, Tensor] = {}
    for tensor in model.tensors:
        if tensor.is_constant and not tensor.is_variable and _size(tensor) >= LEAST:
            owners.setdefault(tensor.buffer_index, tensor)
    repeated = [(copy, first) for first, *copies in _alike(owners.values(), weights) for copy in copies]
    saved = sum(_size(copy) for copy, _ in repeated)
    if saved < MUCH and saved * 100 < options["percent"] * model.file_size:
        return
    from tflint.api import DedupeBuffers  # noqa: PLC0415 - only where there is something to mend

    for copy, first in repeated:
        yield hit(
            copy,
            related=(first,),
            fix=(DedupeBuffers(),),
            count=len(repeated),
            saved=f"{saved:,}",
            size=f"{model.file_size:,}",
        )


def _size(tensor: Tensor) -> int:
    return tensor.buffer.size if tensor.buffer is not None else 0


def _alike(owners: Iterable[Tensor], weights: Weights) -> Iterator[list[Tensor]]:
    """Tensors of equal bytes: equal in size first, then at both ends, then as a whole."""
    for same_size in _grouped(owners, _size):
        for same_ends in _grouped(same_size, lambda tensor: _ends(tensor, weights)):
            yield from _grouped(same_ends, lambda tensor: _digest(tensor, weights))


def _grouped(tensors: Iterable[Tensor], key: Callable[[Tensor], object]) -> Iterator[list[Tensor]]:
    groups: dict[object, list[Tensor]] = defaultdict(list)
    for tensor in tensors:
        groups[key(tensor)].append(tensor)
    return (group for group in groups.values() if len(group) > 1)


def _ends(tensor: Tensor, weights: Weights) -> bytes:
    buffer = tensor.buffer
    return (
        b"" if buffer is None else bytes(weights.raw(buffer, 0, ENDS)) + bytes(weights.raw(buffer, buffer.size - ENDS))
    )


def _digest(tensor: Tensor, weights: Weights) -> bytes | int:
    """A hash of all bytes; the tensor's own place where they cannot be read."""
    data = weights.raw(tensor.buffer) if tensor.buffer is not None else b""
    return hashlib.blake2b(data).digest() if data else id(tensor)
