"""TFL301: TensorFlow ops that need the Flex delegate."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.api import Op, Severity, Target, hit, known_ops, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Located

NAMES = (  # what in a Flex op's name tells why the converter kept it
    (re.compile("TensorList"), "a recurrent layer or loop of unknown batch or length"),
    (re.compile("Random|Multinomial|Dropout|TruncatedNormal"), "sampling or dropout left in from training"),
    (re.compile("Ragged"), "ragged tensors"),
    (re.compile("String|Unicode|Regex|Tokenize|Sentencepiece"), "text processing inside the model"),
)
DTYPES = ("float64", "complex64", "string", "int64")  # kernels of most builtin ops lack them

BAD = """
x: float64[1,4]
y: float64[1,4] = CUSTOM:FlexErf(x)
"""
GOOD = """
x: float32[1,4]
y: float32[1,4] = GELU(x)
"""


@rule(
    "TFL301",
    "flex-op",
    Severity.WARNING,
    since="0.1.0",
    on_refusal=True,
    group=("op", "problem"),
    message="{op} is an op of TensorFlow's own: {problem}; likely cause: {cause}",
    examples=[(BAD, GOOD)],
)
def flex_op(target: Target) -> Iterator[Hit]:
    """An operator runs on the Flex delegate only, which the target does not have.

    ## Why is this bad?
    Allocation ends with `Select TensorFlow op(s), included in the given model, is(are) not supported by this
    interpreter. Make sure you apply/link the Flex delegate before inference` (tensorflow#40157, tensorflow#54321).
    TensorFlow's wheel links Flex up to 2.18, so that tests pass on the desktop and the phone fails.

    ## What to do
    Convert with `supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]` alone: what the error then names has to change. A
    fixed shape, int32 for int64 and float32 for float64 often do, and `training=False` removes sampling. Where Flex is
    wanted, link `tensorflow-lite-select-tf-ops` and check against a target with `+flex`.

    ## Exceptions
    A warning while no target is named, since the app may bring Flex. None on a target with Flex that serves the op.

    ## References
    LiteRT tflite/core/subgraph.cc, tflite/delegates/flex/allowlisted_flex_ops.cc; LiteRT#6458: no Flex in the wheel of
    TensorFlow 2.19 and later.
    """
    problem = "the target has no Flex delegate"
    for refusal in target.refusals("TFL301"):
        severity = Severity.WARNING if target.assumed else Severity.ERROR
        op = str(refusal.data["op"])
        if target.profile.flex:
            bare = isinstance(refusal.at, Op) and not refusal.at.custom_options
            problem = "it bears no NodeDef, which Flex runs" if bare else "the target's Flex does not serve it"
        yield hit(refusal.at, severity=severity, op=op, problem=problem, cause=_cause(op, refusal.at))


def _cause(name: str, at: Located) -> str:
    for pattern, cause in NAMES:
        if pattern.search(name):
            return cause
    tensors = [t for t in (*at.inputs, *at.outputs) if t is not None] if isinstance(at, Op) else []
    for dtype in DTYPES:
        if any(tensor.dtype == dtype for tensor in tensors):
            return f"{dtype} tensors"
    if any(tensor.is_dynamic for tensor in tensors):
        return "dimensions that were unknown at conversion"
    builtin = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|V\d$", "_", name.removeprefix("Flex")).strip("_").upper()
    if builtin in known_ops():
        return f"operands that the builtin {builtin} does not take"
    return "no builtin op of that name"
