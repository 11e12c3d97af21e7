"""A model that is being edited: its tables, whatever lies behind them, and the way back to a file.

Only the structure is decoded. Weights stay views of the mapped file and are copied as bytes when it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError
from tflint.fixer.tail import moved, with_files
from tflint.model import schema
from tflint.model.flatbuf import MalformedModelError, Reader
from tflint.model.read import decode, mapped, viewed
from tflint.model.write import OUTSIDE, ModelTooLargeError, encode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tflint.model.flatbuf import Table
    from tflint.model.view import Model


SIDES = ("inputs", "outputs")


class Document:
    """An open model. `root` is the tables as `flatbuf.Reader` gives them: edits change them in place.

    A tensor at the border stays the table that it was, or `replaced` tells by which other one (by identity).
    """

    def __init__(self, data: Any) -> None:
        self.data = data
        self.model: Model = decode(data)  # as it was
        reader = Reader(data, errors="surrogateescape")  # bytes of names that are not UTF-8 survive
        self.root: Table = reader.root("Model")
        if reader.newer:
            names = ", ".join(sorted(reader.newer))
            raise TflintError(
                f"the model has fields that this version of tflint does not know ({names}): they would be lost", 1
            )
        self.tail_start = self.model.tail.start
        self._end = reader.end
        self._border = {side: self.border(side) for side in SIDES}
        self._packed: bytes | None = None  # another archive in place of the file's, counted from its own start
        self.replaced: list[tuple[Table, Table]] = []
        view = memoryview(data)
        for kind, table in self._with_bytes_outside():
            position, size = (table[name] for name in OUTSIDE[kind])
            if position > 1 and position + size > len(data):
                raise TflintError("bytes of the model lie outside the file: they would be lost", 1)
            if position > 1:
                table["outside"] = view[position : position + size]

    def graph(self, index: int) -> Table:
        """A subgraph's table. Raises TflintError where there is none."""
        graphs = self.root["subgraphs"] or ()
        if not 0 <= index < len(graphs):
            raise TflintError(f"the model has no subgraph {index}", 1)
        found: Table = graphs[index]
        return found

    def border(self, side: str) -> list[Table]:
        """Tables of the inputs or outputs of the primary subgraph, as far as there are such tensors."""
        if not self.root["subgraphs"]:
            return []
        graph = self.graph(0)
        tensors = graph["tensors"] or ()
        return [tensors[index] for index in graph[side] or () if 0 <= index < len(tensors)]

    def moved(self, side: str) -> list[int | None]:
        """Position of an input or output of the model as it was -> where it is now; None: it is gone."""
        now = self.border(side)
        return [
            next((place for place, table in enumerate(now) if self._stands_for(table) is old), None)
            for old in self._border[side]
        ]

    def _stands_for(self, table: Table) -> Table:
        for old, new in reversed(self.replaced):
            if table is new:
                table = old
        return table

    def view(self) -> Model:
        """The model as it is now."""
        reader = Reader(self.data)
        reader.end = self._end
        return viewed(reader, copied(self.root))

    @staticmethod
    def table(kind: str, /, **values: Any) -> Table:
        """A new table, all fields but these at their default."""
        fields = schema.TABLES[kind]
        return {field: None if form[0] in "[stu" else default for _, field, form, default in fields} | values

    def metadata(self, name: str) -> bytes | None:
        """The bytes of the named metadata; None where there are none."""
        for entry in self.root["metadata"] or ():
            if entry["name"] == name and entry["buffer"] < len(self.root["buffers"] or ()):
                data = self.root["buffers"][entry["buffer"]]["data"]
                return None if data is None else bytes(data)
        return None

    def pack(self, files: Mapping[str, bytes]) -> bool:
        """Put files into the archive behind the model; whether that changes it. Raises TflintError."""
        tail = bytes(memoryview(self.data)[self.tail_start :]) if self._packed is None else self._packed
        after = with_files(tail, files, 0 if self._packed is not None else self.tail_start)
        if after is None:
            return False
        self._packed = after
        return True

    def pieces(self) -> Iterator[Any]:
        """The edited model's file, from start to end. Raises TflintError when it cannot be written."""
        try:
            encoded = encode(self.root)
        except ModelTooLargeError as problem:
            raise TflintError(f"the edited model cannot be written: {problem}") from None
        at = 0
        for piece in encoded.pieces():
            yield piece
            at += len(piece)
        if self._packed is not None:
            yield moved(self._packed, at)
        elif len(tail := memoryview(self.data)[self.tail_start :]):
            yield moved(tail, at - self.tail_start)

    def __bytes__(self) -> bytes:
        """The edited model's file."""
        return b"".join(self.pieces())

    def _with_bytes_outside(self) -> Iterator[tuple[str, Table]]:
        yield from (("Buffer", table) for table in self.root["buffers"] or () if not table["data"])
        for graph in self.root["subgraphs"] or ():
            yield from (("Operator", table) for table in graph["operators"] or ())


def copied(value: Any) -> Any:
    """Tables with all that hangs off them; vectors of scalars are shared, for nobody changes one."""
    if isinstance(value, dict):
        return {key: copied(item) for key, item in value.items()}
    return [copied(item) for item in value] if isinstance(value, list) else value


def open_document(path: Path) -> Document:
    """Open a model for editing. Raises TflintError for what is none, OSError for what cannot be read."""
    try:
        return Document(mapped(path))
    except MalformedModelError as problem:
        raise TflintError(f"{path}: {problem.reason}") from None
