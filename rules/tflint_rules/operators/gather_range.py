"""TFL209: the ids that a model accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import LOOKUPS, Model, Op, Severity, hit, indexed, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
ids: int32[1,8]
t: float32[100,4] = const
y: float32[1,8,4] = GATHER(t, ids)
"""
GOOD = """
x: float32[100,4]
i: int32[2] = const [1,2]
y: float32[2,4] = GATHER(x, i)
"""


@rule(
    "TFL209",
    "gather-range",
    Severity.INFO,
    since="0.1.0",
    on=LOOKUPS,
    group=("input", "low", "high"),
    message="input '{input}' indexes a table of {rows} rows: it takes {low} to {high}",
    examples=[(BAD, GOOD)],
)
def gather_range(op: Op, model: Model) -> Iterator[Hit]:
    """An input of the model is an index into a constant table, so only some of its values are legal.

    ## Why is this bad?
    Nothing is wrong with the model, but any other value ends the call: `gather index out of bounds` (tensorflow#59730,
    the first thing that users of text models meet). The range is in no documentation; it is the table's row count.

    ## What to do
    Check ids against this range in the app, and make sure that the tokenizer's vocabulary is the model's own.

    ## References
    LiteRT tflite/kernels/gather.cc and embedding_lookup.cc.
    """
    found = indexed(op, model)
    if found is not None and found.table.is_constant:
        name, rows = found.input.name, found.rows
        yield hit(op, related=(found.input,), input=name, rows=rows, low=found.low, high=found.high)
