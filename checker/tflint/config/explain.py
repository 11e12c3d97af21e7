"""What people read of the configuration: each key, each value and where it was set, each rule and why it runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tflint.config.kinds import List, Record, Table
from tflint.config.settings import KEYS, SUPPRESSION, Suppression
from tflint.errors import TflintError, nearest
from tflint.patterns import Glob
from tflint.select import Selection, per_file_ignores, severities

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.config.kinds import Kind
    from tflint.config.settings import Settings
    from tflint.registry import Entry

SCOPES = {False: "each model, from the configuration closest to it", True: "the run, from the one closest to you"}


def reference() -> str:
    """All keys in Markdown: the reference part of docs/configuration.md."""
    return "\n".join(page(key, heading="##") for key in KEYS)


def page(key: str, heading: str = "#") -> str:
    """A key in Markdown. Raises TflintError for an unknown one."""
    facts = key_object(key)
    default = "nothing" if facts["default"] in (None, [], {}) else f"`{json.dumps(facts['default'])}`"
    keys = "".join(f"- `{name}`: {doc}\n" for name, doc in facts["keys"].items())
    table = "" if facts["example"].startswith("[") else "[tool.tflint]\n"
    return (
        f"{heading} {key}\n\n{facts['doc']}\n\n{keys}{keys and chr(10)}"
        f"Kind: {facts['kind']}. Default: {default}. Holds for {SCOPES[facts['run']]}.\n\n"
        f"```toml\n{table}{facts['example']}\n```\n"
    )


def key_object(key: str) -> dict[str, Any]:
    """A key as JSON. Raises TflintError for an unknown one."""
    if key not in KEYS:
        raise TflintError(f"unknown key {key!r}{nearest(key, KEYS)}; `tflint config` lists them")
    field = KEYS[key]
    meta = field.metadata
    return {
        "key": key,
        "kind": meta["kind"].words,
        "keys": _docs(meta["kind"]),
        "default": {} if callable(field.default_factory) else as_json(field.default),
        "run": meta["run"],
        "adds": meta["adds"],
        "doc": meta["doc"],
        "example": meta["example"],
    }


def _docs(kind: Kind) -> Mapping[str, str]:
    """Keys of the tables that a kind is made of, each with its meaning."""
    if isinstance(kind, Record):
        return kind.docs
    inner = kind.item if isinstance(kind, List) else kind.values if isinstance(kind, Table) else None
    return _docs(inner) if inner else {}


def values(settings: Settings) -> Iterator[tuple[str, Any, str]]:
    """(key, value, where it was set) of each key; tables by their keys, lists that add up by their items."""
    for key, field in KEYS.items():
        value = getattr(settings, field.name)
        if isinstance(value, dict) and value:
            yield from _entries(settings, key, value)
        elif field.metadata["adds"] and value:
            for item in value:
                origin = item.origin if isinstance(item, Suppression) else settings.origin(key, item)
                yield key, [as_json(item)], origin.of(key)
        else:
            yield key, as_json(value), settings.origin(key).of(key)


def _entries(settings: Settings, path: str, table: Mapping[Any, Any]) -> Iterator[tuple[str, Any, str]]:
    for name, value in table.items():
        inner = f"{path}.{name}"
        if isinstance(value, dict):
            yield from _entries(settings, inner, value)
        else:
            yield inner, as_json(value), settings.origin(inner).of(inner)


def rule_object(entry: Entry, settings: Settings, catalogue: Mapping[str, Entry], path: str | None) -> dict[str, Any]:
    """Whether a rule runs and why, as JSON; `path`: the absolute path of the model that is asked about."""
    decision = Selection(catalogue, settings).of(entry)
    runs, why = decision.runs, decision.why
    if runs and entry.reads == "weights" and not settings.deep:
        runs, why = False, f"{why}, but it reads weights, which takes --deep ({settings.origin('deep').of('deep')})"
    levels, fixed = severities(catalogue, settings)
    level = levels.get(entry.code)
    note = ": raised, never lowered, as the rule is mandatory" if entry.code in fixed else ""
    ignores = per_file_ignores(catalogue, settings) if path is not None else ()
    reasons = [codes[entry.code] for glob, codes in ignores if entry.code in codes and glob.matches(str(path))]
    return {
        "code": entry.code,
        "name": entry.name,
        "runs": runs,
        "why": why,
        "severity": None if level is None else f"{level.value}{note}",
        "mandatory": entry.mandatory,
        "suppressed": [f"{reason}, errors excepted" for reason in reasons] if entry.mandatory else reasons,
    }


def as_json(value: Any) -> Any:
    """A value of Settings as JSON has it."""
    if isinstance(value, Glob):
        return str(value)
    if isinstance(value, Suppression):
        given = {key: getattr(value, key) for key in SUPPRESSION.keys}
        return {key: as_json(item) for key, item in given.items() if item is not None}
    if isinstance(value, dict):
        return {str(key): as_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [as_json(item) for item in value]
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
