"""TFL406: stored shapes that cannot be."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from tflint.api import Model, Severity, computed, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Op, Tensor

BAD = """
x: float32[1,8]
w: float32[4,8] = const
y: float32[1,5] = FULLY_CONNECTED(x, w, -)
"""
GOOD = """
x: float32[1,8]
w: float32[4,8] = const
y: float32[1,4] = FULLY_CONNECTED(x, w, -)
"""


@rule(
    "TFL406",
    "shape-mismatch",
    Severity.ERROR,
    since="0.1.0",
    group=("op",),
    message="{op} of {given} {problem}",
    examples=[(BAD, GOOD)],
)
def shape_mismatch(model: Model) -> Iterator[Hit]:
    """An output's stored shape is not what its operator makes of the stored inputs.

    ## Why is this bad?
    The interpreter computes shapes anew, so the app reads another size than `get_output_details()` said before
    allocation. What trusts the file does worse: TFLite Micro, GPU delegates and NPU compilers plan memory by stored
    shapes, and a crafted one makes them write behind a buffer (tensorflow#124982).

    ## What to do
    Convert again, or mend the script that edited the file: shapes have to be changed from the edit to the outputs.

    ## Exceptions
    Judged only where it is sure: known kernels, stored shapes that are there and hold no open dimension, and nothing
    behind custom ops, control flow or outputs that the data sizes. Each op is held against its own inputs, so that one
    wrong shape is one finding.

    ## References
    Output shapes as in the kernels' Prepare, tflint/runtimes/kernels.
    """
    for graph in model.subgraphs:
        for found in computed(graph):
            if not _takes_fixed(found.op):
                continue
            for tensor, made in zip(found.op.outputs, found.shapes(), strict=False):
                if tensor is not None and made is not None and _is_fixed(tensor, made):
                    x = found.op.inputs[0]
                    elements = x.elements if x is not None else 0
                    if found.op.name == "RESHAPE" and prod(made) != elements:
                        problem = f"does not fit into {list(made)}"
                    elif made != tensor.shape and found.passes():
                        problem = f"makes {list(made)}, the file says {list(tensor.shape)}"
                    else:
                        continue
                    yield hit(tensor, op=found.op.name, given=list(x.shape) if x else [], problem=problem)


def _takes_fixed(op: Op) -> bool:
    """Its inputs are stored and fixed; [] may be a scalar or an absent shape."""
    return bool(op.inputs) and all(x is None or x.is_constant or (x.shape and not x.is_dynamic) for x in op.inputs)


def _is_fixed(output: Tensor, made: tuple[int, ...]) -> bool:
    return bool(output.shape) and not output.is_dynamic and all(dim >= 0 for dim in made)
