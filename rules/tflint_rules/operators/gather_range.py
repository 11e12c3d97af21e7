"""TFL209: the ids that a model accepts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Tensor

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

INDICES = {"GATHER": (0, 1), "EMBEDDING_LOOKUP": (1, 0)}  # op -> inputs: table, indices
PASS = frozenset({"CAST", "RESHAPE", "EXPAND_DIMS", "SQUEEZE", "SLICE", "STRIDED_SLICE", "TRANSPOSE", "PACK"})
WRAP = frozenset({"SELECT", "SELECT_V2"})  # Keras 3 adds the row count to negative ids
STEPS = 12


@rule(
    "TFL209",
    "gather-range",
    Severity.INFO,
    since="0.1.0",
    on=INDICES,
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
    at_table, at_indices = INDICES[op.name]
    if len(op.inputs) < 2:
        return
    table, indices = op.inputs[at_table], op.inputs[at_indices]
    axis = op.options.get("axis", 0) if op.name == "GATHER" else 0
    if table is None or indices is None or not table.is_constant or axis not in range(len(table.shape)):
        return
    source, wraps = _source(model, indices)
    if source is None or not source.dtype.startswith(("int", "uint")):
        return
    if source.index not in model.subgraphs[source.subgraph].input_indices or not _is_entered(model, source.subgraph):
        return
    rows = table.shape[axis]
    yield hit(op, related=(source,), input=source.name, rows=rows, low=-rows if wraps else 0, high=rows - 1)


def _source(model: Model, tensor: Tensor) -> tuple[Tensor | None, bool]:
    """Where the values come from through ops that do not change them, and whether negative ones are wrapped."""
    wraps = False
    for _ in range(STEPS):
        maker = model.producers.get((tensor.subgraph, tensor.index))
        if maker is None:
            return (None if tensor.is_constant or tensor.is_variable else tensor), wraps
        if maker.name in PASS:
            candidates = maker.inputs[:1]
        elif maker.name in WRAP and len(maker.inputs) == 3:
            candidates, wraps = maker.inputs[2:], True
        else:
            return None, wraps
        following = candidates[0] if candidates else None
        if following is None:
            return None, wraps
        tensor = following
    return None, wraps


def _is_entered(model: Model, subgraph: int) -> bool:
    """Users feed this subgraph; bodies of control flow are fed by their callers."""
    return subgraph == 0 or any(signature.subgraph_index == subgraph for signature in model.signatures)
