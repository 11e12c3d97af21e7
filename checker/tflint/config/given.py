"""Layers of settings that no file holds: the environment, `--config key=value` and flags."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from tflint.config.kinds import Table
from tflint.config.place import At, Origin
from tflint.config.settings import KEYS, TABLE
from tflint.errors import TflintError
from tflint.toml import parse_toml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tflint.config.load import Layer

ENVIRONMENT = "TFLITE_LINT_"


def environment_layers() -> Iterator[Layer]:
    """TFLITE_LINT_<KEY>, lists with commas; tables have no variable."""
    for key, field in KEYS.items():
        name = ENVIRONMENT + field.name.upper()
        if name in os.environ and _has_text(key):
            yield _layer(name, key, os.environ[name])


def option_layers(pairs: Iterable[str]) -> Iterator[Layer]:
    """`--config key=value`: a line of TOML, keys dotted."""
    for pair in pairs:
        table = parse_toml(pair, f"--config {pair}: neither a file nor TOML such as 'fail-on = \"error\"'")
        yield table_layer(table, "--config")


def table_layer(table: Mapping[str, Any], name: str) -> Layer:
    """Keys and values as TOML has them, said by `name`. Raises TflintError for what is no configuration."""
    origin = Origin(name)
    return origin, TABLE.parse(table, At(origin, os.getcwd()))


def flag_layers(flags: Mapping[str, Any]) -> Iterator[Layer]:
    """Flags by key; None: not given. A string is text as the environment has it."""
    for key, value in flags.items():
        if value is not None:
            yield _layer(f"--{key}", key, value)


def per_file_ignores(pairs: Iterable[str]) -> dict[str, list[str]]:
    """`--per-file-ignores GLOB:RULES`, as the table of that key. Raises TflintError for one of another form."""
    table: dict[str, list[str]] = {}
    for pair in pairs:
        glob, colon, rules = pair.rpartition(":")
        if not (colon and glob and rules):
            raise TflintError(f"--per-file-ignores {pair}: write GLOB:RULES, such as 'models/legacy/*:TFL5'")
        table.setdefault(glob, []).extend(rule.strip() for rule in rules.split(",") if rule.strip())
    return table


def rule_options(pairs: Iterable[str]) -> Iterator[Layer]:
    """`-x RULE.key=value`. Raises TflintError for one that is not of that form."""
    for pair in pairs:
        path, equals, text = pair.partition("=")
        rule, dot, key = path.partition(".")
        if not (equals and dot and key):
            raise TflintError(f"-x {pair}: write RULE.key=value, such as -x TFL108.max-outputs=12")
        yield Origin("-x"), {"rules": {rule: {key: option_value(text)}}}


def option_value(text: str) -> Any:
    """An option of a rule as written on the command line: a JSON scalar or list, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def _has_text(key: str) -> bool:
    return not isinstance(KEYS[key].metadata["kind"], Table) and key not in ("suppress", "extend", "required-version")


def _layer(name: str, key: str, value: Any) -> Layer:
    kind, at = KEYS[key].metadata["kind"], At(Origin(name), os.getcwd(), key=key)
    return at.origin, {KEYS[key].name: kind.text(value, at) if isinstance(value, str) else kind.parse(value, at)}
