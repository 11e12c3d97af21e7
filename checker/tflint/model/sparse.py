"""Sparse constants: the checks of the official verifier on SparsityParameters.

Source: tflite/core/tools/verifier.cc, LiteRT f674577.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tflint.model.tensor import Dimension, Sparsity, Tensor

DENSE, SPARSE_CSR = 0, 1


def sparsity_problem(tensor: Tensor) -> str:
    """What is wrong with a tensor's sparsity parameters, "" when nothing is."""
    sparsity = tensor.sparsity
    if sparsity is None:
        return ""
    order, dims = sparsity.traversal_order, sparsity.dimensions
    if order is None or dims is None:
        return "sparsity without traversal order or dimension metadata"
    rank = len(tensor.shape)
    if len(order) < rank or len(dims) != len(order):
        return f"sparsity of {len(dims)} dimensions and {len(order)} steps for rank {rank}"
    problem = _order_problem(sparsity, rank)
    return problem or _levels_problem(tensor, order, dims)


def _order_problem(sparsity: Sparsity, rank: int) -> str:
    order = list(sparsity.traversal_order or ())
    blocks = list(sparsity.block_map or ())
    if len(blocks) != len(order) - rank:
        return f"sparsity block map of {len(blocks)} for {len(order) - rank} block dimensions"
    if sorted(order[:rank]) != list(range(rank)) or sorted(order[rank:]) != list(range(rank, len(order))):
        return "sparsity traversal order is no permutation"
    if any(not 0 <= block < rank for block in blocks):
        return "sparsity block map out of range"
    return ""


def _levels_problem(tensor: Tensor, order: object, dims: tuple[Dimension, ...]) -> str:
    steps = list(order)  # type: ignore[call-overload] # a vector view
    rank, blocks = len(tensor.shape), list(tensor.sparsity.block_map or ()) if tensor.sparsity else []
    sizes = list(tensor.shape)
    block_sizes = [0] * (len(steps) - rank)
    for level, step in enumerate(steps):
        if step >= rank:
            block_sizes[step - rank] = dims[level].dense_size
            if dims[level].format != DENSE or dims[level].dense_size <= 0:
                return "sparsity block dimension without a size"
    for block, size in zip(blocks, block_sizes, strict=True):
        sizes[block] //= size
    expected = [*sizes, *block_sizes]
    count = 1
    for level, step in enumerate(steps):
        problem, count = _level(dims[level], expected[step], count)
        if problem:
            return problem
    need = (count * tensor.bits + 7) // 8
    have = tensor.buffer.size if tensor.buffer else 0
    return (
        "" if have == need or tensor.bits == 0 else f"{have:,} bytes for {count:,} stored elements of a sparse constant"
    )


def _level(dim: Dimension, expected: int, parents: int) -> tuple[str, int]:
    if dim.format == DENSE:
        return ("" if dim.dense_size == expected else "sparsity dense size differs from the shape"), parents * expected
    if dim.format != SPARSE_CSR:
        return f"sparsity format {dim.format}", 0
    segments, indices = dim.segments, dim.indices
    if segments is None or indices is None or len(segments) != parents + 1:
        return "sparsity segments do not fit their parents", 0
    previous = 0
    for end in segments:
        if end < previous:
            return "sparsity segments decrease", 0
        previous = end
    if len(indices) != previous or any(not 0 <= index < expected for index in indices):
        return "sparsity indices out of range", 0
    return "", previous
