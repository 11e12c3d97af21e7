"""TFL904: tensors that are read before they are written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Subgraph, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Tensor

BAD = """
graph main(x) -> (y)
x: float32[4]
a: float32[4]
y: float32[4] = RELU(a)
a = RELU(x)
"""
GOOD = """
graph main(x) -> (y)
x: float32[4]
a: float32[4] = RELU(x)
y: float32[4] = RELU(a)
"""


@rule(
    "TFL904",
    "not-topological",
    Severity.ERROR,
    since="0.1.0",
    mandatory=True,
    group=("problem",),
    message="{problem}",
    examples=[(BAD, GOOD)],
)
def not_topological(graph: Subgraph) -> Iterator[Hit]:
    """Operators are not in the order in which their results are needed.

    ## Why is this bad?
    Runtimes execute operators as they stand, without sorting and without a check: an op that comes too early reads
    what the memory held before, and results are wrong without an error. A tensor that nothing makes at all ends the
    call with `Input tensor N lacks data`; TF 2.3 crashes.

    ## What to do
    Convert the model again; if a tool reordered operators, it must keep every producer above its consumers.

    ## Exceptions
    An operator that writes a tensor which the subgraph never reads is no finding, and neither is a custom op's input
    that nothing makes: compiled NPU ops (`ethos-u`) list their scratch memory so.

    ## References
    LiteRT tflite/core/tools/verifier.cc, VerifySubGraphConsistency, which no loader runs.
    """
    count = len(graph.tensors)
    ready = set(graph.input_indices)
    produced: set[int] = set()
    made = {index for op in graph.ops for index in op.output_indices}
    for op in graph.ops:
        for index in op.input_indices:
            if not 0 <= index < count or index in ready or index in produced or _holds(graph.tensors[index]):
                continue
            if index in made:
                yield hit(op, related=(graph.tensors[index],), problem="an input is read before it is made")
            elif op.name != "CUSTOM":
                yield hit(op, related=(graph.tensors[index],), problem="an input is made by nothing")
        for index in op.output_indices:
            if not 0 <= index < count:
                continue
            tensor = graph.tensors[index]
            if index in produced:
                yield hit(op, related=(tensor,), problem="an output is made twice")
            elif index in ready:
                yield hit(op, related=(tensor,), problem="an output is an input of the subgraph")
            elif tensor.is_constant:
                yield hit(op, related=(tensor,), problem="an output is a constant")
            elif tensor.is_variable:
                yield hit(op, related=(tensor,), problem="an output is a variable")
            produced.add(index)
    known = produced | ready
    for index in (index for index in graph.output_indices if 0 <= index < count and index not in known):
        if not _holds(graph.tensors[index]):
            yield hit(graph.tensors[index], problem="an output of the subgraph is made by nothing")


def _holds(tensor: Tensor) -> bool:
    """It has its value from the file or from the last call; a tensor of no elements needs none."""
    return tensor.is_constant or tensor.is_variable or tensor.dtype == "resource" or 0 in tensor.shape
