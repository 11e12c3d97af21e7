"""TFL201: operators that the target's kernel table lacks."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.api import Severity, Target, hit, minimum_runtime, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model, Op, OperatorCode

# The last TFLite release that many fleets ship (the last tflite-runtime wheel): what runs there is news to nobody.
WIDESPREAD = (2, 14)

BAD = """
x: float32[1,4]
w: int8[2,4] q=[0.1,0.2]+[0,0] = const
y: float32[1,2] = FULLY_CONNECTED.v12(x, w, -)
"""
GOOD = """
x: float32[1,4]
w: int8[2,4] q=0.1+0 = const
y: float32[1,2] = FULLY_CONNECTED.v9(x, w, -)
"""


@rule(
    "TFL201",
    "op-needs-newer-runtime",
    Severity.ERROR,
    since="0.1.0",
    group=("op", "version", "have"),
    message="{op} version {version} ({have}) needs {needs}{remedy}",
    examples=[(BAD, GOOD, "tflite-2.14")],
)
def op_needs_newer_runtime(target: Target) -> Iterator[Hit]:
    """An operator, or its version, is newer than the target's kernels.

    ## Why is this bad?
    The interpreter resolves every operator code while it loads, used or not, and gives up at the first one it lacks:
    `Didn't find op for builtin opcode 'X' version 'N'. An older version of this builtin might be supported. Are you
    using an old TFLite binary with a newer model?` or, where the code itself is new, `Op builtin_code out of range: N`
    (tensorflow#50641, tensorflow#80736). TF 2.3 and older see 127 for every code above 126.

    ## What to do
    Ship the runtime that is named in the message, or convert so that the converter writes an older version of the op.

    Versions rise with what an op is used for: int64 instead of int32, more than 4 dimensions, one scale per channel.
    Where it is known what raised this one, the message ends with it. The minimum is measured, release by release; it
    is not what the model's `min_runtime_version` claims, for the table behind that is wrong for 32 pairs.

    ## Exceptions
    Without `--target`, ops that the last tflite-runtime wheel (2.14) lacks are listed as info: older apps in the field
    will refuse the model.

    ## References
    Measured on the wheels of 57 runtimes, see docs/verdicts.md; LiteRT tflite/core/api/op_resolver.cc.
    """
    refused = {r.at.path: r for r in target.refusals("TFL201")}
    users = _users(target.model) if refused or target.assumed else {}
    for code in target.model.operator_codes:
        refusal = refused.get(code.path)
        if refusal is not None:
            for at in users.get(code.index, (code,)):
                yield _hit(at, code, f"the target has {refusal.data['have']}".replace("absent", "none"))
        elif target.assumed and _is_news(code):
            for at in users.get(code.index, (code,)):
                yield _hit(at, code, "the newest LiteRT has it", Severity.INFO)


def _hit(at: Op | OperatorCode, code: OperatorCode, have: str, severity: Severity | None = None) -> Hit:
    data: dict[str, Any] = {
        "op": code.name,
        "version": code.version,
        "have": have,
        "needs": _needs(code),
        "remedy": _remedy(code),
    }
    return hit(at, severity=severity, **data)


def _users(model: Model) -> dict[int, list[Op]]:
    found: dict[int, list[Op]] = {}
    for op in model.ops:
        found.setdefault(op.opcode_index, []).append(op)
    return found


def _is_news(code: OperatorCode) -> bool:
    first = minimum_runtime(code.name, code.version).tflite
    if first is None:
        return minimum_runtime(code.name, code.version).litert is not None
    return tuple(map(int, first.lstrip("<=").split(".")))[:2] > WIDESPREAD


def _needs(code: OperatorCode) -> str:
    found = minimum_runtime(code.name, code.version)
    names = [f"{family} {first}" for family, first in (("TFLite", found.tflite), ("LiteRT", found.litert)) if first]
    return " or ".join(names) or "a runtime newer than any that was measured"


def _remedy(code: OperatorCode) -> str:
    fact = _facts().get(code.name, {}).get(str(code.version))
    return f", because of {fact['why']}: {fact['how']}" if fact else ""


@lru_cache(maxsize=1)
def _facts() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return found
