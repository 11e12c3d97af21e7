"""TFL903: indices that point at nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.api import Severity, Target, callees, graph_indices, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Located, Model

BAD = """
x: float32[4]
y: float32[4] = RELU(?9)
"""
GOOD = """
x: float32[4]
y: float32[4] = RELU(x)
"""


@rule(
    "TFL903",
    "index-bounds",
    Severity.ERROR,
    since="0.1.0",
    mandatory=True,
    group=("kind",),
    message="{problem}",
    examples=[(BAD, GOOD)],
)
def index_bounds(target: Target) -> Iterator[Hit]:
    """An operator or a subgraph names a tensor, an operator code or a subgraph that does not exist.

    ## Why is this bad?
    Checked runtimes stop with `Invalid tensor index N in inputs. The subgraph has M tensors`, `Missing registration
    for opcode_index N` or `subgraph_index < subgraphs->size() was not true`. Unchecked ones read and write outside
    their arrays: the class of CVE-2020-15207 to CVE-2020-15211.

    ## What to do
    Do not load the file; convert the model again, and mistrust whoever sent it.

    ## References
    LiteRT tflite/core/subgraph.cc, CheckTensorIndices; while.cc, if.cc, call_once.cc, stablehlo_composite.cc.
    """
    told = set()
    for at, problem in _structure(target.model):
        told.add(at.path)
        yield hit(at, problem=problem, kind=_kind(problem))
    for refusal in target.refusals("TFL903"):
        if refusal.at.path not in told:
            problem = refusal.data["problem"]
            yield hit(refusal.at, problem=problem, kind=_kind(problem))


def _structure(model: Model) -> Iterator[tuple[Located, str]]:
    """What is wrong whatever a runtime makes of it."""
    graphs = len(model.subgraphs)
    for graph in model.subgraphs:
        yield from graph_indices(graph)
        for op in graph.ops:
            if op.opcode is None:
                yield op, f"operator code {op.opcode_index} of {len(model.operator_codes)}"
            for index in callees(op):
                if not 0 <= index < graphs:
                    yield op, f"subgraph {index} of {graphs}"


def _kind(problem: str) -> str:
    return re.sub(r"-?\d+", "n", problem)
