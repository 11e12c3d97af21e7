"""TFL101: models whose inputs and outputs have no names of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Contract, Hit

BAD = """
x: float32[1,4]
y: float32[1,4] = RELU(x)
"""
GOOD = """
x: float32[1,4]
y: float32[1,4] = RELU(x)
signature serving_default(features=x) -> (scores=y)
"""


@rule(
    "TFL101",
    "no-signature",
    Severity.WARNING,
    since="0.1.0",
    fix="safe",
    message="no SignatureDef: {inputs} and {outputs} can be bound by position only",
    examples=[(BAD, GOOD)],
)
def no_signature(target: Target, contracts: tuple[Contract, ...]) -> Iterator[Hit]:
    """The model has no SignatureDef, so nothing in it names its inputs and outputs.

    ## Why is this bad?
    `get_signature_list()` is empty, `get_signature_runner()` and Java's `runSignature` refuse the model, and runtimes
    that bind by name cannot load it (tensorflow#48320, tensorflow#62620). What is left are positions, and converters
    do not keep them: they may change with the next export (tensorflow#33303).

    ## What to do
    `tflint fix` adds one that is named after the tensors; `--rename` gives better names.

    To keep it where the model is made, convert with `TFLiteConverter.from_saved_model` in eager mode, or give
    `from_concrete_functions` its second argument, `trackable_obj`. Three ways lose the signature without a word: a
    SavedModel converted after `disable_eager_execution()`, concrete functions without `trackable_obj`, and the TF1
    converters.

    ## Exceptions
    Info where the target does not read signatures: TFLite Micro, and TFLite before 2.5. An error where `tflint.lock` or
    a contract asks for a signature.

    ## References
    The three ways were reproduced with TF 2.21.0; LiteRT tflite/core/signature_runner.h.
    """
    graph = target.model.primary
    if target.model.signatures or graph is None or not graph.input_indices:
        return
    inputs, outputs = _count(graph.input_indices, "input"), _count(graph.output_indices, "output")
    reads = target.profile.signature_defs  # parsed from TF 2.5 on, never by TFLM: measured
    asked = any(contract.interface.keys for contract in contracts)
    severity = Severity.ERROR if asked else None if reads else Severity.INFO
    from tflint.api import AddSignature  # noqa: PLC0415 - only where there is something to mend

    yield hit(target.model, severity=severity, fix=(AddSignature(),), inputs=inputs, outputs=outputs)


def _count(indices: tuple[int, ...], what: str) -> str:
    return f"{len(indices)} {what}{'' if len(indices) == 1 else 's'}"
