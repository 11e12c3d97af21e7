"""Edits of how numbers are stored: idle conversions, dtypes at the border, scales, constants out of range."""

from __future__ import annotations

import math
from struct import pack, unpack
from typing import TYPE_CHECKING

from tflint.dataclass import dataclass
from tflint.errors import TflintError
from tflint.fixer.edits.edit import Edit
from tflint.fixer.edits.tables import TYPES, is_output, makers, op_name, opcode, put_at_border, replaced, users

if TYPE_CHECKING:
    from tflint.fixer.document import Document
    from tflint.model.flatbuf import Table

CAST_OPTIONS = 37  # BuiltinOptions: CastOptions
FLOAT = "f"


@dataclass(frozen=True, slots=True)
class DropRoundTrip(Edit):
    """Let what follows a DEQUANTIZE and a QUANTIZE of the same parameters read what comes before them."""

    leaves_over = True
    stage = 20

    subgraph: int
    before: int
    after: int

    @property
    def title(self) -> str:
        """What it does."""
        return f"read tensor {self.before} in place of tensor {self.after}, its equal"

    def apply(self, document: Document) -> bool:
        """Do it, unless callers read the result."""
        graph = document.graph(self.subgraph)
        makes = [op for op in makers(graph, self.after) if op_name(document, op) == "QUANTIZE"]
        if is_output(document, self.subgraph, self.after) or not makes:
            return False
        for op in users(graph, self.after):
            op["inputs"] = replaced(op["inputs"], self.after, self.before)
        _drop(document, self.subgraph, makes[0])
        return True


@dataclass(frozen=True, slots=True)
class BorderEdit(Edit):
    """Callers pass or get another dtype."""

    applicability = "unsafe"
    exact = False
    exposes = frozenset({"TFL107"})
    leaves_over = True
    stage = 40


@dataclass(frozen=True, slots=True)
class StripBorder(BorderEdit):
    """Let callers give or get the integers themselves: no QUANTIZE or DEQUANTIZE at an input or output."""

    side: str
    tensor: int

    @property
    def title(self) -> str:
        """What it does."""
        op = "QUANTIZE behind input" if self.side == "inputs" else "DEQUANTIZE before output"
        return f"strip the {op} tensor {self.tensor}: callers pass integers"

    def apply(self, document: Document) -> bool:
        """Do it, where nothing else reads the floats."""
        graph = document.graph(0)
        if self.tensor not in (graph[self.side] or ()):
            return False
        if self.side == "inputs":
            found, name, other = users(graph, self.tensor), "QUANTIZE", "outputs"
        else:
            found, name, other = makers(graph, self.tensor), "DEQUANTIZE", "inputs"
        if len(found) != 1 or op_name(document, found[0]) != name:
            raise TflintError(f"tensor {self.tensor} is more than converted: it stays as it is", 1)
        inner = found[0][other][0]
        if inner in (graph["inputs"] or ()) or inner in (graph["outputs"] or ()):
            raise TflintError(f"tensor {inner} would be at the border twice", 1)
        put_at_border(document, 0, self.side, self.tensor, inner)
        _drop(document, 0, found[0])
        return True


@dataclass(frozen=True, slots=True)
class NarrowInput(BorderEdit):
    """Take int32 where int64 is taken, with a CAST to what follows as far as that wants int64."""

    subgraph: int
    tensor: int

    @property
    def title(self) -> str:
        """What it does."""
        return f"take int32 at input tensor {self.tensor} and cast it to int64 inside"

    def apply(self, document: Document) -> bool:
        """Do it, unless it is done."""
        graph = document.graph(self.subgraph)
        narrow: Table = graph["tensors"][self.tensor]
        if narrow["type"] != TYPES["int64"]:
            return False
        if is_output(document, self.subgraph, self.tensor):
            raise TflintError(f"input tensor {self.tensor} is an output too: it stays int64", 1)
        casts = [op for op in users(graph, self.tensor) if _narrows(document, self.subgraph, op)]
        rest = [op for op in users(graph, self.tensor) if op not in casts]
        wide = {**narrow, "name": f"{narrow['name'] or 'input'}_int64"}
        narrow["type"] = TYPES["int32"]
        if rest:
            _cast(document, graph, self.tensor, wide, rest)
        for op in casts:
            for user in users(graph, op["outputs"][0]):
                user["inputs"] = replaced(user["inputs"], op["outputs"][0], self.tensor)
        graph["operators"] = [op for op in graph["operators"] if not any(op is cast for cast in casts)]
        return True


def _narrows(document: Document, subgraph: int, op: Table) -> bool:
    """It casts to int32 itself, for operators of the model alone."""
    result = (op["outputs"] or [-1])[0]
    tensors = document.graph(subgraph)["tensors"]
    return (
        op_name(document, op) == "CAST"
        and tensors[result]["type"] == TYPES["int32"]
        and not is_output(document, subgraph, result)
    )


def _cast(document: Document, graph: Table, source: int, wide: Table, needing: list[Table]) -> None:
    """Put a CAST from an input to a new tensor, which these operators read."""
    graph["tensors"] = [*graph["tensors"], wide]
    number = len(graph["tensors"]) - 1
    for op in needing:
        op["inputs"] = replaced(op["inputs"], source, number)
    options = document.table("CastOptions", in_data_type=TYPES["int32"], out_data_type=TYPES["int64"])
    cast = document.table(
        "Operator",
        opcode_index=opcode(document, "CAST"),
        inputs=[source],
        outputs=[number],
        builtin_options_type=CAST_OPTIONS,
        builtin_options=options,
    )
    graph["operators"] = [cast, *(graph["operators"] or ())]


@dataclass(frozen=True, slots=True)
class SetQuant(Edit):
    """Give a tensor another scale and zero point; a constant is requantized, for it stands for the same numbers.

    `reader`: an output of the one operator that is to read it so, from a tensor of its own where others read it too.
    """

    applicability = "unsafe"
    exact = False
    repairs = True
    exposes = frozenset({"TFL107"})
    leaves_over = True
    stage = 20

    subgraph: int
    tensor: int
    scale: tuple[float, ...]
    zero_point: tuple[int, ...]
    reader: int | None = None

    @property
    def title(self) -> str:
        """What it does."""
        more = f" and {len(self.scale) - 1} more" if len(self.scale) > 1 else ""
        where = "" if self.reader is None else f" for what makes tensor {self.reader}"
        return f"quantize tensor {self.tensor} by {self.scale[0]:g}{self.zero_point[0]:+d}{more}{where}"

    def apply(self, document: Document) -> bool:
        """Do it, unless it is so."""
        table = self._table(document)
        if table is None:
            return False
        quant = table["quantization"]
        old = [float(value) for value in quant["scale"] or ()]
        zeros = [int(value) for value in quant["zero_point"] or ()] or [0] * len(old)
        new = [unpack(f"<{FLOAT}", pack(f"<{FLOAT}", value))[0] for value in self.scale]
        if old == new and tuple(zeros) == self.zero_point:
            return False
        data = document.root["buffers"][table["buffer"]]["data"] if table["buffer"] else None
        if data is not None and len(data):
            _requantize(
                document, table, list(zip(old, zeros, strict=True)), list(zip(new, self.zero_point, strict=True))
            )
        quant["scale"], quant["zero_point"] = new, list(self.zero_point)
        return True

    def _table(self, document: Document) -> Table | None:
        """The tensor, or the reader's own of the same numbers; None: it reads another one by now."""
        graph = document.graph(self.subgraph)
        table: Table = graph["tensors"][self.tensor]
        reading = users(graph, self.tensor)
        mine = (
            None if self.reader is None else next((op for op in reading if self.reader in (op["outputs"] or ())), None)
        )
        if self.reader is None or (mine is not None and len(reading) == 1):
            return table
        if mine is None:
            return None
        number = len(graph["tensors"])
        own = {**table, "name": f"{table['name'] or 'bias'}_{number}", "quantization": {**table["quantization"]}}
        graph["tensors"] = [*graph["tensors"], own]
        mine["inputs"] = replaced(mine["inputs"], self.tensor, number)
        return own


def _requantize(document: Document, table: Table, old: list[tuple[float, int]], new: list[tuple[float, int]]) -> None:
    """Store the numbers of a bias (int32 or int64, one dimension) by other scales, in a buffer of its own."""
    character = {TYPES["int32"]: "i", TYPES["int64"]: "q"}.get(table["type"], "")
    data = bytes(document.root["buffers"][table["buffer"]]["data"])
    if not character or len(old) != len(new):
        raise TflintError("a constant that is no bias cannot be quantized again", 1)
    width = 4 if character == "i" else 8
    values = unpack(f"<{len(data) // width}{character}", data)
    if len(old) not in (1, len(values)):
        raise TflintError("its scales are not one, nor one a value: it cannot be quantized again", 1)
    limit = 2 ** (8 * width - 1)
    stored = []
    for place, value in enumerate(values):
        (scale, zero), (wanted, shift) = old[place % len(old)], new[place % len(new)]
        if not wanted > 0 or not math.isfinite(wanted) or not math.isfinite(scale):
            raise TflintError("a scale that is not positive cannot be repaired", 1)
        stored.append(min(limit - 1, max(-limit, round((value - zero) * scale / wanted) + shift)))
    table["buffer"] = own_buffer(document, pack(f"<{len(stored)}{character}", *stored))


def own_buffer(document: Document, data: bytes) -> int:
    """The number of a new buffer."""
    buffers = document.root["buffers"] = [*(document.root["buffers"] or (document.table("Buffer"),))]
    buffers.append(document.table("Buffer", data=data))
    return len(buffers) - 1


@dataclass(frozen=True, slots=True)
class ClampConstant(Edit):
    """Replace float32 values beyond a limit, such as masks of -1e9, by the limit, which float16 holds."""

    applicability = "unsafe"
    exact = False
    leaves_over = True
    stage = 20

    subgraph: int
    tensor: int
    limit: float = 1e4

    @property
    def title(self) -> str:
        """What it does."""
        return f"limit tensor {self.tensor} to {self.limit:g} on both sides"

    def apply(self, document: Document) -> bool:
        """Do it, unless it is so."""
        table = document.graph(self.subgraph)["tensors"][self.tensor]
        data = document.root["buffers"][table["buffer"]]["data"] if table["buffer"] else None
        if table["type"] != TYPES["float32"] or data is None:
            raise TflintError(f"tensor {self.tensor} is no float32 constant", 1)
        values = unpack(f"<{len(data) // 4}f", bytes(data))
        clamped = [min(self.limit, max(-self.limit, value)) if value == value else value for value in values]  # noqa: PLR0124 - NaN
        if all(one == other or one != one for one, other in zip(values, clamped, strict=True)):  # noqa: PLR0124 - NaN
            return False
        table["buffer"] = own_buffer(document, pack(f"<{len(clamped)}f", *clamped))
        return True


def _drop(document: Document, subgraph: int, op: Table) -> None:
    """Take an operator away, and the conversion before it if nothing reads that any more."""
    graph = document.graph(subgraph)
    graph["operators"] = [each for each in graph["operators"] if each is not op]
    for index in op["inputs"] or ():
        for maker in makers(graph, index):
            unread = not any(users(graph, out) or is_output(document, subgraph, out) for out in maker["outputs"])
            if unread and op_name(document, maker) == "DEQUANTIZE":
                _drop(document, subgraph, maker)
