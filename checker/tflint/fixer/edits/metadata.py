"""TFLite Metadata for task libraries: names, normalization of images, labels and vocabulary as files."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.dataclass import dataclass
from tflint.errors import TflintError
from tflint.fixer.edits.edit import Edit
from tflint.fixer.edits.facts import set_metadata
from tflint.fixer.edits.interface import border_rows
from tflint.fixer.edits.tokenizer import FILES, UNITS, tokenize
from tflint.model import schema
from tflint.model.flatbuf import Reader
from tflint.model.task_metadata import IDENTIFIER, NAME

if TYPE_CHECKING:
    from tflint.fixer.document import Document
    from tflint.model.flatbuf import Table

CONTENTS = {name: number for number, name in schema.ENUMS["ContentProperties"].items()}
# channels -> ColorSpaceType: RGB, GRAYSCALE; mediapipe/tasks/cc/vision/utils/image_tensor_specs.cc
COLOURS = {4: 1, 3: 1, 1: 2}
PARSER = "1.0.0"  # NormalizationOptions, labels: tensorflow_lite_support/metadata/cc/metadata_version.cc


@dataclass(frozen=True, slots=True)
class AddMetadata(Edit):
    """Say how inputs are prepared and outputs read. `labels`, `vocabulary`: name and bytes of a text file."""

    keeps_computation = True
    exposes = frozenset({"TFL851", "TFL853"})
    stage = 95

    mean: tuple[float, ...] = ()
    std: tuple[float, ...] = ()
    labels: tuple[str, bytes] | None = None
    vocabulary: tuple[str, bytes] | None = None

    @property
    def title(self) -> str:
        """What it does."""
        parts = {"normalization": self.mean, "labels": self.labels, "vocabulary": self.vocabulary}
        return f"add TFLite Metadata: names, {', '.join(part for part, given in parts.items() if given)}"

    def apply(self, document: Document) -> bool:
        """Do it, unless it is so."""
        root = _opened(document)
        before = _written(root)
        graph = root["subgraph_metadata"][0]
        if self.mean:
            self._normalize(document, graph)
        if self.labels:
            place = self._labelled(document, self.labels[1])
            _attach(document, graph["output_tensor_metadata"][place], self.labels[0], "TENSOR_AXIS_LABELS")
        if self.vocabulary:
            needed = tokenize(document, graph, *self.vocabulary)
            root["min_parser_version"] = max(root["min_parser_version"], needed, key=_parts)
        files = dict(file for file in (self.labels, self.vocabulary) if file)
        packed = document.pack(files)
        after = _written(root)
        return set_metadata(document, NAME, after) | packed | (after != before)

    def _normalize(self, document: Document, graph: Table) -> None:
        """Of the one input that may be an image."""
        tensors = document.border("inputs")
        images = [i for i, tensor in enumerate(tensors) if len(tensor["shape"] or ()) == 4]
        if len(images) != 1:
            raise TflintError(f"--mean: {len(images)} inputs have the rank of an image, 4: which one is not said", 1)
        channels = tensors[images[0]]["shape"][3]
        for flag, values in (("--mean", self.mean), ("--std", self.std)):
            if len(values) not in (1, channels):
                raise TflintError(f"{flag}: one value or one a channel ({channels}), not {len(values)}")
        metadata = graph["input_tensor_metadata"][images[0]]
        count = max(len(self.mean), len(self.std))  # MediaPipe wants as many of one as of the other
        mean, std = (list(values) * (count // len(values)) for values in (self.mean, self.std))
        options = document.table("NormalizationOptions", mean=mean, std=std)
        kind = UNITS["NormalizationOptions"]
        others = [unit for unit in metadata["process_units"] or () if unit["options_type"] != kind]
        metadata["process_units"] = [*others, document.table("ProcessUnit", options_type=kind, options=options)]
        if metadata["content"] is None:
            image = document.table("ImageProperties", color_space=COLOURS.get(channels, 0))
            kind = CONTENTS["ImageProperties"]
            metadata["content"] = document.table("Content", content_properties_type=kind, content_properties=image)

    @staticmethod
    def _labelled(document: Document, data: bytes) -> int:
        """The output that has as many values as there are labels."""
        count = len(data.decode("utf-8", "replace").strip("\n").split("\n"))
        sizes = [list(tensor["shape"] or (0,))[-1] for tensor in document.border("outputs")]
        if count not in sizes:
            raise TflintError(f"--labels: {count} labels, but outputs have {' and '.join(map(str, sizes))} values", 1)
        return sizes.index(count)


def _opened(document: Document) -> Table:
    """The metadata that there is, or a new one, with a table for each input and output."""
    data = document.metadata(NAME)
    root: Table = (
        Reader(data, errors="surrogateescape").root("ModelMetadata") if data else document.table("ModelMetadata")
    )
    root["min_parser_version"] = root["min_parser_version"] or PARSER
    root["subgraph_metadata"] = root["subgraph_metadata"] or [document.table("SubGraphMetadata")]
    for side, field in (("inputs", "input_tensor_metadata"), ("outputs", "output_tensor_metadata")):
        names = {index: name for name, index in border_rows(document, side)}
        rows = list(root["subgraph_metadata"][0][field] or ())
        for index in (document.graph(0)[side] or ())[len(rows) :]:
            name = names.get(index) or document.graph(0)["tensors"][index]["name"]
            rows.append(document.table("TensorMetadata", name=name))
        root["subgraph_metadata"][0][field] = rows
    return root


def _attach(document: Document, metadata: Table, name: str, kind: str) -> None:
    others = [file for file in metadata["associated_files"] or () if file["type"] != FILES[kind]]
    metadata["associated_files"] = [*others, document.table("AssociatedFile", name=name, type=FILES[kind])]


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _written(root: Any) -> bytes:
    from tflint.model.write import encode  # noqa: PLC0415 - a writer, for who has something to write

    return bytes(encode(root, IDENTIFIER, "ModelMetadata"))
