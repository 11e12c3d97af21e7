"""Custom ops in the walk: registered ones, those the default XNNPACK delegate serves, Flex ops, and the rest.

Their kernel facts are files named by the custom name; `o.field` is an entry of the FlexBuffers map or the C struct in
the node's custom options.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tflint.dataclass import replace

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.model.view import Op

# Options that are C structs of c/builtin_op_data.h: name -> int32 fields
STRUCTS: Mapping[str, tuple[str, ...]] = {
    "Convolution2DTransposeBias": ("padding", "stride_w", "stride_h"),
    "MaxPoolingWithArgmax2D": ("padding", "stride_w", "stride_h", "filter_width", "filter_height", "activation"),
    "MaxUnpooling2D": ("padding", "stride_w", "stride_h", "filter_width", "filter_height", "activation"),
}
LIMIT = 1 << 16  # bytes of options that are read


def file_name(name: str) -> str:
    """Return the name of the file with a custom op's facts."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "_.-") else "_" for c in name)


def with_options(op: Op, name: str) -> Op:
    """Return the operator with its custom options as options, and `given` whether it has any."""
    data = bytes(op.custom_options or b"")
    options: Mapping[str, Any] = {"given": bool(data)}
    if len(data) <= LIMIT:
        read = _struct(STRUCTS[name], data) if name in STRUCTS else _map(data)
        options = {**read, **options}
    return replace(op, options=options, options_type="")


def _struct(fields: tuple[str, ...], data: bytes) -> Mapping[str, Any]:
    whole = data.ljust(4 * len(fields), b"\0")  # the delegate copies what there is over zeros
    return dict(zip(fields, struct.unpack_from(f"<{len(fields)}i", whole), strict=True))


def _map(data: bytes) -> Mapping[str, Any]:
    from flatbuffers import flexbuffers  # noqa: PLC0415 - for the few models with such an op

    try:
        value = flexbuffers.Loads(data)
    except Exception:  # noqa: BLE001 - bytes that are no FlexBuffers: it raises whatever struct and slicing raise
        return {}
    return value if isinstance(value, dict) else {}
