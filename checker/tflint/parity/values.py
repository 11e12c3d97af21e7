"""Values between the world of real numbers and that of a tensor: each side's own quantization, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint.parity.entry import Port

DTYPES = frozenset(
    (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
)


def real(value: Any, port: Port) -> Any:
    """What a raw value of a port stands for: scale * (q - zero point), of a tensor that is quantized as a whole."""
    if port.affine is None or value.dtype.kind not in "iu":
        return value
    scale, zero_point = port.affine
    return (value.astype(np.float64) - zero_point) * scale


def fed(value: Any, port: Port) -> Any:
    """A value as the tensor takes it. Real numbers are quantized with its own scale and zero point.

    Raises TflintError for a value of another kind, of another shape, or that the type cannot hold.
    """
    value = np.asarray(value)
    if not port.takes(value.shape):
        shape = ",".join(map(str, value.shape))
        raise TflintError(f"input '{port.name}' takes {port}, and the sample is [{shape}]")
    if port.dtype == "string":
        return value
    if port.dtype not in DTYPES:
        raise TflintError(f"input '{port.name}' is {port.dtype}, which numpy has not")
    wanted = np.dtype(port.dtype)
    if value.dtype.kind not in "biufc" or (value.dtype.kind == "c" and wanted.kind != "c"):
        raise TflintError(f"input '{port.name}' takes {port}, and the sample is {value.dtype}")
    if value.dtype.kind == "f" and not np.isfinite(value).all():
        raise TflintError(f"the sample of input '{port.name}' has NaN or infinities")
    if port.affine is not None and value.dtype.kind == "f":
        return _quantized(value, port.affine, wanted)
    with np.errstate(all="ignore"):  # what does not fit is refused below
        cast = value.astype(wanted)
        kept = np.isfinite(cast).all() if wanted.kind in "fc" else np.array_equal(cast.astype(value.dtype), value)
    if not kept:
        raise TflintError(f"the sample of input '{port.name}' has values that {port.dtype} cannot hold")
    return cast


def carried(value: Any, ours: Port, theirs: Port) -> Any:
    """A value for one side's input as the other side's: raw where both are quantized alike, else what it stands for."""
    value = np.asarray(value)
    same = (ours.dtype, ours.affine) == (theirs.dtype, theirs.affine)
    raw = value.dtype.kind in "iu" and ours.affine is not None and str(value.dtype) == ours.dtype
    return value if same or not raw else real(value, ours)


def parted(pairs: Sequence[tuple[Any, Any]], samples: Sequence[int]) -> str:
    """Where integers of a reference and of a candidate part, such as the ids of tokens; "" for other values.

    `samples`: which samples the pairs are of, from 0.
    """
    if any(value.dtype.kind not in "iu" for pair in pairs for value in pair):
        return ""
    apart = [(sample, *pair) for sample, pair in zip(samples, pairs, strict=True) if (pair[0] != pair[1]).any()]
    if not apart:
        return ""
    sample, one, other = apart[0]
    place = tuple(np.argwhere(one != other)[0].tolist())
    return (
        f"{len(apart)} of {len(pairs)} samples differ, sample {sample + 1} first at [{','.join(map(str, place))}]: "
        f"{other[place]}, the reference's is {one[place]}"
    )


def _quantized(value: Any, affine: tuple[float, int], dtype: Any) -> Any:
    scale, zero_point = affine
    info = np.iinfo(dtype)
    if not scale:
        return np.full(value.shape, zero_point, dtype)
    return np.clip(np.rint(value.astype(np.float64) / scale) + zero_point, info.min, info.max).astype(dtype)
