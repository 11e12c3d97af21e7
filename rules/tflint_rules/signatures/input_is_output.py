"""TFL110: a tensor on both sides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
graph main(x) -> (y, x)
x: float32[1,4]
y: float32[1,4] = RELU(x)
"""
GOOD = """
graph main(x) -> (y)
x: float32[1,4]
y: float32[1,4] = RELU(x)
"""


@rule(
    "TFL110",
    "input-is-output",
    Severity.WARNING,
    since="0.1.0",
    group=("of",),
    message="tensor '{tensor}' is both input {input} and output {output} of {of}",
    examples=[(BAD, GOOD)],
)
def input_is_output(model: Model) -> Iterator[Hit]:
    """One tensor is an input and an output.

    ## Why is this bad?
    In the model's own lists it says that an output is a copy of what the caller gave: a wrong tensor was returned, or a
    layer was folded away that should not have been. In an operator it is an error: runtimes from TF 2.4 on refuse to
    allocate, with `Tensor 0 is both input 0 and output 0`.

    ## What to do
    Leave the output out, or return the tensor that was meant. Let an operator write to a tensor of its own; state that
    is updated in place belongs into a variable tensor or a resource variable.

    ## Exceptions
    Bodies of control flow hand values through as they are, so only subgraphs that an app enters are looked at.

    ## References
    LiteRT tflite/core/subgraph.cc (CheckInputAndOutputForOverlap), f674577; measured on 32 runtimes.
    """
    for graph in model.entry_graphs:
        given = _places(graph.input_indices)
        for output, index in enumerate(graph.output_indices):
            if index >= 0 and index in given and (tensor := graph.outputs[output]):
                yield hit(tensor, tensor=tensor.name, input=given[index], output=output, of="the model")
    for op in model.ops:
        if not (shared := set(op.input_indices) & set(op.output_indices) - {-1}):
            continue
        taken, made = _places(op.input_indices), _places(op.output_indices)
        for index in shared:
            named = op.inputs[taken[index]]
            name = named.name if named else f"#{index}"
            yield hit(
                op, severity=Severity.ERROR, tensor=name, input=taken[index], output=made[index], of=f"one {op.kind}"
            )


def _places(indices: tuple[int, ...]) -> dict[int, int]:
    """Where each stands first."""
    return {index: place for place, index in reversed(tuple(enumerate(indices)))}
