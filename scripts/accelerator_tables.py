"""The op tables of delegates and NPU compilers, one shape for all (part of generate_runtimes.py)."""

from __future__ import annotations

from typing import Any

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
    """Name -> {source, requirements, custom_ops, ops: {op: {min_version, max_version, conditions}}}."""
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
    return tables


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
