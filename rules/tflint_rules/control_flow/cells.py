"""The formulas of recurrent cells, and where in a model they run step by step.

As TF 2.4 to 2.21, tf_keras, Keras 3 and PyTorch leave them in graphs: gates cut out of one product by SPLIT or
STRIDED_SLICE, of one each, or of sums of two. A convolutional LSTM is none: its gates are no matrix products, and no
fused op computes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.api import VIEWS, made, match, matches

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Made, Match, Model, Op

PRODUCT = "FULLY_CONNECTED BATCH_MATMUL"
# From a product to a gate: sums, pieces, steps of a sequence. CLIPPED makes a hard sigmoid of it.
CUT = frozenset({"ADD", "CONCATENATION", "REVERSE_V2", "SLICE", "SPLIT", "SPLIT_V", "STRIDED_SLICE", "UNPACK"})
CLIPPED = frozenset({"MAXIMUM", "MINIMUM", "MUL", "RELU", "RELU6", "RELU_0_TO_1"})

SIGMOID = "LOGISTIC MAXIMUM MINIMUM MUL RELU RELU_0_TO_1"  # and what a hard one ends in

GATE = made(SIGMOID, made(PRODUCT, behind=CUT | CLIPPED))
CANDIDATE = made("TANH RELU", made(PRODUCT, behind=CUT))
WRITTEN = made("MUL", CANDIDATE, GATE)
CELL = made("ADD", WRITTEN, made("MUL", GATE, "state"), name="next")
LSTM = made("MUL", made("TANH RELU", CELL), GATE)

RESET = made("MUL", GATE, "_", behind=CUT | set(PRODUCT.split()))  # before the recurrent product, or after it
BLENDED = made("TANH RELU", RESET)
UPDATE = made(SIGMOID, made(PRODUCT, behind=CUT | CLIPPED), name="update")
GRU = made("ADD", made("MUL", made("SUB", "_", UPDATE), BLENDED), made("MUL", "update", "_"), name="next")

LIMIT = made("LESS", "_", "limit", behind={"LOGICAL_AND"})


def loops(model: Model, cell: Made) -> Iterator[tuple[Op, Match]]:
    """WHILE ops whose body computes such a cell, with the first match there."""
    bodies: dict[int, Match | None] = {}
    for op in model.by_name.get("WHILE", ()):
        body: Any = op.options.get("body_subgraph_index")
        if body not in range(len(model.subgraphs)):
            continue
        if body not in bodies:
            bodies[body] = next(matches(model, model.subgraphs[body], cell, VIEWS), None)
        if (found := bodies[body]) is not None:
            yield op, found


def steps(model: Model, loop: Op) -> int | None:
    """How often a WHILE runs its body, where its condition compares a counter with a constant."""
    condition: Any = loop.options.get("cond_subgraph_index")
    if condition not in range(len(model.subgraphs)):
        return None
    graph = model.subgraphs[condition]
    at = graph.outputs[0] if graph.outputs else None
    found = match(model, at, LIMIT) if at is not None else None
    if found is None:
        return None
    limit = found["limit"]
    if limit.index in graph.input_indices:
        given = graph.input_indices.index(limit.index)
        passed = loop.inputs[given] if given < len(loop.inputs) else None
        values = passed.values() if passed is not None else None
    else:
        values = limit.values()
    return int(values[0]) if values else None
