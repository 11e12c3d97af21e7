"""Findings without a run that found them."""

from __future__ import annotations

from typing import Any

from tflint.findings import Finding, Severity
from tflint.model.path import WHOLE
from tflint.registry import catalogue


def finding(code: str, **given: Any) -> Finding:
    """One of a rule: a warning of m.tflite as a whole, but for what is given."""
    told: dict[str, Any] = {
        "file": "m.tflite",
        "place": WHOLE,
        "severity": Severity.WARNING,
        "message": "words",
        "data": {},
        "kind": "Model",
        "count": 1,
        "places": (WHOLE,),
        "related": (),
        "targets": (),
        "suppressed": None,
        "fix": (),
    }
    return Finding(rule=catalogue()[code].load(), **told | given)
