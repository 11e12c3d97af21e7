"""The op tables of delegates and NPU compilers, one shape for all (part of generate_runtimes.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

CHECKS: dict[str, Any] = json.loads(Path(__file__).with_name("accelerator_checks.json").read_text(encoding="utf-8"))
# our target name -> name in profiles.json
NAMES = {
    "gpu": "gpu_delegate",
    "nnapi": "nnapi_delegate",
    "coreml": "coreml_delegate",
    "hexagon": "hexagon_delegate",
    "xnnpack": "xnnpack_delegate_default_cpu",
    "edgetpu": "edge_tpu",
}
ETHOS = {"ethos-u55": "U55_U65", "ethos-u85": "U85"}
COREML_VERSIONS = {"DEPTHWISE_CONV_2D": 2, "FULLY_CONNECTED": 6}  # all others 1: coreml_delegate.mm


def accelerators(profiles: dict[str, Any], texts: dict[str, Any]) -> dict[str, Any]:
    """Name -> {source, requirements, custom_ops, base, partitions, ..., checks, ops: {op: its limits}}."""
    raw = profiles["accelerators"]
    tables = {name: _table(name, raw[key]) for name, key in NAMES.items()}
    for name, key in ETHOS.items():
        part = raw["ethos_u"][key]
        tables[name] = {
            "source": [raw["ethos_u"]["source"]],
            "requirements": [_vela(text, texts) for text in part["generic"]],
            "custom_ops": [],
            "ops": {op: _entry([_vela(text, texts) for text in limits]) for op, limits in part["ops"].items()},
        }
    return {name: _explained(name, table) for name, table in tables.items()}


def _explained(name: str, table: dict[str, Any]) -> dict[str, Any]:
    """Put the meaning of its sentences into a table, as far as it has one, and shorter words for long ones."""
    facts = dict(CHECKS[name])
    known = CHECKS["ethos"] if name in ETHOS else facts.pop("checks")
    requirements = [*table["requirements"], *facts.pop("requirements", [])]
    said = [*requirements, *(text for op in table["ops"].values() for text in op.get("conditions", ()))]
    return {
        "source": table["source"],
        "requirements": list(map(_words, requirements)),
        "custom_ops": table["custom_ops"],
        **facts,
        "checks": {_words(text): known[text] for text in dict.fromkeys(said) if text in known},
        "ops": {op: _with_words(limits) for op, limits in table["ops"].items()},
    }


def _with_words(limits: dict[str, Any]) -> dict[str, Any]:
    return limits | ({"conditions": list(map(_words, limits["conditions"]))} if "conditions" in limits else {})


def _words(text: str) -> str:
    found: str = CHECKS["words"].get(text, text)
    return found


def _table(name: str, raw: dict[str, Any]) -> dict[str, Any]:
    given: dict[str, Any] | list[str] = raw["ops"] if "ops" in raw else raw["ops_dispatched"]
    ops = given if isinstance(given, dict) else dict.fromkeys(given)
    return {
        "source": raw["source"],
        "requirements": raw.get("generic", raw.get("requirements", [])),
        "custom_ops": raw.get("custom_ops", []),
        "ops": {op: _op(name, op, facts) for op, facts in ops.items()},
    }


def _op(name: str, op: str, facts: dict[str, Any] | str | None) -> dict[str, Any]:
    if name == "coreml":
        return _entry([], highest=COREML_VERSIONS.get(op, 1))
    if facts is None or isinstance(facts, str):  # Edge TPU: a condition or none
        return _entry([facts] if facts else [])
    if name == "hexagon":
        relation, number = facts["version"].split()
        return _entry([], lowest=int(number) if relation == "==" else 1, highest=int(number))
    conditions = [*facts.get("conditions", ()), *([f"only with {facts['only_if']}"] if "only_if" in facts else ())]
    if facts.get("min_android_sdk"):
        conditions.append(f"Android SDK {facts['min_android_sdk']} or later")
    return _entry(conditions, highest=facts["max_version"])


def _entry(conditions: list[str], lowest: int = 1, highest: int | None = None) -> dict[str, Any]:
    entry: dict[str, Any] = {}
    if lowest != 1:
        entry["min_version"] = lowest
    if highest is not None:
        entry["max_version"] = highest
    if conditions:
        entry["conditions"] = conditions
    return entry


def _vela(text: str, texts: dict[str, Any]) -> str:
    """Our words for Vela's: the longest known beginning decides."""
    known = [start for start in texts["vela"] if text.startswith(start)]
    found: str = texts["vela"][max(known, key=len)]
    return found
