"""TFL851: TFLite Metadata that a task library cannot work with, or that contradicts itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, archive, hit, rule, task_metadata_of
from tflint_rules.metadata.contradictions import contradictions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model, TaskMetadata, Tensor

METADATA = "TFLITE_METADATA"
PARSER = (1, 5, 0)  # schema version that MediaPipe 1.2.3 reads
NORMALIZATION = "NormalizationOptions"
COLOURS = (3, 4)

BAD = """
image: float32[1,8,8,3]
shape: int32[2] = const [1,192]
scores: float32[1,192] = RESHAPE(image, shape)
"""
GOOD = """
image: uint8[1,8,8,3] q=0.0078125+128
shape: int32[2] = const [1,192]
scores: uint8[1,192] q=0.0078125+128 = RESHAPE(image, shape)
"""


@rule(
    "TFL851",
    "task-metadata",
    Severity.ERROR,
    since="0.1.0",
    fix="manual",
    group=("problem",),
    message="{problem}",
    examples=[(BAD, GOOD, "mediapipe")],
)
def task_metadata(target: Target) -> Iterator[Hit]:
    """The TFLite Metadata lacks what a task library needs, or contradicts the model.

    ## Why is this bad?
    MediaPipe Tasks and ML Kit prepare inputs and name outputs by the metadata. Without it the task is not created:
    `Input tensor has type float32: it requires specifying NormalizationOptions metadata to preprocess input images`
    (mediapipe#5583). With labels of another number the names are shifted or missing and nobody is told: 1000 labels
    for 1001 classes call every class by its neighbour's name (tensorflow#23940).

    ## What to do
    `tflint fix --mean 127.5 --std 127.5 --labels labels.txt` writes what was said at the training into the file, and
    packs the labels; `mediapipe.tasks.python.metadata` has a writer for each task. Tools that rewrite a model (Vela,
    for one) drop the archive behind it, so add it last.

    ## Exceptions
    For the targets `mediapipe` and `mlkit` it is an error. For all others, only metadata that contradicts itself or
    the model is flagged, as a warning: a model without metadata is nothing to complain of, and interpreters ignore it.
    A float input of rank 4 with 3 or 4 channels, alone, is taken for an image. Labels may annotate any axis. A label
    file that starts with `{` (Ultralytics packs its own notes so) is no list and is left alone.

    ## References
    mediapipe/tasks/cc: vision/utils/image_tensor_specs.cc, metadata/metadata_extractor.cc, metadata/utils/zip_utils.cc;
    https://developers.google.com/ml-kit/custom-models.
    """
    model, tasks = target.model, target.profile.tasks
    named = [entry for entry in model.metadata if entry.name == METADATA]
    found = task_metadata_of(model)
    severity = None if tasks else Severity.WARNING
    if found is None and any(entry.buffer is not None and entry.buffer.size for entry in named):
        yield hit(named[0], severity=severity, problem="TFLITE_METADATA is no ModelMetadata (identifier M001)")
    elif found is not None:
        for problem in contradictions(model, found):
            yield hit(model, severity=severity, problem=problem)
    if tasks:
        yield from _image(target, found)
    if tasks == "mediapipe":
        yield from _packed(model, found)
        if found is None and any(entry.buffer is None or not entry.buffer.size for entry in named):
            yield hit(named[0], problem="TFLITE_METADATA is empty")
        elif found is not None and _version(found.min_parser_version) > PARSER:
            need, have = found.min_parser_version, ".".join(map(str, PARSER))
            yield hit(model, problem=f"the metadata needs a parser of version {need}, MediaPipe's is {have}")


def _image(target: Target, found: TaskMetadata | None) -> Iterator[Hit]:
    graph = target.model.primary
    inputs = graph.inputs if graph else ()
    image = inputs[0] if len(inputs) == 1 else None
    if image is None or not _is_image(image):
        return
    units = found.inputs[0].units if found and found.inputs else ()
    if not any(unit.kind == NORMALIZATION for unit in units):
        lack = "the metadata has no NormalizationOptions for it" if found else "there is no metadata to normalize it by"
        from tflint.api import ask_metadata  # noqa: PLC0415 - only where there is something to mend

        fix = ask_metadata(("--mean MEAN", "--std DEVIATION"))
        yield hit(image, fix=fix, problem=f"the image input is float32, and {lack}")


def _packed(model: Model, found: TaskMetadata | None) -> Iterator[Hit]:
    for member in (archive.members(model.tail) or {}).values() if found else ():
        if member.method != archive.STORED:
            yield hit(model, problem=f"the file {member.name!r} is compressed: MediaPipe reads stored files only")


def _is_image(tensor: Tensor) -> bool:
    return tensor.dtype == "float32" and len(tensor.shape) == 4 and tensor.shape[3] in COLOURS


def _version(text: str) -> tuple[int, ...]:
    parts = text.split(".")
    return tuple(map(int, parts)) if all(part.isdecimal() and len(part) < 9 for part in parts) else ()
