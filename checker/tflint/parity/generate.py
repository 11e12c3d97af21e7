"""Random samples that a real model can take: of a seed, in legal ranges, ragged, at both ends of dynamic sizes."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, prod
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError, nearest
from tflint.model.indexed import indexed
from tflint.model.task_metadata import task_metadata_of
from tflint.parity.samples import Samples
from tflint.parity.values import DTYPES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.model.view import Model
    from tflint.parity.entry import Entry, Port

COUNT, SEED = 6, 0
BATCHES = (1, 3)  # both ends of a dynamic size: of the first axis,
SIDES = (32, 64)  # of the sides of an image,
LENGTHS = (1, 24)  # of any other axis
CHANNELS = (1, 3, 4)
LARGEST = 1 << 30  # elements of an input
WORDS = ("hello world", "", "the quick brown fox", "42", "naïve café", "a")


@dataclass(frozen=True, slots=True)
class Kind:
    """What an input is filled with. `words`: as it is told."""

    name: str  # range, flags, mask, text
    words: str
    low: float = 0
    high: float = 0
    affine: tuple[float, int] | None = None
    """Floats that stand for integers from low to high: such that no rounding tells two models apart."""


@dataclass(frozen=True, slots=True)
class Side:
    """A model, its entry, and the names that its inputs have in the samples -> its own."""

    model: Model
    entry: Entry
    names: Mapping[str, str]

    def port(self, name: str) -> Port | None:
        """The input that a sample calls so."""
        return next((port for port in self.entry.inputs if port.name == self.names.get(name)), None)


def generate(
    sides: tuple[Side, ...],
    *,
    count: int = COUNT,
    seed: int = SEED,
    ranges: Mapping[str, tuple[float, float]] | None = None,
) -> Samples:
    """Samples for the inputs of the first side that the others can take too.

    `ranges`: input -> the least and the largest value, in place of what the graph says. Raises TflintError for a range
    of no input, and for inputs that nobody can make up.
    """
    ranges = ranges or {}
    ports = sides[0].entry.inputs
    names = [port.name for port in ports]
    for name in ranges:
        if name not in names:
            raise TflintError(f"--range: no input {name!r}{nearest(name, names)}")
    kinds = {port.name: kind_of(port, sides, ranges.get(port.name)) for port in ports}
    shapes = {port.name: shape_of(port, sides) for port in ports}
    for port in ports:
        if prod(abs(size) for size in shapes[port.name]) > LARGEST:
            raise TflintError(f"input '{port.name}' is {port}: too large to make up samples of")
    random = np.random.default_rng(seed)
    rows = tuple(_row(ports, kinds, shapes, random, index, count) for index in range(count))
    notes = tuple(f"{port.name}: {port}, {kinds[port.name].words}" for port in ports)
    if any(-1 in shape for shape in shapes.values()):
        notes = (*notes, "sizes that may vary: small and large ones in turn")
    masked = count > 1 and any(kind.name == "mask" for kind in kinds.values())
    return Samples(rows, f"{count} random samples of seed {seed}", notes, (count - 1,) if masked else ())


def shape_of(port: Port, sides: tuple[Side, ...]) -> tuple[int, ...]:
    """The shape of an input; where it may vary, the size that another side asks for."""
    shape = list(port.shape or ())
    for side in sides[1:]:
        other = side.port(port.name)
        if other is not None and other.shape is not None and len(other.shape) == len(shape):
            shape = [theirs if ours < 0 else ours for ours, theirs in zip(shape, other.shape, strict=True)]
    return tuple(shape)


def kind_of(port: Port, sides: tuple[Side, ...], given: tuple[float, float] | None) -> Kind:
    """What to fill an input with."""
    if given is not None:
        return Kind("range", f"{given[0]:g} to {given[1]:g} as told", *given)
    if port.dtype == "string":
        return Kind("text", "words")
    if port.dtype not in DTYPES:
        raise TflintError(f"input '{port.name}' is {port.dtype}: samples have to be given with --inputs")
    rows = min((limit for side in sides if (limit := _rows(side, port.name)) is not None), default=None)
    dtype = np.dtype(port.dtype)
    if "mask" in port.name.lower() and port.affine is None and rows in (None, 2):
        return Kind("mask", "1 for a ragged part of each row, 0 behind it; the last sample is padding alone")
    if rows is not None:
        return Kind("range", f"0 to {rows - 1}, the rows of the table that it indexes", 0, rows - 1)
    if dtype.kind == "b":
        return Kind("range", "false and true", 0, 1)
    if port.affine is not None or (dtype.kind in "iu" and dtype.itemsize == 1):
        info = np.iinfo(dtype)
        return Kind("range", f"all of {port.dtype}", info.min, info.max)
    if dtype.kind in "iu":
        return Kind("flags", f"0 and 1, for nothing tells which are legal (--range {port.name}=LOW:HIGH)", 0, 1)
    return _floats(port, sides)


def _floats(port: Port, sides: tuple[Side, ...]) -> Kind:
    stored = [_stored(side, port.name) for side in sides]
    if stored[0] is not None and stored[0].affine[0] > 0 and all(each == stored[0] for each in stored):
        what = f"numbers that its {stored[0].dtype} stands for"
        return Kind("range", what, stored[0].lowest, stored[0].highest, stored[0].affine)
    spans = [each.span for each in stored if each is not None]
    if spans:
        low, high = max(span[0] for span in spans), min(span[1] for span in spans)
        if low < high:
            return Kind("range", f"{low:.4g} to {high:.4g}, which its quantization covers", low, high)
    spans = [span for side in sides if (span := _normalized_span(side, port.name)) is not None]
    if spans:
        return Kind(
            "range", f"{spans[0][0]:.4g} to {spans[0][1]:.4g}, pixels normalized as its metadata says", *spans[0]
        )
    if _is_image(port.shape or ()):
        return Kind("range", "0 to 1, as an image", 0, 1)
    return Kind("range", "-1 to 1", -1, 1)


def _rows(side: Side, name: str) -> int | None:
    """Rows of the smallest table that an input indexes."""
    port = side.port(name)
    if port is None:
        return None
    found = (indexed(op, side.model) for op in side.model.subgraphs[side.entry.subgraph].ops)
    return min((each.rows for each in found if each and each.input.index == port.tensor and each.rows), default=None)


@dataclass(frozen=True, slots=True)
class Stored:
    """Integers that stand for real numbers."""

    dtype: str
    affine: tuple[float, int]

    @property
    def lowest(self) -> int:
        """The least of them."""
        return int(np.iinfo(self.dtype).min)

    @property
    def highest(self) -> int:
        """The largest of them."""
        return int(np.iinfo(self.dtype).max)

    @property
    def span(self) -> tuple[float, float]:
        """The least and the largest number."""
        scale, zero = self.affine
        return (self.lowest - zero) * scale, (self.highest - zero) * scale


def _stored(side: Side, name: str) -> Stored | None:
    """What an input is stored as where it, or the QUANTIZE behind it, has integers."""
    port = side.port(name)
    if port is None or port.tensor is None:
        return None
    found = [(port.dtype, port.affine)]
    for op in side.model.consumers.get((side.entry.subgraph, port.tensor), ()):
        first = op.outputs[0] if op.name == "QUANTIZE" and op.outputs else None
        if first is not None and first.quant is not None:
            found.append((first.dtype, first.quant.pair))
    for dtype, affine in found:
        if affine is not None and dtype in DTYPES and np.dtype(dtype).kind in "iu":
            return Stored(dtype, affine)
    return None


def _normalized_span(side: Side, name: str) -> tuple[float, float] | None:
    """What pixels from 0 to 255 become by the normalization that TFLite Metadata states: (pixel - mean) / std."""
    port = side.port(name)
    metadata = task_metadata_of(side.model)
    if port is None or port.position is None or metadata is None or port.position >= len(metadata.inputs):
        return None
    for unit in metadata.inputs[port.position].units:
        mean, std = (tuple(unit.options.get(key) or ()) for key in ("mean", "std"))
        if unit.kind == "NormalizationOptions" and mean and std and std[0] > 0:
            span = (0 - mean[0]) / std[0], (255 - mean[0]) / std[0]
            return span if -inf < span[0] <= span[1] < inf else None
    return None


def _is_image(shape: tuple[int, ...]) -> bool:
    return len(shape) == 4 and (shape[3] in CHANNELS or shape[1] in CHANNELS)


def _row(
    ports: tuple[Port, ...],
    kinds: Mapping[str, Kind],
    shapes: Mapping[str, tuple[int, ...]],
    random: Any,
    index: int,
    count: int,
) -> dict[str, Any]:
    """One sample; inputs of one shape as a mask's are ragged with it."""
    end = index % 2
    row: dict[str, Any] = {}
    lengths: dict[tuple[int, ...], Any] = {}
    padded = index == count - 1 and count > 1
    for port in sorted(ports, key=lambda port: kinds[port.name].name != "mask"):  # masks first: they set the lengths
        kind = kinds[port.name]
        shape = tuple(_size(axis, size, shapes[port.name], end) for axis, size in enumerate(shapes[port.name]))
        if kind.name == "text":
            row[port.name] = np.array(random.choice(WORDS, shape), dtype="U")
        elif kind.name == "mask":
            if shape not in lengths:
                lengths[shape] = _lengths(shape, random, whole=index == 0, padded=padded)
            row[port.name] = (np.arange(shape[-1] if shape else 1) < lengths[shape]).astype(port.dtype).reshape(shape)
        elif kind.name == "flags" and index == 0:
            row[port.name] = np.ones(shape, port.dtype)  # which a size, a divisor or a count can be too
        else:
            row[port.name] = _values(kind, np.dtype(port.dtype), shape, random)
            if shape and shape in lengths and kind.low <= 0 <= kind.high and np.dtype(port.dtype).kind in "iu":
                row[port.name] *= (np.arange(shape[-1]) < lengths[shape]).astype(port.dtype)
    return {port.name: row[port.name] for port in ports}


def _size(axis: int, size: int, shape: tuple[int, ...], end: int) -> int:
    if size >= 0:
        return size
    return (BATCHES if axis == 0 else SIDES if _is_image(shape) else LENGTHS)[end]


def _lengths(shape: tuple[int, ...], random: Any, *, whole: bool, padded: bool) -> Any:
    """How much of each row is real: all of it, a part, or nothing."""
    if not shape:
        return np.array(1)
    rows, last = (*shape[:-1], 1), shape[-1]
    return np.full(rows, 0 if padded else last) if whole or padded else random.integers(1, last + 1, rows)


def _values(kind: Kind, dtype: Any, shape: tuple[int, ...], random: Any) -> Any:
    if dtype.kind in "iub":
        return random.integers(int(kind.low), int(kind.high), shape, endpoint=True, dtype=np.int64).astype(dtype)
    if kind.affine is not None:
        scale, zero = kind.affine
        return ((random.integers(int(kind.low), int(kind.high), shape, endpoint=True) - zero) * scale).astype(dtype)
    values = random.uniform(kind.low, kind.high, shape)
    if dtype.kind == "c":
        values = values + 1j * random.uniform(kind.low, kind.high, shape)
    return values.astype(dtype)
