"""TFL210: constant indices that the table does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint.api import Hit, Tensor

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
    message="constant index {index} into {rows} rows of axis {axis}; {op} takes 0 to {last}",
    examples=[(BAD, GOOD)],
)
def gather_const_out_of_range(op: Op) -> Iterator[Hit]:
    """A constant index of a lookup lies outside its table.

    ## Why is this bad?
    The model loads and allocates, and every call fails with `gather index out of bounds`. Up to TF 2.10 there is no
    check: the kernel reads whatever lies there, without a word.

    ## What to do
    Correct the index in the source model: Python's negative indices, which count from the end, mean nothing to TFLite.

    ## References
    facts/README.md, surprise 10 (measured); PINTO0309/onnx2tf#275, where negative ONNX indices were kept.
    """
    at_table, at_indices = INDICES[op.name]
    if len(op.inputs) < 2:
        return
    table, indices = op.inputs[at_table], op.inputs[at_indices]
    values = indices.values() if indices is not None and indices.dtype in ("int16", "int32", "int64") else None
    if table is None or indices is None or not values or not table.shape:
        return
    for axis, column in _columns(op, table, indices, values):
        rows = table.shape[axis]
        fixed = table.is_constant or not table.is_dynamic
        bad = next((v for v in column if v < 0 or (fixed and v >= rows)), None)
        if bad is not None:
            yield hit(op, op=op.name, index=bad, rows=rows, axis=axis, last=rows - 1)
            return


def _columns(op: Op, table: Tensor, indices: Tensor, values: Sequence[Any]) -> Iterator[tuple[int, Sequence[Any]]]:
    """The axes that are indexed, each with its indices."""
    rank = len(table.shape)
    if op.name == "GATHER_ND":
        depth = indices.shape[-1] if indices.shape else 0
        for axis in range(min(depth, rank)):
            yield axis, values[axis::depth]
        return
    axis = op.options.get("axis", 0) if op.name == "GATHER" else 0
    if isinstance(axis, int) and -rank <= axis < rank:
        yield axis % rank, values
