"""TFL902: constants whose bytes are not what their tensor says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model

BAD = """
x: float32[1,4]
c: float32[4] = raw 0x0000803f
y: float32[1,4] = ADD(x, c)
"""
GOOD = """
x: float32[1,4]
c: float32[4] = const [1,1,1,1]
y: float32[1,4] = ADD(x, c)
"""


@rule(
    "TFL902",
    "buffer-bounds",
    Severity.ERROR,
    since="0.1.0",
    mandatory=True,
    group=("kind",),
    message="{problem}",
    examples=[(BAD, GOOD)],
)
def buffer_bounds(target: Target) -> Iterator[Hit]:
    """A constant's buffer does not exist, lies outside the file, or has another size than its tensor.

    ## Why is this bad?
    The interpreter refuses it at load: `Tensor N specifies out of range buffer M`, `required_bytes != bytes`, `Constant
    buffer N specified an out of range offset`, `Tensor N is invalidly specified in schema`. Older releases that check
    less read outside the mapped file (CVE-2022-23560 for sparse tensors, tensorflow#116632).

    ## What to do
    Convert the model again; if a tool edited the file, it changed a tensor's shape or type without its data.

    ## Exceptions
    A buffer that is larger than its tensor is an error for TF 2.16 and tflite-runtime 2.14 and older, which want equal
    sizes; for newer ones it is info, as only the official verifier minds. Metadata that names a missing buffer, and
    data in buffer 0, are warnings: every runtime loads such a model.

    ## References
    LiteRT tflite/core/subgraph.cc, interpreter_builder.cc and tools/verifier.cc.
    """
    told = set()
    for refusal in target.refusals("TFL902"):
        told.add(refusal.at.path)
        problem = refusal.data["problem"]
        yield hit(refusal.at, problem=problem, kind=_kind(problem))
    yield from _structure(target.model, told)


def _structure(model: Model, told: set[str]) -> Iterator[Hit]:
    """What no runtime refuses, and the official verifier or a reader of the file stumbles over."""
    for tensor in model.tensors:
        buffer = tensor.buffer
        if tensor.path in told or not tensor.bits or buffer is None or not tensor.is_constant:
            continue
        if not buffer.in_file:
            text = f"buffer {buffer.index} lies outside the file"
            yield hit(tensor, severity=Severity.WARNING, problem=text, kind=_kind(text))
        elif (
            tensor.sparsity is None
            and not tensor.external_buffer
            and buffer.size > tensor.byte_size
            and all(dim >= 0 for dim in tensor.shape)
        ):
            text = f"{buffer.size:,} bytes for a constant of {tensor.byte_size:,}"
            yield hit(tensor, severity=Severity.INFO, problem=text, kind=_kind(text))
    for entry in model.metadata:
        if entry.buffer is None:
            text = f"metadata names buffer {entry.buffer_index} of {len(model.buffers)}"
            yield hit(entry, severity=Severity.WARNING, problem=text, kind=_kind(text))
    if model.buffers and model.buffers[0].data_size:
        text = f"buffer 0, which stands for none, holds {model.buffers[0].data_size:,} bytes"
        yield hit(model, severity=Severity.WARNING, problem=text, kind=_kind(text))


def _kind(problem: str) -> str:
    """The problem without its numbers: what makes two of them one finding."""
    return re.sub(r"\d[\d,]*", "n", problem)
