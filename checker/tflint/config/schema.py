"""The JSON Schema of a configuration, of the same keys and kinds that read it, and of the rules that there are.

Draft 7, as SchemaStore and the editors' TOML extensions have it; a date of TOML is text with `format: date` to them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.config.explain import as_json, key_object
from tflint.config.kinds import described
from tflint.config.options import kinds_of
from tflint.config.settings import KEYS
from tflint.registry import loaded
from tflint.select import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tflint.registry import Entry
    from tflint.rule import Rule

DRAFT = "http://json-schema.org/draft-07/schema#"
ID = "https://json.schemastore.org/tflite-lint.json"


def schema(catalogue: Mapping[str, Entry]) -> dict[str, Any]:
    """The schema of `tflint.toml`, and of the table `[tool.tflint]` of a pyproject.toml."""
    rules = sorted(loaded(catalogue.values()), key=lambda rule: rule.code)
    properties = {}
    for key, field in KEYS.items():
        facts = key_object(key)
        default = {} if facts["default"] is None else {"default": facts["default"]}
        properties[key] = described(field.metadata["kind"].schema(), facts["doc"], **default)
    return {
        "$schema": DRAFT,
        "$id": ID,
        "title": "tflint, the linter for .tflite models",
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
        "definitions": {"selector": _selectors(rules), "options": _options(rules)},
    }


def _selectors(rules: Iterable[Rule]) -> dict[str, Any]:
    """Codes, their prefixes, names and ALL."""
    prefixes = dict.fromkeys(rule.code[:length] for rule in rules for length in range(1, len(rule.code) + 1))
    names = [rule.name for rule in rules]
    return {
        "description": "A rule's code or name, a prefix of codes, or ALL.",
        "enum": [ALL, *sorted(prefixes), *names],
    }


def _options(rules: Iterable[Rule]) -> dict[str, Any]:
    """A table for each rule that has options, by code and by name."""
    tables: dict[str, Any] = {}
    for rule in rules:
        if rule.options:
            options = {
                name: {"default": as_json(default), **kind.schema()}
                for (name, kind), default in zip(kinds_of(rule.options).items(), rule.options.values(), strict=True)
            }
            table = {
                "description": rule.summary,
                "type": "object",
                "additionalProperties": False,
                "properties": options,
            }
            tables |= {rule.code: table, rule.name: {"$ref": f"#/definitions/options/properties/{rule.code}"}}
    return {"type": "object", "additionalProperties": False, "properties": tables}
