"""What LiteRT's CompiledModel API refuses beyond the interpreter.

Source: litert/core/model/model_load.cc (LiteRT f674577), and the corpus on LiteRT 2.3.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.runtimes.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.model.view import Model
    from tflint.runtimes.profile import RuntimeProfile


def compiled(model: Model, profile: RuntimeProfile) -> Iterator[Refusal]:  # noqa: ARG001 - one release so far
    """Reasons why CompiledModel does not take a model that the interpreter takes."""
    for tensor in model.tensors:
        if tensor.is_variable:
            yield Refusal("load", "TFL213", tensor, {"problem": "a variable tensor"})
        elif tensor.dtype == "variant":
            yield Refusal("load", "TFL213", tensor, {"problem": "a variant tensor"})
    for signature in model.signatures:
        if signature.inputs is None or signature.outputs is None:
            yield Refusal("load", "TFL213", signature, {"problem": "a signature without its maps"})
