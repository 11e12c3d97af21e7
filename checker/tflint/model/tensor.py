"""Tensors and what hangs off them: quantization, sparsity, the buffer of a constant.

Parts of a model are themselves and equal to nothing else (`eq=False`), as nodes of a graph are.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from tflint.dataclass import dataclass, field
from tflint.model.flatbuf import scalars

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CONSTANT_LIMIT = 4096  # bytes: constants in shape, axis and index roles are read, weights never are
AXES = 64  # of a multi-axis quantization that are looked at

# dtype -> (bits of one element, struct character or "" where Python has none)
DTYPES: dict[str, tuple[int, str]] = {
    "float32": (32, "f"),
    "float16": (16, "e"),
    "int32": (32, "i"),
    "uint8": (8, "B"),
    "int64": (64, "q"),
    "string": (0, ""),
    "bool": (8, "?"),
    "int16": (16, "h"),
    "complex64": (64, ""),
    "int8": (8, "b"),
    "float64": (64, "d"),
    "complex128": (128, ""),
    "uint64": (64, "Q"),
    "resource": (0, ""),
    "variant": (0, ""),
    "uint32": (32, "I"),
    "uint16": (16, "H"),
    "int4": (4, ""),
    "bfloat16": (16, ""),
    "int2": (2, ""),
    "uint4": (4, ""),
    "float8_e4m3fn": (8, ""),
    "float8_e5m2": (8, ""),
}


@dataclass(frozen=True, slots=True, eq=False)
class Quant:
    """Affine quantization: real = scale * (q - zero_point), one pair a tensor or one a slice of `dimension`.

    The vectors are views of the file, not copies: `len()` and indexing are free, a list is built by who wants one.
    """

    scale: Sequence[float]
    zero_point: Sequence[int]
    min: Sequence[float]
    max: Sequence[float]
    dimension: int = 0
    details_type: str = ""  # "" | CustomQuantization | BlockwiseQuantization | MultiAxisQuantization | "type 9"
    details: Mapping[str, Any] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()

    @property
    def per_axis(self) -> bool:
        """More than one scale: one for each slice of `dimension`."""
        return len(self.scale) > 1

    @property
    def pair(self) -> tuple[float, int] | None:
        """The (scale, zero point) of a per-tensor quantization, else None."""
        if len(self.scale) == 1 and len(self.zero_point) == 1:
            return self.scale[0], self.zero_point[0]
        return None

    def details_problem(self, rank: int, tensors: int) -> str:
        """What is wrong with its blockwise or multi-axis parameters: of a tensor of that rank, one of `tensors`; or "".

        LiteRT 2.2.0 and 2.3.0 refuse to load just these, and take any block size (run).
        """
        scales, zeros = self.details.get("scales", -1), self.details.get("zero_points", -1)
        dims = self.details.get("quantized_dimensions")
        if self.details_type == "BlockwiseQuantization":
            return "" if self.details else "blockwise quantization without its parameters"
        if self.details_type != "MultiAxisQuantization":
            return ""
        if dims is None:
            return "multi-axis quantization without its dimensions"
        if not 0 <= scales < tensors or not -1 <= zeros < tensors:
            return f"scales in tensor {scales} and zero points in {zeros}, of {tensors}"
        if not len(dims):
            return "multi-axis quantization of no dimension"
        outside = next((dim for dim in dims[:AXES] if not 0 <= dim < rank), None)
        return "" if outside is None else f"a quantized dimension {outside} at rank {rank}"


@dataclass(frozen=True, slots=True, eq=False)
class Dimension:
    """One level of a sparse tensor's traversal."""

    format: int  # 0 dense, 1 sparse CSR
    dense_size: int
    segments: Sequence[int] | None
    indices: Sequence[int] | None


@dataclass(frozen=True, slots=True, eq=False)
class Sparsity:
    """Sparse storage of a constant: TACO-style traversal of (blocked) dimensions."""

    traversal_order: Sequence[int] | None
    block_map: Sequence[int] | None
    dimensions: tuple[Dimension, ...] | None


@dataclass(frozen=True, slots=True, eq=False)
class Buffer:
    """Bytes of a constant, inside the FlatBuffer or behind it (`offset`/`size`, files over 2 GB)."""

    index: int
    start: int  # byte offset in the file of the bytes, 0 where there are none
    size: int  # bytes
    outside: bool  # stored behind the FlatBuffer
    data_size: int  # bytes inside the FlatBuffer
    declared: tuple[int, int]  # the raw offset and size fields; 0 and 1 mean unset
    in_file: bool  # the span lies inside the file
    source: Any = field(repr=False)  # the mapped file

    def read(self, limit: int = CONSTANT_LIMIT) -> bytes:
        """The bytes, up to `limit` of them; none where the span lies outside the file."""
        return bytes(self.source[self.start : self.start + min(self.size, limit)]) if self.in_file else b""


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """A tensor of one subgraph. `shape` is as stored: () stands for a scalar and for an absent shape alike."""

    subgraph: int
    index: int
    name: str
    dtype: str  # lower case; "type 99" where the code is unknown
    type_code: int
    shape: tuple[int, ...]
    shape_signature: tuple[int, ...] | None
    has_shape: bool
    has_rank: bool
    quant: Quant | None
    buffer_index: int
    buffer: Buffer | None  # None: no such buffer
    is_variable: bool
    sparsity: Sparsity | None
    external_buffer: int
    variant_types: tuple[str, ...]

    @property
    def path(self) -> str:
        """`/subgraphs/0/tensors/3`."""
        return f"/subgraphs/{self.subgraph}/tensors/{self.index}"

    @property
    def label(self) -> str:
        """How a reader knows it."""
        return f"tensor {self.index} '{self.name}'"

    @property
    def is_constant(self) -> bool:
        """Its values are in the file: buffer 0 means none, and a buffer without data is an activation's.

        A data vector that is there and empty makes a constant without elements (measured on 16 runtimes).
        """
        buffer = self.buffer
        return self.external_buffer != 0 or bool(self.buffer_index and buffer and (buffer.size or buffer.start))

    @property
    def dims(self) -> tuple[int, ...]:
        """The shape with -1 where a dimension may vary (`shape_signature`)."""
        return self.shape_signature or self.shape

    @property
    def is_dynamic(self) -> bool:
        """Some dimension may vary."""
        return -1 in self.dims

    @property
    def elements(self) -> int:
        """Number of elements of the stored shape."""
        return prod(self.shape)

    @property
    def bits(self) -> int:
        """Bits of one element; 0 for strings, resources and unknown types."""
        return DTYPES.get(self.dtype, (0, ""))[0]

    @property
    def byte_size(self) -> int:
        """Bytes that a dense constant of this type and shape takes; sub-byte types are packed."""
        return (self.elements * self.bits + 7) // 8

    def values(self) -> tuple[Any, ...] | None:
        """A small constant's values in row-major order, None when it is no constant or larger than CONSTANT_LIMIT.

        As many as the shape has, whatever the buffer holds behind them: runtimes since LiteRT 1.0 take longer ones.
        """
        if not self.is_constant or self.buffer is None or self.sparsity is not None:
            return None
        character, size = DTYPES.get(self.dtype, (0, ""))[1], self.buffer.size
        if not character or size > CONSTANT_LIMIT or not self.buffer.in_file:
            return None
        raw = self.buffer.read(CONSTANT_LIMIT)
        width = self.bits // 8
        count = max(0, min(len(raw) // width, self.elements))  # a negative dimension is another finding's
        return scalars(raw[: count * width], character)
