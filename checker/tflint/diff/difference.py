"""Two models to one JSON-able object that says what changed, what callers feel of it, and which runtimes."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tflint.contract.compare import compare
from tflint.contract.interface import interface_of
from tflint.inspection import inspect_model
from tflint.model.conversion import NAME as CONVERSION
from tflint.runtimes.profile import resolve, target_ids
from tflint.runtimes.verdict import Verdict, judge
from tflint.sketch.show import nameless, show

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.engine import Plan
    from tflint.findings import Finding
    from tflint.model.view import Model

SCHEMA_VERSION = 1
OPS_KEPT = 200  # of each side
DIGEST = 16  # bytes
_QUOTED = re.compile("'[^']*'")
LOADS = ("supported", "partial")
SIZES = ("size", "constant_bytes", "arena", "operators", "tensors", "subgraphs")


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two files: a model, nothing (added, removed), or what is no model and why."""

    path: str
    model: Model | None = None
    problem: str = ""


def difference(old: Side, new: Side, plan: Plan, targets: tuple[str, ...] = ()) -> dict[str, Any]:
    """All that changed. `plan` says which rules to run on both; verdicts are those of `targets`, all known without."""
    report: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "old": {"path": old.path, "problem": old.problem or None},
        "new": {"path": new.path, "problem": new.problem or None},
    }
    if old.problem or new.problem:
        return {**report, "status": "not compared", "breaking": False}
    before, after = (_facts(side, targets) for side in (old, new))
    report["sizes"] = {key: [_size(before, key), _size(after, key)] for key in SIZES}
    if old.model is None or new.model is None:
        status = "removed" if old.model else "added" if new.model else "identical"
        return {**report, "status": status, "breaking": status == "removed", **_whole(after or before)}
    parts: dict[str, Any] = {
        "interface": [_change(change) for change in compare(interface_of(old.model), interface_of(new.model))],
        "operators": _operators(before["ops"], after["ops"]),
        "graph": _graph(old.model, new.model),
        "constants": _constants(old.model, new.model),
        "quantization": _pair(before["quantization"], after["quantization"]),
        "runtimes": _runtimes(old.model, new.model, targets),
        "minimum_runtimes": _pair(before["minimum_runtimes"], after["minimum_runtimes"]),
        "metadata": _metadata(old.model, new.model, before, after),
        "conversion": _fields(before["conversion"] or {}, after["conversion"] or {}),
        "findings": _findings(old, new, plan),
    }
    same = before["size"] == after["size"] and not any(_says(*part) for part in parts.items())
    breaking = any(row["lost"] for row in parts["runtimes"]) or any(row["breaking"] for row in parts["interface"])
    return {**report, "status": "identical" if same else "changed", "breaking": breaking, **parts}


def _facts(side: Side, targets: tuple[str, ...]) -> dict[str, Any]:
    """What `inspect` says; its verdicts are not wanted, so that one target will do."""
    return inspect_model(side.model, side.path, (targets or tuple(target_ids()))[-1:]) if side.model else {}


def _says(part: str, value: Any) -> bool:
    """Something changed, in one part of the report."""
    if part == "graph":
        return not value["same_text"] or bool(value["removed"] or value["added"])
    if part == "constants":
        return bool(value["removed"] or value["added"])
    return any(value.values()) if isinstance(value, dict) else bool(value)


def _size(facts: Mapping[str, Any], key: str) -> int | None:
    value = facts.get(key)
    if key == "arena" and isinstance(value, dict):
        value = value["peak"]
    return len(value) if isinstance(value, list) else value


def _whole(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of a model that stands alone: its entry points and what it needs."""
    if not facts:
        return {}
    entries = facts["signatures"] or [{**facts["primary"], "key": None}]
    names = [
        {"key": e["key"], "inputs": [t["name"] for t in e["inputs"]], "outputs": [t["name"] for t in e["outputs"]]}
        for e in entries
    ]
    return {"signatures": names, "minimum_runtimes": facts["minimum_runtimes"]}


def _change(change: Any) -> dict[str, Any]:
    keys = ("kind", "breaking", "signature", "side", "name", "what", "old", "new")
    return {key: getattr(change, key) for key in keys}


def _operators(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Op types whose number or versions changed, by name."""
    sides = [_by_op(rows) for rows in (before, after)]
    notes = {row["op"]: row["note"] for row in (*before, *after)}
    custom = {row["op"] for row in (*before, *after) if row["custom"]}
    return [
        {"op": op, "custom": op in custom, "note": notes[op], "old": sides[0].get(op, {}), "new": sides[1].get(op, {})}
        for op in sorted(notes)
        if sides[0].get(op) != sides[1].get(op)
    ]


def _by_op(rows: list[dict[str, Any]]) -> dict[str, dict[str, int]]:
    """Op -> version, as JSON has keys -> count."""
    found: dict[str, dict[str, int]] = {}
    for row in sorted(rows, key=lambda row: row["version"]):
        found.setdefault(row["op"], {})[str(row["version"])] = row["count"]
    return found


def _graph(old: Model, new: Model) -> dict[str, Any]:
    """Operators that only one side has, with their options, dtypes and shapes; names change with every export.

    `same_text`: nor do the names and the wiring differ.
    """
    before, after = (Counter(map(nameless, model.ops)) for model in (old, new))
    gone, extra = list((before - after).elements()), list((after - before).elements())
    counts = {"removed": len(gone), "added": len(extra), "same_text": show(old) == show(new)}
    return {**counts, "old": gone[:OPS_KEPT], "new": extra[:OPS_KEPT]}


def _constants(old: Model, new: Model) -> dict[str, int]:
    """How many constants only one side has, by their bytes, whatever they are called: a diff does read weights."""
    before, after = (Counter(_digests(model)) for model in (old, new))
    return {"removed": (before - after).total(), "added": (after - before).total(), "same": (before & after).total()}


def _digests(model: Model) -> Iterator[tuple[int, bytes]]:
    from hashlib import blake2b  # noqa: PLC0415 - models are mostly hashed by nobody

    for buffer in {t.buffer_index: t.buffer for t in model.tensors if t.is_constant and t.buffer}.values():
        yield buffer.size, blake2b(buffer.read(buffer.size), digest_size=DIGEST).digest()


def _runtimes(old: Model, new: Model, targets: tuple[str, ...]) -> list[dict[str, Any]]:
    """Targets whose verdict changed, and the rules that explain the worse one."""
    rows = []
    for profile in map(resolve, targets or target_ids()):
        before, after = judge(old, profile), judge(new, profile)
        if before.value != after.value:
            lost, gained = _worse(before, after), _worse(after, before)
            reasons = list((before if gained else after).reasons)
            verdicts = {"old": before.value, "new": after.value, "lost": lost, "gained": gained}
            rows.append({"target": profile.id, **verdicts, "reasons": reasons})
    return rows


def _worse(before: Verdict, after: Verdict) -> bool:
    """It ran, and it no longer does, or not all of it. What nobody knows is no loss."""
    return (before.value in LOADS and after.value == "unsupported") or (
        before.value == "supported" and after.value == "partial"
    )


def _pair(before: Any, after: Any) -> dict[str, Any]:
    return {} if before == after else {"old": before, "new": after}


def _metadata(old: Model, new: Model, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Named metadata that came, went or holds other bytes; a description and a schema version among them."""
    rows = [{"name": key, **_pair(before[key], after[key])} for key in ("description", "schema")]
    sides = [{row["name"]: row for row in facts["metadata"]} for facts in (before, after)]
    for name in sorted({*sides[0], *sides[1]}):
        was, now = (_value(side.get(name)) for side in sides)
        if name == CONVERSION and was and now:
            continue  # its fields are told one by one
        if was is None or now is None or old.metadata_bytes(name) != new.metadata_bytes(name):
            rows.append({"name": name, "old": was, "new": f"{now}, other content" if was == now else now})
    return [row for row in rows if len(row) > 1]


def _value(row: Mapping[str, Any] | None) -> str | None:
    return None if row is None else row["value"] or f"{row['bytes']:,} bytes"


def _fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    names = sorted({*before, *after})
    return [
        {"name": name, "old": before.get(name), "new": after.get(name)}
        for name in names
        if before.get(name) != after.get(name)
    ]


def _findings(old: Side, new: Side, plan: Plan) -> dict[str, list[dict[str, Any]]]:
    """What the rules say of one side only; names change with every export and are no news."""
    from tflint.engine import check_model  # noqa: PLC0415 - a missing side has no findings

    found: list[dict[tuple[str, str], Finding]] = []
    for side in (old, new):
        findings = check_model(side.model, plan, side.path).findings if side.model else ()
        found.append({(f.rule.code, _QUOTED.sub("", f.message)): f for f in findings})
    return {
        "gained": [_finding(found[1][key]) for key in found[1] if key not in found[0]],
        "lost": [_finding(found[0][key]) for key in found[0] if key not in found[1]],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.rule.code,
        "name": finding.rule.name,
        "severity": finding.severity.value,
        "message": finding.message,
        "count": finding.count,
    }
