"""TFL109: attention weights among the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import VIEWS, Model, Severity, hit, made, match, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

MASKED = VIEWS | {"ADD", "SUB", "MUL", "DIV", "PACK", "SELECT", "SELECT_V2"}  # from query x key to the softmax
PRODUCT = made("BATCH_MATMUL FULLY_CONNECTED", behind=MASKED)  # old converters unroll the first into the second
PROBABILITIES = made("SOFTMAX", PRODUCT, behind=VIEWS | {"SELECT_V2"})  # Keras 3 masks once more behind it

BAD = """
q: float32[1,4,8,16]
k: float32[1,4,8,16]
s: float32[1,4,8,8] = BATCH_MATMUL(q, k) adj_y=true
p: float32[1,4,8,8] = SOFTMAX(s) beta=1.0
"""
GOOD = """
q: float32[1,4,8,16]
k: float32[1,4,8,16]
s: float32[1,4,8,8] = BATCH_MATMUL(q, k) adj_y=true
p: float32[1,4,8,8] = SOFTMAX(s) beta=1.0
y: float32[1,4,8,16] = BATCH_MATMUL(p, k)
"""


@rule(
    "TFL109",
    "attention-probs-output",
    Severity.WARNING,
    since="0.1.0",
    fix="manual",
    group=(),
    message="output '{output}' {shape} is a softmax of query by key: attention weights, and no hidden state",
    examples=[(BAD, GOOD)],
)
def attention_probs_output(model: Model) -> Iterator[Hit]:
    """An output holds attention probabilities, not features.

    ## Why is this bad?
    Its rows sum to 1 and look like any other tensor, so it is taken for the encoder's hidden state, and what is built
    on it learns nothing. It costs as much memory as all layers together, for it grows with the square of the length.

    ## What to do
    `tflint fix --keep-output NAME` leaves it out of the file. At the next export, call the model with
    `output_attentions=False`, or return a dict of the outputs that are wanted (`last_hidden_state`, `pooler_output`).

    ## Exceptions
    Only where the softmax is over a matrix product: per-pixel class scores of a segmentation model, rank 4 as well,
    come from a convolution. Info where the signature calls the output attention: then somebody wanted it.

    ## References
    mediapipe#4482: 24 of the published MobileBERT's 52 outputs.
    """
    names = {(s.subgraph_index, index): name or "" for s in model.signatures for name, index in s.outputs or ()}
    for graph in model.entry_graphs:
        for tensor in graph.outputs:
            if tensor is not None and len(tensor.shape) == 4 and match(model, tensor, PROBABILITIES):
                named = names.get((graph.index, tensor.index), "").lower()
                severity = Severity.INFO if "attention" in named or "attn" in named else None
                from tflint.api import ask_outputs  # noqa: PLC0415 - only where there is something to mend

                fix = ask_outputs(graph)
                yield hit(tensor, severity=severity, fix=fix, output=tensor.name, shape=list(tensor.shape))
