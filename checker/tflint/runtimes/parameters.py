"""Options that an op cannot be parsed without: the interpreter is not constructed then.

Source: tflite/core/api/flatbuffer_conversions.cc (LiteRT f674577); measured on litert-2.3.0, 2.2.0, 2.1.2, 2.0.3,
1.4.0, 1.0.1, tflite-runtime-2.14.0, tflite-2.12. Missing options as a whole read as zeros, except where this module
says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tflint.model.view import Op

MAX_DIMS = 8  # of vectors that become arrays of fixed size
MAX_BRANCHES = 20
CHECKED_GATHER = (2, 23)
ATTRIBUTES_REQUIRED = (2, 22)


def parse_problem(op: Op, generation: tuple[int, ...]) -> str:
    """Say why the options of an operator are not parsed, "" when they are."""
    check = _CHECKS.get(op.name)
    return check(op, generation) if check is not None else ""


def _pad(op: Op, _: tuple[int, ...]) -> str:
    vectors = [op.options.get(name) for name in ("edge_padding_low", "edge_padding_high", "interior_padding")]
    if any(vector is None for vector in vectors):
        return "paddings are missing"
    sizes = {len(vector) for vector in vectors if vector is not None}
    return "paddings of different lengths or too long" if len(sizes) > 1 or max(sizes) > MAX_DIMS else ""


def _reduce_window(op: Op, _: tuple[int, ...]) -> str:
    window = op.options.get("window_dimensions")
    if window is None or not len(window):
        return "window_dimensions are missing"
    rank = len(window)
    for name in ("window_strides", "base_dilations", "window_dilations", "padding"):
        given = op.options.get(name)
        if given is not None and len(given) not in (0, 2 * rank if name == "padding" else rank):
            return f"{len(given)} {name} for {rank} dimensions"
    return "too many window_dimensions" if rank > MAX_DIMS else ""


def _case(op: Op, _: tuple[int, ...]) -> str:
    branches = op.options.get("branch_subgraph_indices")
    if branches is None:
        return "branch_subgraph_indices are missing"
    return f"{len(branches)} branches, at most {MAX_BRANCHES}" if len(branches) > MAX_BRANCHES else ""


def _composite(op: Op, generation: tuple[int, ...]) -> str:
    if op.options.get("name") is None:
        return "the name of the composite is missing"
    missing = op.options.get("composite_attributes") is None and generation >= ATTRIBUTES_REQUIRED
    return "composite_attributes are missing" if missing else ""


def _dims(*names: str) -> Callable[[Op, tuple[int, ...]], str]:
    def check(op: Op, generation: tuple[int, ...]) -> str:
        for name in names:
            if generation >= CHECKED_GATHER and len(op.options.get(name) or ()) > MAX_DIMS:
                return f"{name} of more than {MAX_DIMS} dimensions"
        return ""

    return check


def _bucketize(op: Op, _: tuple[int, ...]) -> str:
    missing = op.options_type == "BucketizeOptions" and op.options.get("boundaries") is None
    return "boundaries are missing" if missing else ""


_CHECKS: Mapping[str, Callable[[Op, tuple[int, ...]], str]] = {
    "BUCKETIZE": _bucketize,
    "STABLEHLO_CASE": _case,
    "STABLEHLO_COMPOSITE": _composite,
    "STABLEHLO_GATHER": _dims("offset_dims", "collapsed_slice_dims", "start_index_map", "slice_sizes"),
    "STABLEHLO_PAD": _pad,
    "STABLEHLO_REDUCE_WINDOW": _reduce_window,
    "STABLEHLO_SCATTER": _dims("update_window_dims", "inserted_window_dims", "scatter_dims_to_operand_dims"),
}
