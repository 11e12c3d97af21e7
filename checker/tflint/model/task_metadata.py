"""TFLite Metadata: what a model is for, how its inputs are prepared and its outputs read.

The buffer TFLITE_METADATA is a FlatBuffer of its own (identifier M001; schema: mediapipe/tasks/metadata/
metadata_schema.fbs 1.5.0); the files that it names are in the zip archive behind the model (`archive.py`). Task
libraries (MediaPipe, ML Kit) live by it, interpreters ignore it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tflint.model import schema
from tflint.model.flatbuf import MalformedModelError, Reader

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tflint.model.view import Model

NAME = "TFLITE_METADATA"
IDENTIFIER = b"M001"
LIMIT = 1 << 22  # bytes; real ones have some thousand
MAX_NUMBERS = 4096  # values of one normalization vector: a channel each

_UNITS = schema.ENUMS["ProcessUnitOptions"]
_CONTENTS = schema.ENUMS["ContentProperties"]
_FILE_TYPES = schema.ENUMS["AssociatedFileType"]


class AssociatedFile(NamedTuple):
    """A file that should be in the archive."""

    name: str
    description: str
    type: str  # TENSOR_AXIS_LABELS ...; "type 9" where unknown
    locale: str


class ProcessUnit(NamedTuple):
    """A step before or behind the model."""

    kind: str  # NormalizationOptions, BertTokenizerOptions ...; "type 9" where unknown
    options: Mapping[str, Any]  # its scalars and numbers, by schema name
    files: tuple[AssociatedFile, ...]


class TensorMetadata(NamedTuple):
    """What is said of one input or output."""

    name: str
    description: str
    content: str  # ImageProperties ...; "" where it is not said
    units: tuple[ProcessUnit, ...]
    files: tuple[AssociatedFile, ...]


class TaskMetadata(NamedTuple):
    """What is said of the model and its primary subgraph. Strings are the file's: not to be trusted."""

    name: str
    description: str
    version: str
    author: str
    license: str
    min_parser_version: str
    inputs: tuple[TensorMetadata, ...]
    outputs: tuple[TensorMetadata, ...]
    input_units: tuple[ProcessUnit, ...]
    output_units: tuple[ProcessUnit, ...]
    files: tuple[AssociatedFile, ...]  # of the model and of its subgraph

    @property
    def all_files(self) -> Iterator[AssociatedFile]:
        """Every file that is named anywhere."""
        yield from self.files
        units = [*self.input_units, *self.output_units]
        for tensor in (*self.inputs, *self.outputs):
            yield from tensor.files
            units += tensor.units
        for unit in units:
            yield from unit.files


def task_metadata_of(model: Model) -> TaskMetadata | None:
    """The model's TFLite Metadata; None where there is none or it is damaged."""
    data = model.metadata_bytes(NAME, LIMIT)
    return None if data is None else decode_task_metadata(data)


def decode_task_metadata(data: bytes) -> TaskMetadata | None:
    """The decoded buffer, None where it is damaged."""
    if data[4:8] != IDENTIFIER:
        return None
    try:
        reader = Reader(data)
        root = reader.root("ModelMetadata")
    except MalformedModelError:
        return None
    graphs = root["subgraph_metadata"] or ()
    graph = graphs[0] if graphs else {}
    texts = ("name", "description", "version", "author", "license", "min_parser_version")
    return TaskMetadata(
        **{text: root[text] or "" for text in texts},
        inputs=tuple(map(_tensor, graph.get("input_tensor_metadata") or ())),
        outputs=tuple(map(_tensor, graph.get("output_tensor_metadata") or ())),
        input_units=_units(graph.get("input_process_units")),
        output_units=_units(graph.get("output_process_units")),
        files=(*_files(root["associated_files"]), *_files(graph.get("associated_files"))),
    )


def _tensor(row: Mapping[str, Any]) -> TensorMetadata:
    kind = (row["content"] or {}).get("content_properties_type", 0)
    return TensorMetadata(
        name=row["name"] or "",
        description=row["description"] or "",
        content=_CONTENTS.get(kind, f"type {kind}") if kind else "",
        units=_units(row["process_units"]),
        files=_files(row["associated_files"]),
    )


def _units(rows: Iterable[Mapping[str, Any]] | None) -> tuple[ProcessUnit, ...]:
    return tuple(_unit(row["options_type"], row["options"] or {}) for row in rows or ())


def _unit(kind: int, options: Mapping[str, Any]) -> ProcessUnit:
    files: list[AssociatedFile] = []
    values: dict[str, Any] = {}
    for key, value in options.items():
        if isinstance(value, list):
            files += _files(value)
        elif isinstance(value, memoryview):
            values[key] = tuple(value[:MAX_NUMBERS])
        elif value is not None:
            values[key] = value
    return ProcessUnit(_UNITS.get(kind, f"type {kind}"), values, tuple(files))


def _files(rows: Iterable[Mapping[str, Any]] | None) -> tuple[AssociatedFile, ...]:
    return tuple(
        AssociatedFile(
            row["name"] or "",
            row["description"] or "",
            _FILE_TYPES.get(row["type"], f"type {row['type']}"),
            row["locale"] or "",
        )
        for row in rows or ()
    )
