"""TFL102: names that an exporter made up."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

# Keras 2: input_1, Identity_1; Keras 3: keras_tensor_6, output_0; tf.function and litert-torch: args_0, inputs_0;
# JAX: arg0; nested results: output_1_0; ONNX from PyTorch: 53; tensor names: StatefulPartitionedCall:0
GENERATED = re.compile(
    r"args?_\d+(_\d+)*|arg\d+|keras_tensor(_\d+)*|outputs?_\d+(_\d+)*|Identity(_\d+)?|inputs?_\d+|\d+"
    r"|(Stateful)?PartitionedCall.*|serving_default_.*",
    re.DOTALL,
)

BAD = """
a: int32[1,8]
b: int32[1,8]
y: int32[1,8] = ADD(a, b)
signature serving_default(args_0=a, args_1=b) -> (scores=y)
"""
GOOD = """
a: int32[1,8]
b: int32[1,8]
y: int32[1,8] = ADD(a, b)
signature serving_default(input_ids=a, attention_mask=b) -> (scores=y)
"""


@rule(
    "TFL102",
    "generated-signature-name",
    Severity.WARNING,
    since="0.1.0",
    fix="manual",
    group=("side", "names"),
    message="{side} named {names}: made up by the exporter, and not promised to stay",
    examples=[(BAD, GOOD)],
)
def generated_signature_name(model: Model) -> Iterator[Hit]:
    """The signature calls an input or output by a name that the exporter invented.

    ## Why is this bad?
    An app binds by these names, and nobody can tell from `args_0` and `args_1` which one is the mask. They are counters
    of one export: the next one, with another layer order or another Keras, counts otherwise (tensorflow#32180).

    ## What to do
    `tflint fix --rename args_0=input_ids` renames them in the file.

    To have them named at the next export, name them where the model is exported: return a dict of outputs, and name
    the arguments by `tf.TensorSpec(name=...)`, `keras.Input(name=...)` or litert-torch's `sample_kwargs`.

    ## Exceptions
    Info where the side has one entry: a counter cannot be mistaken for another then.

    ## References
    Names of Keras 2 and 3 (TF 2.21.0) and of litert-torch 0.10.0, as exported.
    """
    for signature in model.signatures:
        for side, rows in (("inputs", signature.inputs), ("outputs", signature.outputs)):
            made_up = [name for name, _ in rows or () if name and GENERATED.fullmatch(name)]
            if made_up:
                from tflint.api import ByHand  # noqa: PLC0415 - only where there is something to mend

                fix = (ByHand(f"say what they are: {' '.join(f'--rename {name}=NAME' for name in made_up)}"),)
                severity = Severity.INFO if len(rows or ()) == 1 else None
                yield hit(signature, severity=severity, fix=fix, side=side, names=", ".join(made_up))
