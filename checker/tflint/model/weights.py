"""Values of constants as numpy arrays: what `--deep` reads, and the one module of a check that imports numpy.

Where numpy has the type an array is a read-only view of the mapped file; other types are decoded a block at a time, so
that a constant of 2 GB is never copied whole. Whatever does not fit (bytes against shape, scales against dimension)
gives None, or no block at all: saying so is the part of TFL902 and TFL509.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from tflint.model.tensor import Buffer, Tensor
    from tflint.model.view import Model

    Array = NDArray[Any]

BLOCK = 1 << 18  # elements decoded and looked at in one go: with what is computed of them, they fit a core's cache
COPY_LIMIT = 1 << 24  # bytes of an `array` that is no view of the file
FEW = 256  # distinct values that are counted: as many as one byte can number
PASSES = 8  # times that a file is read at most: vectors of a hostile one may share their bytes
SLACK = 1 << 24  # bytes that a small file may take beyond that

_FLOATS = frozenset({"float16", "float32", "float64", "bfloat16"})
_PLAIN = {
    **{name: name for name in ("int8", "uint8", "bool")},
    **{name: np.dtype(name).newbyteorder("<") for name in ("float16", "float32", "float64")},
    **{name: np.dtype(name).newbyteorder("<") for name in ("int16", "uint16", "int32", "uint32", "int64", "uint64")},
}
_PACKED = {"int4": 2, "uint4": 2, "int2": 4}  # elements of a byte


@dataclass(frozen=True, slots=True)
class Facts:
    """One pass over a constant's stored values."""

    count: int
    nan: int
    inf: int
    zeros: int  # values that stand for 0: the zero point of a tensor that has one
    low: float  # of the finite values; 0 when there are none
    high: float
    distinct: int | None  # different values of a float constant; None: more than FEW, or no floats

    @property
    def peak(self) -> float:
        """The largest finite magnitude."""
        return max(abs(self.low), abs(self.high))


class Weights:
    """The constants of one model."""

    def __init__(self, model: Model) -> None:
        self._left = PASSES * model.file_size + SLACK
        self._facts: dict[tuple[int, int, str, int], Facts | None] = {}

    def raw(self, buffer: Buffer, start: int = 0, count: int | None = None) -> memoryview:
        """The bytes of a buffer from `start` on, not copied; none where they lie outside the file."""
        size = max(0, buffer.size - start) if count is None else max(0, min(count, buffer.size - start))
        if not buffer.in_file or not self._spend(size):
            return memoryview(b"")
        return memoryview(buffer.source)[buffer.start + start : buffer.start + start + size]

    def array(self, tensor: Tensor, *, real: bool = False) -> Array | None:
        """All values in the tensor's shape, dequantized when `real`.

        A view of the file where no value has to change. None for what is no dense constant of numbers, and for more
        than COPY_LIMIT bytes that are no view.
        """
        units = self._units(tensor)
        if units is None or tensor.sparsity is not None:
            return None
        if tensor.dtype in _PLAIN and not (real and tensor.quant is not None and len(tensor.quant.scale)):
            return units.reshape(tensor.shape) if self._spend(units.nbytes) else None
        if tensor.elements * 8 > COPY_LIMIT:
            return None
        blocks = list(self.blocks(tensor, real=real))
        return np.concatenate(blocks).reshape(tensor.shape) if blocks else None

    def blocks(self, tensor: Tensor, *, real: bool = False) -> Iterator[Array]:
        """All values in row-major order, dequantized when `real`, at most BLOCK at a time.

        Of a sparse constant those that are stored, and none when `real`; of what is no constant of numbers, none.
        """
        units = self._units(tensor)
        if units is None or (real and not _can_dequantize(tensor)) or not self._spend(units.nbytes):
            return
        per, left = _PACKED.get(tensor.dtype, 1), _stored(tensor)
        for start in range(0, len(units), BLOCK // per):
            values = _decoded(units[start : start + BLOCK // per], tensor.dtype)[:left]
            left -= len(values)
            yield _real(values, np.arange(start * per, start * per + len(values)), tensor) if real else values

    def sample(self, tensor: Tensor, count: int) -> tuple[float, ...]:
        """Up to `count` dequantized values, evenly spread; none where `blocks` has none."""
        units, total = self._units(tensor), tensor.elements
        if units is None or not total or not _can_dequantize(tensor) or not self._spend(count * 8):
            return ()
        count = min(count, total)
        index = np.arange(count) * total // count
        per = _PACKED.get(tensor.dtype, 1)
        decoded = _decoded(units[index // per], tensor.dtype).reshape(count, per)
        return tuple(_real(decoded[np.arange(count), index % per], index, tensor).tolist())

    def facts(self, tensor: Tensor) -> Facts | None:
        """Counts and bounds of the stored values; None for what is no constant of numbers, and for an empty one."""
        buffer = tensor.buffer
        if buffer is None or not buffer.size:
            return None
        zero = tensor.quant.pair[1] if tensor.quant is not None and tensor.quant.pair else 0
        key = (buffer.start, buffer.size, tensor.dtype, zero)
        if key not in self._facts or (self._facts[key] is None and self._units(tensor) is not None):
            self._facts[key] = _facts(self.blocks(tensor), zero, floats=tensor.dtype in _FLOATS)
        return self._facts[key]

    def _units(self, tensor: Tensor) -> Array | None:
        """The stored units: elements, or bytes of packed ones, or the 16 bits of a bfloat16. None: they do not fit."""
        buffer = tensor.buffer
        dtype = _PLAIN.get(tensor.dtype, "uint8" if tensor.dtype in _PACKED else "<u2")
        if tensor.dtype not in _PLAIN and tensor.dtype not in _PACKED and tensor.dtype != "bfloat16":
            return None
        if not tensor.is_constant or buffer is None or not buffer.in_file or min(tensor.shape, default=0) < 0:
            return None
        if tensor.sparsity is None and buffer.size != tensor.byte_size:
            return None
        count = buffer.size // np.dtype(dtype).itemsize
        return np.frombuffer(buffer.source, dtype, count, buffer.start) if count else None

    def _spend(self, size: int) -> bool:
        """Account for bytes about to be read; False: the file has been read often enough."""
        self._left -= size
        return self._left >= 0


def _stored(tensor: Tensor) -> int:
    """Elements in the file: all, or those that a sparse constant keeps."""
    if tensor.sparsity is None or tensor.buffer is None:
        return tensor.elements
    return tensor.buffer.size * 8 // tensor.bits


def _table(per: int, *, signed: bool) -> Array:
    """Byte -> the int8 elements packed in it, the lowest bits first, as one number."""
    bits = 8 // per
    values = (np.arange(256)[:, None] >> np.arange(0, 8, bits)) & ((1 << bits) - 1)
    half = 1 << (bits - 1) if signed else 0
    return ((values ^ half) - half).astype(np.int8).view(f"=u{per}").reshape(-1)


_TABLES = {dtype: _table(per, signed=dtype[0] == "i") for dtype, per in _PACKED.items()}


def _decoded(units: Array, dtype: str) -> Array:
    if dtype == "bfloat16":
        return (units.astype("<u4") << 16).view("<f4")
    if dtype not in _PACKED:
        return units
    return _TABLES[dtype][units].view(np.int8)


def _can_dequantize(tensor: Tensor) -> bool:
    quant = tensor.quant
    if tensor.sparsity is not None:
        return False
    if quant is None or (not len(quant.scale) and not quant.details_type):
        return True
    scales = len(quant.scale)
    if quant.details_type or len(quant.zero_point) not in (0, scales):
        return False
    return scales == 1 or (0 <= quant.dimension < len(tensor.shape) and scales == tensor.shape[quant.dimension])


def _real(values: Array, index: Array, tensor: Tensor) -> Array:
    """Dequantize the values at flat `index`."""
    quant = tensor.quant
    if quant is None or not len(quant.scale):
        return values
    scale = np.asarray(quant.scale, np.float64)
    zero = np.asarray(quant.zero_point if len(quant.zero_point) else [0], np.float64)
    if len(scale) > 1:
        inner = int(np.prod(tensor.shape[quant.dimension + 1 :], dtype=np.int64))
        at = index // inner % len(scale)
        scale, zero = scale[at], zero[at] if len(zero) > 1 else zero
    with np.errstate(all="ignore"):  # scales may be anything
        result: Array = ((values.astype(np.float64) - zero) * scale).astype(np.float32)
    return result


def _facts(blocks: Iterator[Array], zero: int, *, floats: bool) -> Facts | None:
    count = nan = inf = zeros = 0
    low, high = np.inf, -np.inf
    known: Array | None = np.empty(0, "<u8") if floats else None
    for block in blocks:
        count += block.size
        known = known if known is None else _with(known, block)
        values = block.astype("<f4") if block.dtype.itemsize == 2 and floats else block  # a quarter of the time
        zeros += values.size - int(np.count_nonzero(values != zero if zero else values))
        least, most = values.min(), values.max()  # a NaN shows in both
        if floats and not (np.isfinite(least) and np.isfinite(most)):
            nan, inf = nan + int(np.isnan(values).sum()), inf + int(np.isinf(values).sum())
            values = values[np.isfinite(values)]
            least, most = values.min(initial=np.inf), values.max(initial=-np.inf)
        low, high = min(low, float(least)), max(high, float(most))
    if not count:
        return None
    distinct = None if known is None else len(known)
    return Facts(count, nan, inf, zeros, *((low, high) if low <= high else (0.0, 0.0)), distinct)


def _with(known: Array, block: Array) -> Array | None:
    """The bit patterns of `known` and of a block, sorted; None: more than FEW, mostly seen at its beginning."""
    bits = block.view(f"<u{block.itemsize}")
    for part in (bits[: 4 * FEW], bits):
        ordered = np.sort(part)
        different = ordered[np.concatenate(([True], ordered[1:] != ordered[:-1]))]
        if len(different) > FEW:
            return None
        known = np.union1d(known, different)
    return known if len(known) <= FEW else None
