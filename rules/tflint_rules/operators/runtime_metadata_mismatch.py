"""TFL203: `min_runtime_version` against the measured kernel tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tflint.api import Model, Severity, hit, minimum_runtime, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, OperatorCode

NAME = "min_runtime_version"
OLDEST = (2, 3, 0)  # the oldest runtime that can be a target: who asks for less gets the same models

BAD = """
x: float32[1,8,8,2]
w: int4[4,3,3,2] q=[0.1,0.1,0.1,0.1]+[0,0,0,0]@0 = const
b: float32[4] = const
y: float32[1,6,6,4] = CONV_2D.v7(x, w, b) stride_h=1 stride_w=1
metadata min_runtime_version = "2.11.0" 16
"""
GOOD = BAD.replace("2.11.0", "2.12.0")


@rule(
    "TFL203",
    "runtime-metadata-mismatch",
    Severity.WARNING,
    since="0.1.0",
    fix="safe",
    group=("have",),
    message="min_runtime_version is {have}; {op} version {version} runs from TFLite {need} on",
    examples=[(BAD, GOOD)],
)
def runtime_metadata_mismatch(model: Model) -> Iterator[Hit]:
    """The model's `min_runtime_version` is missing, or older than the first runtime that has all its operators.

    ## Why is this bad?
    Apps and tools read this metadata to decide whether they may load a model: too low a version lets it through to a
    runtime that refuses it at load, and some tools refuse a model without one (openmv/openmv#2626). TFLite's own
    table, from which converters take the value, names too early a release for 32 pairs of op and version: CONV_2D
    version 7 is said to run in 2.11 and is refused there.

    ## What to do
    Let `tflint fix` write it, or convert with a current converter.

    By hand, write the version that the message names into the metadata `min_runtime_version` (16 bytes, padded
    with NUL).

    ## Exceptions
    A missing or empty value is info: no interpreter looks at it. A value that is higher than needed is no finding, and
    neither is one that is too low below TF 2.3, where many models of 2019 and 2020 say 1.5.0 and nobody looks.
    Releases before TF 1.11 were not measured: a report then says 1.11.0, and the value to write is TFLite's own.

    ## References
    LiteRT tflite/converter/tools/versioning/runtime_version.cc, TFLite's table; and measured on wheels, see
    docs/verdicts.md: the first release that takes the pair.
    """
    need, code = max(map(_need, model.operator_codes), default=((), 0))
    if not need:
        return
    at = next((entry for entry in model.metadata if entry.name == NAME), model)
    raw = model.metadata_bytes(NAME, 64)
    text = (raw or b"").partition(b"\0")[0].decode("utf-8", "backslashreplace")
    opcode = model.operator_codes[-code]
    data: dict[str, Any] = {"op": opcode.name, "version": opcode.version, "need": ".".join(map(str, need))}
    severity = None
    if not text:
        severity, have = Severity.INFO, "missing" if raw is None else "empty"
    elif not re.fullmatch(r"\d{1,4}(\.\d{1,4}){1,3}", text):
        have = "no version number"
    elif tuple(map(int, text.split("."))) < need and need > OLDEST:
        have = text
    else:
        return
    from tflint.api import SetMinRuntimeVersion  # noqa: PLC0415 - only where there is something to mend

    yield hit(at, severity=severity, fix=(SetMinRuntimeVersion(data["need"]),), have=have, **data)


def _need(code: OperatorCode) -> tuple[tuple[int, ...], int]:
    """First TFLite release of an operator code, and minus its index: the first code wins among equals.

    Releases before 1.11 were not measured and LiteRT's own versions are no TFLite releases: there the claim stands.
    """
    found = minimum_runtime(code.name, code.version)
    measured = found.tflite if found.tflite and not found.tflite.startswith("<") else found.claimed
    return (tuple(map(int, measured.split("."))) if measured else ()), -code.index
