"""A model that is being edited: its tables, whatever lies behind them, and the way back to a file.

Only the structure is decoded. Weights stay views of the mapped file and are copied as bytes when it is written.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError
from tflint.fix.tail import moved
from tflint.model.flatbuf import MalformedModelError, Reader
from tflint.model.read import decode, mapped
from tflint.model.write import OUTSIDE, ModelTooLargeError, encode

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tflint.model.flatbuf import Table
    from tflint.model.view import Model


class Document:
    """An open model. `root` is the tables as `flatbuf.Reader` gives them: edits change them in place."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self.model: Model = decode(data)  # as it was
        reader = Reader(data, errors="surrogateescape")  # bytes of names that are not UTF-8 survive
        self.root: Table = reader.root("Model")
        if reader.newer:
            names = ", ".join(sorted(reader.newer))
            raise TflintError(
                f"the model has fields that this version of tflint does not know ({names}): they would be lost"
            )
        self.tail_start = self.model.tail.start
        view = memoryview(data)
        for kind, table in self._with_bytes_outside():
            position, size = (table[name] for name in OUTSIDE[kind])
            if position > 1 and position + size > len(data):
                raise TflintError("bytes of the model lie outside the file: they would be lost")
            if position > 1:
                table["outside"] = view[position : position + size]

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
        tail = memoryview(self.data)[self.tail_start :]
        if len(tail):
            yield moved(tail, at - self.tail_start)

    def __bytes__(self) -> bytes:
        """The edited model's file."""
        return b"".join(self.pieces())

    def _with_bytes_outside(self) -> Iterator[tuple[str, Table]]:
        yield from (("Buffer", table) for table in self.root["buffers"] or () if not table["data"])
        for graph in self.root["subgraphs"] or ():
            yield from (("Operator", table) for table in graph["operators"] or ())


def open_document(path: Path) -> Document:
    """Open a model for editing. Raises TflintError for what is none, OSError for what cannot be read."""
    try:
        return Document(mapped(path))
    except MalformedModelError as problem:
        raise TflintError(f"{path}: {problem.reason}") from None
