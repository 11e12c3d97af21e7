"""TFL908: constants of axes and indices that are out of range."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tflint.api import Hit, Tensor

    Others = Mapping[str, Callable[[Op], Iterator[Hit]]]

BAD = """
x: float32[2,3]
p: int32[2] = const [0,2]
y: float32[2,3] = TRANSPOSE(x, p)
"""
GOOD = BAD.replace("[0,2]", "[0,1]")

MAX_RANK = 64  # as the reader allows
REDUCERS = ("MEAN", "SUM", "REDUCE_PROD", "REDUCE_MAX", "REDUCE_MIN", "REDUCE_ANY", "REDUCE_ALL", "REVERSE_V2")
AXES: Mapping[str, tuple[int, int, int]] = {  # op -> inputs: data, axes; what the rank grows by
    **dict.fromkeys((*REDUCERS, "ARG_MAX", "ARG_MIN", "TRANSPOSE"), (0, 1, 0)),
    "EXPAND_DIMS": (0, 1, 1),
    "CUMSUM": (0, 1, 0),
    "SPLIT": (1, 0, 0),
    "SPLIT_V": (0, 2, 0),
}
OPTION: Mapping[str, tuple[str, int]] = {  # op -> option of the axis; what the rank grows by
    "CONCATENATION": ("axis", 0),
    "GATHER": ("axis", 0),
    "UNPACK": ("axis", 0),
    "PACK": ("axis", 1),
    "SQUEEZE": ("squeeze_dims", 0),
}


@rule(
    "TFL908",
    "axis-index-constant",
    Severity.ERROR,
    since="0.1.0",
    on=(*AXES, *OPTION, "PAD", "PADV2", "SLICE", "SEGMENT_SUM"),
    group=("op", "what"),
    message="{op} has {what} {value}; {wants}",
    examples=[(BAD, GOOD)],
)
def axis_index_constant(op: Op) -> Iterator[Hit]:
    """A constant axis, permutation, padding, slice or segment number is out of range.

    ## Why is this bad?
    Kernels use it as an index into shapes and data. Releases that check fail at `allocate_tensors()` (`axis <
    NumDimensions(input) was not true`); others read and write outside the tensor (CVE-2020-15212).

    ## What to do
    Correct the constant in the source model and convert again; do not trust a file from elsewhere that has one.

    ## Exceptions
    Only where the rank is known for sure. Negative axes count from the end, as kernels allow.

    ## References
    LiteRT tflite/kernels: concatenation.cc, gather.cc, reduce.cc, transpose.cc, pad.cc, slice.cc, segment_sum.cc.
    """
    if op.name in AXES:
        data, position, grown = AXES[op.name]
        yield from _axes(op, _input(op, data), _values(_input(op, position)), grown)
    elif op.name in OPTION:
        option, grown = OPTION[op.name]
        value = op.options.get(option)
        yield from _axes(op, _input(op, 0), (value,) if isinstance(value, int) else value, grown)
    else:
        yield from OTHERS[op.name](op)


def _input(op: Op, index: int) -> Tensor | None:
    return op.inputs[index] if index < len(op.inputs) else None


def _values(tensor: Tensor | None) -> Sequence[int] | None:
    return tensor.values() if tensor is not None and tensor.dtype in ("int32", "int64", "int16") else None


def _axes(op: Op, data: Tensor | None, axes: Sequence[int] | None, grown: int) -> Iterator[Hit]:
    if data is None or not data.shape or axes is None:  # a scalar and an unknown rank look alike
        return
    rank = len(data.shape) + grown
    bad = next((axis for axis in axes[:MAX_RANK] if not -rank <= axis < rank), None)
    if bad is not None:
        yield hit(op, op=op.name, what="axis", value=bad, wants=f"its rank allows {-rank} to {rank - 1}")


def _paddings(op: Op) -> Iterator[Hit]:
    if bad := [value for value in _values(_input(op, 1)) or () if value < 0]:
        yield hit(op, op=op.name, what="padding", value=bad[0], wants="paddings are 0 or more")


def _slice(op: Op) -> Iterator[Hit]:
    data, begins, sizes = _input(op, 0), _values(_input(op, 1)), _values(_input(op, 2))
    if bad := [size for size in sizes or () if size < -1]:
        yield hit(op, op=op.name, what="size", value=bad[0], wants="sizes are -1 (the rest) or more")
    elif bad := [begin for begin in begins or () if begin < 0]:
        yield hit(op, op=op.name, what="begin", value=bad[0], wants="begins are 0 or more")
    elif data is not None and data.is_constant and begins and sizes:
        for begin, size, dim in zip(begins, sizes, data.shape, strict=False):
            if begin + max(size, 0) > dim:
                yield hit(op, op=op.name, what="end", value=begin + size, wants=f"the dimension is {dim}")
                return


def _segments(op: Op) -> Iterator[Hit]:
    numbers = _values(_input(op, 1))
    if numbers and (numbers[0] < 0 or any(b < a for a, b in pairwise(numbers))):
        yield hit(op, op=op.name, what="segment", value=min(numbers), wants="segments ascend from 0")


OTHERS: Others = {"PAD": _paddings, "PADV2": _paddings, "SLICE": _slice, "SEGMENT_SUM": _segments}
