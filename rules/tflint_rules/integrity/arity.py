"""TFL910: operators whose parts are missing or of another op."""

from __future__ import annotations

import re
import struct
from itertools import pairwise
from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule, schema

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model, Op

BAD = """
x: float32[4]
y: float32[4] = ADD(x, x) options=Conv2DOptions stride_w=1 stride_h=1
"""
GOOD = """
x: float32[4]
y: float32[4] = ADD(x, x)
"""

# The BuiltinOptions union was renumbered between TF 2.10 and 2.11 (schema.fbs of both): older files name the neighbour
# of these empty tables.
RENUMBERED = {"UNSORTED_SEGMENT_SUM": "UnsortedSegmentMinOptions", "ATAN2": "UnsortedSegmentSumOptions"}
HEADER = 4096  # bytes of a string constant that are read: its table of offsets


@rule(
    "TFL910",
    "arity",
    Severity.ERROR,
    since="0.1.0",
    mandatory=True,
    group=("op", "kind"),
    message="{op}: {problem}",
    examples=[(BAD, GOOD)],
)
def arity(target: Target) -> Iterator[Hit]:
    """An operator lacks its inputs or outputs or has the options of another op, or a string constant is malformed.

    ## Why is this bad?
    The missing vector is a null pointer that kernels follow (the class of TFSA-2020-006, TFSA-2020-007 and
    CVE-2021-37689). Options of another op are ignored, so the kernel runs with defaults: other strides, another axis,
    and no error. The offsets in a string constant are used as they stand.

    ## What to do
    Convert the model again; a tool that edits operators must write `builtin_options_type` together with the options.

    ## Exceptions
    Wrong options are a warning, because every runtime loads and runs the model. How many inputs an op takes is checked
    with its kernel (TFL212). TFLite Micro refuses builtin ops that carry custom options; others ignore them.

    ## References
    LiteRT tflite/core/tools/verifier.cc and string_util.h.
    """
    told = set()
    for refusal in target.refusals("TFL910"):
        told.add(refusal.at.path)
        problem = refusal.data["problem"]
        yield hit(refusal.at, op=getattr(refusal.at, "kind", "the model"), problem=problem, kind=_kind(problem))
    for op in target.model.ops:
        if not told or op.path not in told:
            yield from _operator(op)
    yield from _strings(target.model)


def _operator(op: Op) -> Iterator[Hit]:
    for part in sorted(op.absent):
        problem = f"no {part}"
        yield hit(op, op=op.kind, problem=problem, kind=problem)
    want, have = schema.OP_OPTIONS.get(op.name, ""), op.options_type
    if have and want and have != want and RENUMBERED.get(op.name) != have:
        problem = f"options of type {have}, not {want}"
        yield hit(op, severity=Severity.WARNING, op=op.kind, problem=problem, kind=problem)


def _strings(model: Model) -> Iterator[Hit]:
    for tensor in model.tensors:
        buffer = tensor.buffer
        if tensor.dtype == "string" and tensor.is_constant and buffer is not None and buffer.in_file:
            problem = _string_problem(buffer.size, buffer.read(HEADER))
            if problem:
                yield hit(tensor, op="string constant", problem=problem, kind=_kind(problem))


def _string_problem(size: int, raw: bytes) -> str:
    """A string tensor is a count, count + 1 offsets and the bytes (tflite/string_util.h)."""
    if size < 4:
        return f"{size} bytes, less than its count"
    count = struct.unpack_from("<i", raw)[0]
    if count < 0 or 4 * (count + 2) > size:
        return f"{count:,} strings in {size:,} bytes"
    shown = min(count + 1, (len(raw) - 4) // 4)
    offsets = struct.unpack_from(f"<{shown}i", raw, 4)
    if offsets[0] != 4 * (count + 2):
        return f"a first offset of {offsets[0]}, not {4 * (count + 2)}"
    if any(b < a or b > size for a, b in pairwise(offsets)):
        return "offsets that do not ascend within the buffer"
    return f"a last offset of {offsets[-1]}, not {size}" if shown == count + 1 and offsets[-1] != size else ""


def _kind(problem: str) -> str:
    return re.sub(r"-?\d[\d,]*", "n", problem)
