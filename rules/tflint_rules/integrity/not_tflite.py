"""TFL901: files that are no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import ModelFile, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model

BAD = """
version 2
x: float32[4]
y: float32[4] = RELU(x)
"""
GOOD = BAD.replace("version 2", "version 3")

ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # the archive of associated files that the metadata library appends; an empty one
LEAST_TAIL = 64  # bytes: below it are tables that an editing tool left behind


@rule(
    "TFL901",
    "not-tflite",
    Severity.ERROR,
    since="0.1.0",
    mandatory=True,
    group=("problem",),
    message="{problem}",
    examples=[(BAD, GOOD)],
)
def not_tflite(file: ModelFile) -> Iterator[Hit]:
    """The file is no TFLite model, is cut off, or lacks the parts that every model has.

    ## Why is this bad?
    Runtimes refuse it: `The model is not a valid Flatbuffer buffer`, `Model provided has model identifier`, `Model
    provided is schema version`, `No subgraph in the model.` Those that do not check the structure (TensorFlow before
    2.18, tflite-runtime, C++ `BuildFromFile`) read past the end of a truncated file and crash (tensorflow#115308).

    ## What to do
    Fetch or convert the file again; where it is a Git LFS pointer, run `git lfs pull` (in CI: `lfs: true`).

    ## Exceptions
    A subgraph without an operators vector is a warning: today's runtimes take it, the official verifier does not. One
    without a vector of inputs or outputs is info: only TFLite Micro refuses it, and wants an empty one.
    64 bytes and more behind the model that are no zip archive are info: no runtime looks at them.

    ## References
    LiteRT tflite/core/model_builder.h, interpreter_builder.cc and tools/verifier.cc.
    """
    if file.model is None:
        yield hit(file, problem=file.problem, where=file.where)
    else:
        yield from _sections(file.model)


def _sections(model: Model) -> Iterator[Hit]:
    if model.version != 3:
        yield hit(model, problem=f"schema version {model.version}, where runtimes take 3")
    if not model.subgraphs:
        yield hit(model, problem="the model has no subgraph")
    if not model.buffers:
        severity = None if "buffers" in model.absent else Severity.WARNING
        yield hit(model, severity=severity, problem="the model has no buffers")
    for graph in model.subgraphs:
        if "tensors" in graph.absent:
            yield hit(graph, problem="a subgraph has no tensors")
        if "operators" in graph.absent:
            yield hit(graph, severity=Severity.WARNING, problem="a subgraph has no operators")
        if {"inputs", "outputs"} & graph.absent:
            yield hit(graph, severity=Severity.INFO, problem="a subgraph leaves out its inputs or outputs")
    if model.tail.size >= LEAST_TAIL and not model.tail.read(LEAST_TAIL).lstrip(b"\0").startswith(ZIP):
        problem = f"{model.tail.size:,} bytes behind the model are no zip archive"
        yield hit(model, severity=Severity.INFO, problem=problem)
