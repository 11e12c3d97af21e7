"""TFL303: tokenizers of tensorflow-text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, remedy, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

REGISTER = "pass tensorflow_text's tflite_registrar.SELECT_TFTEXT_OPS in custom_op_registerers"

BAD = """
x: string[1]
y: string[1] = CUSTOM:FastBertNormalize(x)
"""
GOOD = """
x: int32[1,8]
y: float32[1,8] = CAST(x)
"""


@rule(
    "TFL303",
    "tftext-op",
    Severity.WARNING,
    since="0.1.0",
    on_refusal=True,
    group=("op",),
    message="{op} is a kernel of tensorflow-text: {remedy}",
    examples=[(BAD, GOOD)],
)
def tftext_op(target: Target) -> Iterator[Hit]:
    """An operator comes with tensorflow-text, whose kernels a stock runtime does not have.

    ## Why is this bad?
    A plain interpreter ends with `Encountered unresolved custom op: FastBertNormalize`, and the kernels exist for
    Python and C++ only: an Android or iOS app has to build them itself. Ids may be others than those of the tokenizer
    that the model was trained with: FastBertNormalize folds case and compatibility characters where BERT's own lowers,
    so that a German sharp s is ss, and a ligature two letters.

    ## What to do
    Load the model with `InterpreterWithCustomOps(model_path=..., custom_op_registerers=tf_text.tflite_registrar
    .SELECT_TFTEXT_OPS)`, with tensorflow-text and TensorFlow of one minor release. For a phone, tokenize in the app and
    convert the model from ids on. `tflint verify --registerer ...` compares its ids with those of another tokenizer.

    ## Exceptions
    A warning and no error, since a program that registers the ops runs the model. None where the target lists them.

    ## References
    tensorflow/text core/pybinds/tflite_registrar.cc (v2.20.1). Ids: `examples/tokenizer`, with tensorflow-text 2.21.1
    and transformers 4.57.6.
    """
    for refusal in target.refusals("TFL303"):
        op = str(refusal.data["op"])
        yield hit(refusal.at, op=op, remedy=remedy(op, REGISTER))
