"""Options that an op cannot be parsed without: the interpreter is not constructed then.

Source: tflite/core/api/flatbuffer_conversions.cc (LiteRT f674577); measured on litert-2.3.0, 2.2.0, 2.1.2, 2.0.3,
1.4.0, 1.0.1, tflite-runtime-2.14.0, tflite-2.12; data types, kernel types, window functions and lengths on
tflite-runtime-2.7.0 to 2.14.0 and on LiteRT 1.0.1 to 2.3.0. Missing options as a whole read as zeros, except where this
module says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.model import schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tflint.model.view import Op
    from tflint.runtimes.profile import RuntimeProfile

    ParseCheck = Callable[[Op, RuntimeProfile], str]

MAX_DIMS = 8  # of vectors that become arrays of fixed size
MAX_BRANCHES = 20
BIAS_TYPES = (2, 17)  # not read up to 2.14.0, read by LiteRT 1.0.1; nothing in between was measured
CHECKED_GATHER = (2, 23)
ATTRIBUTES_REQUIRED = (2, 22)


def parse_problem(op: Op, profile: RuntimeProfile) -> str:
    """Say why the options of an operator are not parsed, "" when they are."""
    check = _CHECKS.get(op.name)
    return check(op, profile) if check is not None else ""


def _own(op: Op) -> bool:
    return op.options_type == schema.OP_OPTIONS[op.name]


def _dtypes(*names: str, since: tuple[int, ...] = ()) -> ParseCheck:
    """Data types become the runtime's own as those of tensors do: one that it does not know ends the parsing."""

    def check(op: Op, profile: RuntimeProfile) -> str:
        for name in names if _own(op) and profile.generation >= since else ():
            dtype = str(op.options[name]).lower()
            if dtype not in profile.tensor_types:
                return f"{name} {dtype}, a data type that the runtime does not know"
        return ""

    return check


_BIAS_TYPE = _dtypes("quantized_bias_type", since=BIAS_TYPES)


def _fully_connected(op: Op, profile: RuntimeProfile) -> str:
    if _own(op) and isinstance(op.options["weights_format"], int):
        return f"unknown weights_format {op.options['weights_format']}"
    return _BIAS_TYPE(op, profile)


def _lstm(op: Op, _: RuntimeProfile) -> str:
    if not _own(op):
        return "its options are missing"
    kind = op.options["kernel_type"]
    return f"unknown kernel_type {kind}" if isinstance(kind, int) else ""


def _window_function(op: Op, _: RuntimeProfile) -> str:
    function = op.options["reduce_function"] if _own(op) else ""
    return f"reduce_function {function}" if function == "UNSUPPORTED" or isinstance(function, int) else ""


def _pad(op: Op, _: RuntimeProfile) -> str:
    vectors = [op.options.get(name) for name in ("edge_padding_low", "edge_padding_high", "interior_padding")]
    if any(vector is None for vector in vectors):
        return "paddings are missing"
    sizes = {len(vector) for vector in vectors if vector is not None}
    return "paddings of different lengths or too long" if len(sizes) > 1 or max(sizes) > MAX_DIMS else ""


def _reduce_window(op: Op, _: RuntimeProfile) -> str:
    window = op.options.get("window_dimensions")
    if window is None or not len(window):
        return "window_dimensions are missing"
    rank = len(window)
    for name in ("window_strides", "base_dilations", "window_dilations", "padding"):
        given = op.options.get(name)
        if given is not None and len(given) not in (0, 2 * rank if name == "padding" else rank):
            return f"{len(given)} {name} for {rank} dimensions"
    return "too many window_dimensions" if rank > MAX_DIMS else ""


def _case(op: Op, _: RuntimeProfile) -> str:
    branches = op.options.get("branch_subgraph_indices")
    if branches is None:
        return "branch_subgraph_indices are missing"
    return f"{len(branches)} branches, at most {MAX_BRANCHES}" if len(branches) > MAX_BRANCHES else ""


def _composite(op: Op, profile: RuntimeProfile) -> str:
    if op.options.get("name") is None:
        return "the name of the composite is missing"
    missing = op.options.get("composite_attributes") is None and profile.generation >= ATTRIBUTES_REQUIRED
    return "composite_attributes are missing" if missing else ""


def _dims(*names: str, since: tuple[int, ...] = ()) -> ParseCheck:
    def check(op: Op, profile: RuntimeProfile) -> str:
        for name in names:
            if profile.generation >= since and len(op.options.get(name) or ()) > MAX_DIMS:
                return f"{name} of more than {MAX_DIMS} dimensions"
        return ""

    return check


def _bucketize(op: Op, _: RuntimeProfile) -> str:
    missing = op.options_type == "BucketizeOptions" and op.options.get("boundaries") is None
    return "boundaries are missing" if missing else ""


_CHECKS: Mapping[str, ParseCheck] = {
    "ARG_MAX": _dtypes("output_type"),
    "ARG_MIN": _dtypes("output_type"),
    "BUCKETIZE": _bucketize,
    "CAST": _dtypes("in_data_type", "out_data_type"),
    "CONV_2D": _BIAS_TYPE,
    "FULLY_CONNECTED": _fully_connected,
    "HASHTABLE": _dtypes("key_dtype", "value_dtype"),
    "LSTM": _lstm,
    "REDUCE_WINDOW": _window_function,
    "RESHAPE": _dims("new_shape"),
    "SHAPE": _dtypes("out_type"),
    "SQUEEZE": _dims("squeeze_dims"),
    "STABLEHLO_CASE": _case,
    "STABLEHLO_COMPOSITE": _composite,
    "STABLEHLO_GATHER": _dims(
        "offset_dims", "collapsed_slice_dims", "start_index_map", "slice_sizes", since=CHECKED_GATHER
    ),
    "STABLEHLO_PAD": _pad,
    "STABLEHLO_REDUCE_WINDOW": _reduce_window,
    "STABLEHLO_SCATTER": _dims(
        "update_window_dims", "inserted_window_dims", "scatter_dims_to_operand_dims", since=CHECKED_GATHER
    ),
    "TRANSPOSE_CONV": _BIAS_TYPE,
}
