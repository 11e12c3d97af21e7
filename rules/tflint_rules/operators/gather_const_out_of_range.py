"""TFL210: constant indices that the table does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Tensor, Weights

BAD = """
t: float32[4,2]
i: int32[2] = const [0,4]
y: float32[2,2] = GATHER(t, i)
"""
GOOD = BAD.replace("[0,4]", "[0,3]")

INDICES = {"GATHER": (0, 1), "GATHER_ND": (0, 1), "EMBEDDING_LOOKUP": (1, 0)}  # op -> inputs: table, indices


@rule(
    "TFL210",
    "gather-const-out-of-range",
    Severity.ERROR,
    since="0.1.0",
    on=INDICES,
    group=("op",),
    message="constant index {index} into axis {axis} of size {rows}; {op} takes 0 to {last}",
    examples=[(BAD, GOOD)],
)
def gather_const_out_of_range(op: Op, weights: Weights | None) -> Iterator[Hit]:
    """A constant index of a lookup lies outside its table.

    ## Why is this bad?
    The model loads and allocates, and every call fails with `gather index out of bounds`. Up to TF 2.10 there is no
    check: the kernel reads whatever lies there, without a word.

    ## What to do
    Correct the index in the source model: Python's negative indices, which count from the end, mean nothing to TFLite.

    ## Exceptions
    More than 4 kB of indices are read under `--deep` only.

    ## References
    Measured on wheels, see docs/verdicts.md: read up to TF 2.10, refused from 2.11.
    PINTO0309/onnx2tf#275, where negative ONNX indices were kept.
    """
    at_table, at_indices = INDICES[op.name]
    if len(op.inputs) < 2:
        return
    table, indices = op.inputs[at_table], op.inputs[at_indices]
    values = _values(indices, weights)
    if table is None or indices is None or values is None:
        return
    for axis, column in _columns(op, table, indices, values):
        rows = table.shape[axis]
        fixed = table.is_constant or not table.is_dynamic
        low, high = (column.min(), column.max()) if hasattr(column, "min") else (min(column), max(column))
        if low < 0 or (fixed and high >= rows):
            yield hit(op, op=op.name, index=int(low if low < 0 else high), rows=rows, axis=axis, last=rows - 1)
            return


def _values(indices: Tensor | None, weights: Weights | None) -> Any:
    """A tuple of a few, an array of many, None where there are none."""
    if indices is None or indices.dtype not in ("int16", "int32", "int64"):
        return None
    values = indices.values()
    if values is None and weights is not None and (array := weights.array(indices)) is not None:
        return array.reshape(-1)
    return values or None


def _columns(op: Op, table: Tensor, indices: Tensor, values: Any) -> Iterator[tuple[int, Any]]:
    """The axes that are indexed, each with its indices."""
    rank = len(table.shape)
    if op.name == "GATHER_ND":
        depth = indices.shape[-1] if indices.shape else 0
        for axis in range(min(depth, rank, len(values))):
            yield axis, values[axis::depth]
        return
    axis = op.options.get("axis", 0) if op.name == "GATHER" else 0
    if -rank <= axis < rank:
        yield axis % rank, values
