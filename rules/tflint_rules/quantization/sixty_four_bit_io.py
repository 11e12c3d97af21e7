"""TFL501: 64-bit inputs and outputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Edit, Hit, Op, Tensor

BAD = """
x: int64[1,8]
y: int32[1,8] = CAST(x) in_data_type=INT64 out_data_type=INT32
"""
GOOD = """
x: int32[1,8]
y: float32[1,8] = CAST(x) in_data_type=INT32 out_data_type=FLOAT32
"""

NARROW = {"int64": "int32", "uint64": "uint32", "float64": "float32", "complex64": "float32", "complex128": "float32"}
INDICES = frozenset({"ARG_MAX", "ARG_MIN", "WHERE", "HASHTABLE_FIND", "HASHTABLE_SIZE"})
KEYED = ("HASHTABLE",)  # lookups by int64 key: HASHTABLE_FIND and its like


@rule(
    "TFL501",
    "sixty-four-bit-io",
    Severity.WARNING,
    since="0.1.0",
    fix="unsafe",
    group=("role", "dtype"),
    message="{role} '{name}' is {dtype}; {narrow} would do",
    examples=[(BAD, GOOD)],
)
def sixty_four_bit_io(model: Model) -> Iterator[Hit]:
    """An input or output of the model is a 64-bit type.

    ## Why is this bad?
    GPU delegates and NPUs take no 64-bit tensors, so the ops at this end stay on the CPU (tensorflow#59232), callers
    move twice the bytes, and Python or Java code that feeds int32 fails: `Got value of type INT32 but expected type
    INT64 for input 0`. TensorFlow's default for integer literals and for `tf.argmax` makes it happen by accident.

    ## What to do
    Give the exported function an int32 or float32 signature, `tf.TensorSpec([1, 128], tf.int32)`, and cast inside.

    `tflint fix --unsafe-fixes` does that to int64 inputs in the file.

    For an output of `tf.argmax`, pass `output_type=tf.int32`. For complex numbers, return real and imaginary parts.

    ## Exceptions
    Inputs that are keys of a hash table are int64 by that op's contract. Outputs of ARG_MAX and ARG_MIN are info: one
    small tensor at the very end, which no delegate loses much over. So are those of WHERE and of hash tables.

    ## References
    Type lists of the GPU, NNAPI and Edge TPU backends; `tflint target show gpu` and the like name their sources.
    """
    entered = {0, *(signature.subgraph_index for signature in model.signatures)}
    for graph in model.subgraphs:
        if graph.index not in entered:
            continue
        for role, tensors in (("input", graph.inputs), ("output", graph.outputs)):
            for tensor in tensors:
                if tensor is not None and tensor.dtype in NARROW and not _is_key(model, tensor, role):
                    yield _hit(model, tensor, role)


def _hit(model: Model, tensor: Tensor, role: str) -> Hit:
    maker = model.producers.get((tensor.subgraph, tensor.index)) if role == "output" else None
    severity = Severity.INFO if maker is not None and maker.name in INDICES else None
    fix: tuple[Edit, ...] = ()
    if role == "input" and tensor.dtype == "int64":
        from tflint.api import NarrowInput  # noqa: PLC0415 - only where there is something to mend

        fix = (NarrowInput(tensor.subgraph, tensor.index),)
    data: dict[str, Any] = {"role": role, "name": tensor.name, "dtype": tensor.dtype, "narrow": NARROW[tensor.dtype]}
    return hit(tensor, severity=severity, fix=fix, **data)


def _is_key(model: Model, tensor: Tensor, role: str) -> bool:
    def keyed(op: Op) -> bool:
        return op.name.startswith(KEYED)

    return role == "input" and any(map(keyed, model.consumers.get((tensor.subgraph, tensor.index), ())))
