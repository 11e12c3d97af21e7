"""TFL402: shapes that stand for no shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Tensor

COLOURS = (3, 4)
IMAGE_OPS = frozenset({"CONV_2D", "DEPTHWISE_CONV_2D", "RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR", "MAX_POOL_2D"})

BAD = """
ids: int32[1,1] sig=[-1,-1]
y: float32[1,1] sig=[-1,-1] = CAST(ids)
"""
GOOD = """
ids: int32[1,128]
y: float32[1,128] = CAST(ids)
"""


@rule(
    "TFL402",
    "degenerate-placeholder-shape",
    Severity.WARNING,
    since="0.1.0",
    fix="manual",
    group=("shape",),
    message="input '{input}' is stored as {shape}: ones in place of sizes that were unknown",
    examples=[(BAD, GOOD)],
)
def degenerate_placeholder_shape(model: Model) -> Iterator[Hit]:
    """An input's stored shape is all placeholders: one token, or one pixel.

    ## Why is this bad?
    The converter writes 1 for each size it was not told. The model loads and takes a single token; real input ends in
    `Cannot set tensor: Dimension mismatch. Got 640 but expected 1 for dimension 1 of input 0`
    (transformers#19231, tensorflow#58844). What tools report of it, cost and memory, is for that one element.

    ## What to do
    `tflint fix --fix-dim ids.1=128` writes the size into the file. Or give the converter the shape: `tf.TensorSpec([1,
    128], tf.int32)` in the signature of the function that is exported, or `keras.Input((224, 224, 3), batch_size=1)`.
    To keep it open, call `resize_tensor_input` before allocation.

    ## Exceptions
    Inputs that are truly one element: with one open dimension or none a shape of ones is believed.

    ## References
    transformers#19231, ultralytics#1423; fix.md: MobileBERT with [1,1] inputs has 318 ops, with [1,128] 87.
    """
    for graph in model.entry_graphs:
        images = None
        for tensor in graph.inputs:
            if tensor is None or len(tensor.shape) < 2:
                continue
            found = _unknown_sizes(tensor)
            if _one_pixel(tensor):
                if images is None:
                    images = any(op.name in IMAGE_OPS for op in graph.ops)
                found = images
            if found:
                from tflint.api import ask_sizes  # noqa: PLC0415 - only where there is something to mend

                fix = ask_sizes(model, graph, tensor)
                yield hit(tensor, fix=fix, input=tensor.name, shape=list(tensor.shape))


def _unknown_sizes(tensor: Tensor) -> bool:
    """All ones with two or more of them open; an image of one pixel whose height and width are."""
    open_dims = [axis for axis, dim in enumerate(tensor.dims) if dim == -1]
    if all(dim == 1 for dim in tensor.shape):
        return len(open_dims) >= 2
    return len(tensor.shape) == 4 and tensor.shape[1:3] == (1, 1) and {1, 2} <= set(open_dims)


def _one_pixel(tensor: Tensor) -> bool:
    """1x1 in colour, from a converter that wrote no shape_signature yet."""
    return not tensor.shape_signature and tensor.shape[:-1] == (1, 1, 1) and tensor.shape[-1] in COLOURS
