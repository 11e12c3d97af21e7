"""TFL202: operator codes that no schema has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import LAST_KNOWN_CODE, PLACEHOLDER, Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
x: float32[4]
y: float32[4] = BUILTIN_230(x)
"""
GOOD = """
x: float32[4]
y: float32[4] = RELU(x)
"""


@rule(
    "TFL202",
    "builtin-code-unknown",
    Severity.ERROR,
    since="0.1.0",
    group=("number",),
    message="operator code {number} {problem}",
    examples=[(BAD, GOOD)],
)
def builtin_code_unknown(model: Model) -> Iterator[Hit]:
    """An operator code is one that no released schema defines.

    ## Why is this bad?
    Every runtime stops at it while loading: `Op builtin_code out of range: N. Are you using old TFLite binary with
    newer model?` (tensorflow#24131). An unused entry is enough. 127 marks, in the old 8-bit field, a code that stands
    in the new field; alone it means that the new field is missing.

    ## What to do
    Update tflint if the model comes from a converter newer than it; else convert the model again, for the file is
    damaged or was rewritten by a tool that dropped the field `builtin_code`.

    ## References
    LiteRT tflite/converter/schema/schema.fbs, enum BuiltinOperator (last: STABLEHLO_CASE).
    """
    for code in model.operator_codes:
        if code.code == PLACEHOLDER:
            yield hit(code, number=code.code, problem="is the placeholder of the 8-bit field; the real code is missing")
        elif not 0 <= code.code <= LAST_KNOWN_CODE:
            yield hit(code, number=code.code, problem=f"is in no schema, whose codes end at {LAST_KNOWN_CODE}")
