"""TFL404: graphs that spend their ops on computing shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from tflint.api import Hit, Op, Tensor

_NAMES = (
    "STRIDED_SLICE SLICE PACK UNPACK GATHER CONCATENATION REDUCE_PROD CAST ADD SUB MUL DIV FLOOR_DIV FLOOR_MOD MAXIMUM "
    "MINIMUM EXPAND_DIMS SQUEEZE RESHAPE SPLIT RANGE SELECT SELECT_V2 EQUAL BROADCAST_ARGS"
)
ARITHMETIC = frozenset(_NAMES.split())
DTYPES = frozenset({"int32", "int64", "bool"})
MAX_ELEMENTS = 8  # of a shape: TFLite's ranks end there

_CHAIN = "\n".join(f"n{i + 1}: int32[2] = ADD(n{i}, n{i})" for i in range(16))
BAD = f"""
x: float32[1,8] sig=[-1,8]
n0: int32[2] = SHAPE(x)
{_CHAIN}
y: float32[1,8] = RESHAPE(x, n16)
"""
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
    total = count = 0
    first: Op | None = None
    for graph in model.subgraphs:
        shaped: set[int] = set()
        total += len(graph.ops)
        for op in graph.ops:
            computes = op.name == "SHAPE" or (op.name in ARITHMETIC and not shaped.isdisjoint(op.input_indices))
            if computes and all(tensor is not None and _is_shape(tensor) for tensor in op.outputs):
                shaped.update(op.output_indices)
                count += 1
                first = first or op
    if first is not None and count >= int(options["min_ops"]) and 100 * count >= float(options["share"]) * total:
        yield hit(first, count=count, total=total, share=round(100 * count / total))


def _is_shape(tensor: Tensor) -> bool:
    return tensor.dtype in DTYPES and len(tensor.shape) <= 1 and tensor.elements <= MAX_ELEMENTS
