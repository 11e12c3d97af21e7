"""Where TFLite Metadata contradicts the model, its archive or itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import archive

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.api import Model, TaskMetadata, Tensor, TensorMetadata

LONGEST_LABELS = 1 << 22  # bytes of a label file that is read; 21,841 classes of ImageNet take half a megabyte
AXIS_LABELS = "TENSOR_AXIS_LABELS"


def contradictions(model: Model, found: TaskMetadata) -> Iterator[str]:
    """What is wrong, in words."""
    files = archive.members(model.tail) or {}
    for name in dict.fromkeys(file.name for file in found.all_files):
        if name not in files:
            yield f"the metadata names the file {name!r}, which is not in the archive behind the model"
    graph = model.primary
    if graph is None:
        return
    for side, tensors, rows in (("input", graph.inputs, found.inputs), ("output", graph.outputs, found.outputs)):
        if rows and len(rows) != len(tensors):
            plural = "" if len(rows) == 1 else "s"
            yield f"the metadata describes {len(rows)} {side}{plural}, the model has {len(tensors)}"
        for row in rows:
            yield from _normalization(row)
    for tensor, row in zip(graph.outputs, found.outputs, strict=False):
        if tensor is not None:
            yield from _labels(tensor, row, files)


def _normalization(row: TensorMetadata) -> Iterator[str]:
    for unit in row.units:
        mean, std = unit.options.get("mean"), unit.options.get("std")
        if unit.kind == "NormalizationOptions" and (not mean or not std or len(mean) != len(std) or 0 in std):
            yield f"{row.name!r} is to be normalized by mean {list(mean or ())} and std {list(std or ())}"


def _labels(tensor: Tensor, row: TensorMetadata, files: Mapping[str, archive.Member]) -> Iterator[str]:
    for file in row.files:
        text = files[file.name].read(LONGEST_LABELS) if file.type == AXIS_LABELS and file.name in files else None
        if text is None or not tensor.shape or text.lstrip().startswith(b"{"):
            continue
        labels = text.removesuffix(b"\n").count(b"\n") + 1 if text.strip() else 0
        if labels not in tensor.dims:
            yield f"{file.name!r} has {labels:,} label{'' if labels == 1 else 's'} for an output of {list(tensor.dims)}"
