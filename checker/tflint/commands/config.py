"""`tflint config`: what keys mean, which values hold, why a rule runs, and the JSON Schema."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.config.explain import key_object, page, rule_object, values
from tflint.config.hierarchy import Hierarchy
from tflint.config.load import shown
from tflint.config.settings import KEYS
from tflint.errors import TflintError, one_of
from tflint.registry import catalogue
from tflint.report.escape import plain
from tflint.report.json import dumped
from tflint.select import codes_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint.config.settings import Settings

FORMATS = ("text", "json")


def config_command(
    what: Sequence[str], *, explain: bool, schema: bool, options: Sequence[str], isolated: bool, output_format: str
) -> None:
    """Print it. Raises TflintError for an unknown key or rule, and for whatever is wrong with a configuration."""
    one_of(output_format, "--output-format", FORMATS)
    if schema:
        from tflint.config.schema import schema as made  # noqa: PLC0415 - imports every rule

        sys.stdout.write(dumped(made(catalogue())))
    elif explain:
        _explain(what, Hierarchy(options, isolated=isolated), output_format)
    elif output_format == "json":
        sys.stdout.write(dumped([key_object(key) for key in what or KEYS]))
    elif what:
        _print(page(key) for key in what)
    else:
        width = max(map(len, KEYS))
        _print(f"{key:{width}}  {field.metadata['doc'].partition('. ')[0].rstrip('.')}" for key, field in KEYS.items())


def _explain(what: Sequence[str], hierarchy: Hierarchy, output_format: str) -> None:
    """The values that hold for a model (or here), or why rules run on it."""
    rules = catalogue()
    paths = [text for text in what if os.path.lexists(text) or text.endswith(".tflite")]
    if len(paths) > 1:
        raise TflintError(f"--explain takes one path, not {len(paths)}: {', '.join(paths)}")
    codes = [code for text in what if text not in paths for code in codes_of(rules, text, "--explain")]
    path = os.path.abspath(paths[0]) if paths else None  # noqa: PTH100 - keeps symlinks, as a check does
    settings = hierarchy.folder(path or hierarchy.here) if path is None or Path(path).is_dir() else hierarchy.of(path)
    if codes:
        decisions = [rule_object(rules[code], settings, rules, path) for code in codes]
        sys.stdout.write(dumped(decisions)) if output_format == "json" else _print(map(_decision, decisions))
        return
    held = list(values(settings))
    if output_format == "json":
        rows = [{"key": key, "value": value, "origin": origin} for key, value, origin in held]
        sys.stdout.write(dumped({"source": settings.source or None, "values": rows}))
    else:
        _print([_source(settings), *(f"{key} = {json.dumps(value)}  # {origin}" for key, value, origin in held)])


def _source(settings: Settings) -> str:
    return f"# governed by {shown(settings.source) if settings.source else 'no file'}"


def _decision(facts: dict[str, Any]) -> str:
    lines = [f"{facts['code']} {facts['name']} {'runs' if facts['runs'] else 'does not run'}: {facts['why']}"]
    if facts["severity"]:
        lines.append(f"  severity {facts['severity']}")
    lines += [f"  suppressed by {reason}" for reason in facts["suppressed"]]
    return "\n".join(lines)


def _print(parts: Iterable[str]) -> None:
    """Lines, without what would command a terminal: names come from files."""
    sys.stdout.write("".join(f"{plain(line)}\n" for part in parts for line in part.split("\n")))
