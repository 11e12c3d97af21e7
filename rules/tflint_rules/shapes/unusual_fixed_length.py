"""TFL408: token inputs of full length."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Op, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from tflint.api import Hit, Model, Tensor

INDICES = {"GATHER": (0, 1), "EMBEDDING_LOOKUP": (1, 0)}  # op -> inputs: table, indices
PASS = frozenset({"CAST", "RESHAPE", "EXPAND_DIMS", "SQUEEZE", "SELECT", "SELECT_V2"})
STEPS = 6

BAD = """
ids: int32[1,512]
t: float32[100,4] = const
y: float32[1,512,4] = GATHER(t, ids)
"""
GOOD = """
ids: int32[1,128]
t: float32[100,4] = const
y: float32[1,128,4] = GATHER(t, ids)
"""


@rule(
    "TFL408",
    "unusual-fixed-length",
    Severity.INFO,
    since="0.1.0",
    on=INDICES,
    options={"lengths": (384, 512)},
    group=("input", "length"),
    message="input '{input}' is fixed at {length} tokens: each call pays for all of them",
    examples=[(BAD, GOOD)],
)
def unusual_fixed_length(op: Op, model: Model, options: Mapping[str, Any]) -> Iterator[Hit]:
    """A token input is fixed at a length that sentences seldom have.

    ## Why is this bad?
    384 and 512 are the longest that BERT was trained for, not what an app feeds. Shorter text is padded, and attention
    costs the square of the length: 128 tokens in a model of 512 cost a multiple of what they need.

    ## What to do
    Export with the length that the app's texts have, `tf.TensorSpec([1, 128], tf.int32)`, or two signatures of two
    lengths that share their weights.

    ## Exceptions
    Question answering over passages needs 384. `lengths` says which lengths are named.

    ## References
    The published MobileBERT is [1,512].
    """
    at_table, at_indices = INDICES[op.name]
    if len(op.inputs) < 2:
        return
    table, indices = op.inputs[at_table], op.inputs[at_indices]
    if table is None or not table.is_constant:
        return
    source = _source(model, indices)
    if source is None or source.dtype not in ("int32", "int64") or len(source.shape) != 2:
        return
    length = source.shape[1]
    if length in tuple(options["lengths"]) and not source.is_dynamic:
        yield hit(source, input=source.name, length=length)


def _source(model: Model, tensor: Tensor | None) -> Tensor | None:
    """The graph input that the indices come from, through ops that keep their number."""
    for _ in range(STEPS):
        if tensor is None:
            return None
        maker = model.producers.get((tensor.subgraph, tensor.index))
        if maker is None:
            return tensor if (tensor.subgraph, tensor.index) in model.given else None
        if maker.name not in PASS or not maker.inputs:
            return None
        tensor = maker.inputs[-1] if maker.name in ("SELECT", "SELECT_V2") else maker.inputs[0]
    return None
