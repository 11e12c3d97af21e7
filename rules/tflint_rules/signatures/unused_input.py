"""TFL111: inputs that change nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

TIME_STEP = re.compile(r".*\b(?:\w+_)?(step_type|discount|reward)(:0)?", re.DOTALL)

BAD = """
graph main(ids, types) -> (y)
ids: float32[1,4]
types: float32[1,4]
y: float32[1,4] = RELU(ids)
"""
GOOD = """
graph main(ids) -> (y)
ids: float32[1,4]
y: float32[1,4] = RELU(ids)
"""


@rule(
    "TFL111",
    "unused-input",
    Severity.WARNING,
    since="0.1.0",
    group=(),
    message="no operator reads input '{input}'",
    examples=[(BAD, GOOD)],
)
def unused_input(model: Model) -> Iterator[Hit]:
    """Nothing in the model reads this input.

    ## Why is this bad?
    Whatever the app puts there has no effect: the converter dropped what used it (token type ids of a pruned encoder),
    or the wrong function was exported. Tools that walk the graph from its inputs trip over it.

    ## What to do
    Leave the argument out of the exported function, or find out why its layer vanished and convert again.

    ## Exceptions
    Inputs that are outputs too are TFL110. Info for the step type, discount and reward of a TF-Agents policy: each
    policy takes a whole TimeStep, and few read more of it than the observation.

    ## References
    LiteRT tflite/core/subgraph.cc: the arena gives such an input memory all the same.
    """
    for graph in model.entry_graphs:
        outputs = set(graph.output_indices)
        for tensor in graph.inputs:
            if tensor and (graph.index, tensor.index) not in model.consumers and tensor.index not in outputs:
                severity = Severity.INFO if TIME_STEP.fullmatch(tensor.name) else None
                yield hit(tensor, severity=severity, input=tensor.name)
