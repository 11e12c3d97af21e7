"""TFL804: weights where the runtime does not look for them, and files beyond 2 GiB."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

GIB = 1 << 30
LIMIT = 2 * GIB  # bytes: FlatBuffers address no more, and neither does a signed 32-bit size

BAD = """
graph main(x) -> (y)
x: float32[1,4]
w: float32[1,4] external=1
y: float32[1,4] = ADD(x, w)
"""
GOOD = """
graph main(x) -> (y)
x: float32[1,4]
w: float32[1,4] = const [1,2,3,4]
y: float32[1,4] = ADD(x, w)
"""


@rule(
    "TFL804",
    "over-2gb",
    Severity.ERROR,
    since="0.1.0",
    group=("problem",),
    message="{problem}",
    examples=[(BAD, GOOD)],
)
def over_2gb(target: Target) -> Iterator[Hit]:
    """Weights lie behind the FlatBuffer or in another file, or the file has 2 GiB and more.

    ## Why is this bad?
    A FlatBuffer ends at 2 GiB, so converters put the weights of larger models behind it (`Buffer.offset`, read since
    TFLite 2.14), or into a file of their own (`ExternalBuffer`). A runtime that reads neither finds tensors without
    data: `Input tensor 1 lacks data` at the first call, and older ones compute with what happens to be there
    (tensorflow#59023, tensorflow#60570).

    ## What to do
    Quantize until the model fits 2 GiB, or take a runtime that reads such weights. To have them behind the
    FlatBuffer on purpose, set `converter._experimental_use_buffer_offset = True`; litert-torch has
    `lightweight_conversion`.

    ## Exceptions
    A file of 2 GiB and more whose weights the runtime does read is a warning: no 32-bit process can map it, and most
    tools that load a model whole refuse it. External weights are for CompiledModel (`+compiled`) to load.

    ## References
    LiteRT 2.3.0's Interpreter on a model with an external buffer: it allocates, and invoke() fails as above.
    """
    model, profile = target.model, target.profile
    external = [tensor for tensor in model.tensors if tensor.external_buffer]
    if not profile.compiled:
        groups = ", ".join(name for name in model.external_buffer_groups if name) or "another file"
        problem = f"weights are in {groups}, which {target.id} does not read"
        for tensor in external:
            yield hit(tensor, problem=problem)
    if not profile.buffer_offset:
        for tensor in model.tensors:
            if tensor.buffer is not None and tensor.buffer.outside:
                yield hit(tensor, problem=f"weights lie behind the FlatBuffer, where {target.id} does not look")
    elif model.file_size >= LIMIT:
        problem = f"{model.file_size / GIB:.2f} GiB: no 32-bit process can map it"
        yield hit(model, severity=Severity.WARNING, problem=problem)
