"""TFL204: operators of the schema that no runtime implements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import CUSTOM, LAST_KNOWN_CODE, PLACEHOLDER, Model, Severity, hit, known_ops, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Op

BAD = """
x: float32[4]
y: float32[4] = STABLEHLO_LOGISTIC(x)
"""
GOOD = """
x: float32[4]
y: float32[4] = LOGISTIC(x)
"""


@rule(
    "TFL204",
    "op-no-runtime-kernel",
    Severity.ERROR,
    since="0.1.0",
    group=("op",),
    message="{op} has a code and no kernel in any of the {measured} runtimes measured",
    examples=[(BAD, GOOD)],
)
def op_no_runtime_kernel(model: Model) -> Iterator[Hit]:
    """An operator is in the schema, but no released runtime can execute it.

    ## Why is this bad?
    The interpreter fails at load, whatever its version: `Didn't find op for builtin opcode 'STABLEHLO_LOGISTIC'
    version '1'`, or `Op builtin_code out of range` before TF 2.15. 33 of the 48 STABLEHLO ops are such: they serve as
    an intermediate form of converters. CALL, CONCAT_EMBEDDINGS and DELEGATE are reserved codes.

    ## What to do
    Convert again without the option that keeps StableHLO ops (`converter.convert_to_stablehlo` and its like), so that
    they are lowered to TFLite ops; litert-torch lowers them unless told otherwise.

    ## References
    Measured on the wheels of 57 runtimes, see docs/verdicts.md.
    """
    users: dict[int, list[Op]] | None = None
    for code in model.operator_codes:
        if code.code in (CUSTOM, PLACEHOLDER) or not 0 <= code.code <= LAST_KNOWN_CODE or code.name in known_ops():
            continue
        if users is None:
            users = {}
            for op in model.ops:
                users.setdefault(op.opcode_index, []).append(op)
        for at in users.get(code.index, (code,)):
            yield hit(at, op=code.name, measured=57)
