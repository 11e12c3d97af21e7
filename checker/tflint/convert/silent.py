"""What a conversion does wrong without an error: random weights, and a quantization that did not happen."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tflint.open import open_model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.convert.attempt import Attempt

WARNING = re.compile(r"^Some (?:weights|layers)[^\n]* newly initialized:? ?(?P<names>\[[^\]\n]*\])?", re.MULTILINE)
NAMED = 5  # weights, of many
SMALL = frozenset(("int4", "int8", "uint8", "int16", "float16", "bfloat16"))  # what quantization makes of float32


def silently(attempt: Attempt) -> dict[str, str]:
    """Word of failures.json -> what it is about, for an attempt that made a model."""
    found = {}
    about = attempt.answer.get("about") or {}
    missing = about.get("missing")
    warning = WARNING.search(attempt.ended.said)
    if missing:
        found["weights"] = _some(missing)
    elif warning and not {"missing", "mapped"} & set(about):  # whoever counted them knows better, or filled them later
        found["warned"] = _some(re.findall(r"[^'\", \[\]]+", warning["names"] or "")) or "which ones is not said"
    if attempt.recipe.settings.get("optimizations") and not _quantized(attempt):
        found["float"] = ""
    return found


def _some(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more


def _quantized(attempt: Attempt) -> bool:
    """Whether anything of the model is of fewer bits than the float weights of its source."""
    assert attempt.file is not None  # noqa: S101 - the caller's condition
    graphs = open_model(attempt.file).subgraphs
    return any(tensor.dtype in SMALL for graph in graphs for tensor in graph.tensors)
