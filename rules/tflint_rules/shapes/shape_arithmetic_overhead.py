"""TFL404: graphs that spend their ops on computing shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, made, match, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from tflint.api import Hit, Op

_NAMES = (
    "STRIDED_SLICE SLICE PACK UNPACK GATHER CONCATENATION REDUCE_PROD CAST ADD SUB MUL DIV FLOOR_DIV FLOOR_MOD MAXIMUM "
    "MINIMUM EXPAND_DIMS SQUEEZE RESHAPE SPLIT RANGE SELECT SELECT_V2 EQUAL BROADCAST_ARGS"
)
COMPUTED = made("SHAPE", behind=_NAMES.split())
DTYPES = frozenset({"int32", "int64", "bool"})
MAX_ELEMENTS = 8  # of a shape: TFLite's ranks end there

BAD = """
x: float32[1,8] sig=[-1,8]
y: float32[1,8] = RESHAPE(x, n15)
n0: int32[2] = SHAPE(x)
""" + "\n".join(f"n{i + 1}: int32[2] = ADD(n{i}, n{i})" for i in range(15))
GOOD = """
x: float32[1,8]
y: float32[1,8] = RELU(x)
"""


@rule(
    "TFL404",
    "shape-arithmetic-overhead",
    Severity.WARNING,
    since="0.1.0",
    options={"share": 15, "min_ops": 16},
    message="{count} of {total} ops compute shapes ({share} %): they go when shapes are fixed at conversion",
    examples=[(BAD, GOOD)],
)
def shape_arithmetic_overhead(model: Model, options: Mapping[str, Any]) -> Iterator[Hit]:
    """A good part of the graph computes shapes that are the same in each call.

    ## Why is this bad?
    Each open dimension costs SHAPE, STRIDED_SLICE and PACK before each reshape. They stay on the CPU, split the graph
    where a delegate could have taken it whole, and hide the model in a viewer: a MobileBERT layer stack of 318 ops has
    87 when its length is fixed.

    ## What to do
    Convert with fixed shapes, `tf.TensorSpec([1, 128], tf.int32)`: the converter then folds all of it.

    ## Exceptions
    Both have to be reached: `share` in percent and `min-ops` in ops. Below that it is one reshape of a small model.
    None where no input is open: tokenizers compute shapes of what they read, and no setting fixes those.

    ## References
    Measured with TF 2.21.0 on a two-layer TFMobileBert: same names and outputs, largest difference 2.8e-7.
    """
    if not any(tensor and tensor.is_dynamic for graph in model.entry_graphs for tensor in graph.inputs):
        return
    found = [op for op in model.ops if _is_small(op) and op.outputs[0] and match(model, op.outputs[0], COMPUTED)]
    count, total = len(found), sum(len(graph.ops) for graph in model.subgraphs)
    if found and count >= int(options["min_ops"]) and 100 * count >= float(options["share"]) * total:
        yield hit(found[0], count=count, total=total, share=round(100 * count / total))


def _is_small(op: Op) -> bool:
    """All that it makes may be a shape or a part of one."""
    return bool(op.outputs) and all(
        tensor is not None and tensor.dtype in DTYPES and len(tensor.shape) <= 1 and tensor.elements <= MAX_ELEMENTS
        for tensor in op.outputs
    )
