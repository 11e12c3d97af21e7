"""`tflint rule`: a rule's page, or all rules."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from tflint.config import level
from tflint.registry import catalogue
from tflint.select import codes_of

if TYPE_CHECKING:
    from tflint.rule import Rule

FORMATS = ("text", "json", "markdown")


def rule_command(code: str | None, *, every: bool, output_format: str) -> None:
    """Print it. Raises TflintError for an unknown rule."""
    level(output_format, "--output-format", FORMATS)
    known = catalogue()
    codes = list(known) if every else codes_of(known, code or "", "rule")
    rules = [known[c].load() for c in codes]
    if output_format == "json":
        sys.stdout.write(json.dumps([rule_object(rule) for rule in rules], indent=2) + "\n")
    elif output_format == "markdown":
        sys.stdout.write("\n\n".join(page(rule) for rule in rules))
    elif every or len(rules) > 1:
        sys.stdout.write("".join(f"{r.code} {r.name} ({r.severity.value}): {r.summary}\n" for r in rules))
    else:
        _print(rules[0])


def _print(rule: Rule) -> None:
    from rich.console import Console  # noqa: PLC0415 - 20 ms, for those who read pages
    from rich.markdown import Markdown  # noqa: PLC0415 - same

    Console(width=None if sys.stdout.isatty() else 100).print(Markdown(page(rule)))


def page(rule: Rule) -> str:
    """A rule's page in Markdown."""
    status = f"{rule.severity.value}, since {rule.since}" + (", preview" if rule.status == "preview" else "")
    parts = [f"# {rule.name} ({rule.code})", f"*{status}*", rule.doc]
    if rule.options:
        parts += [
            "## Options",
            *(f"- `{key.replace('_', '-')}` (default `{json.dumps(value)}`)" for key, value in rule.options.items()),
        ]
    for example in rule.examples:
        against = f" on `{example.target}`" if example.target else ""
        parts += [
            f"## Example{against}",
            f"```tflint\n{example.bad}\n```",
            "Use instead:",
            f"```tflint\n{example.good}\n```",
        ]
    return "\n\n".join(parts) + "\n"


def rule_object(rule: Rule) -> dict[str, Any]:
    """A rule as JSON."""
    return {
        "code": rule.code,
        "name": rule.name,
        "severity": rule.severity.value,
        "status": rule.status,
        "since": rule.since,
        "summary": rule.summary,
        "message": rule.message,
        "doc": rule.doc,
        "options": {key.replace("_", "-"): value for key, value in rule.options.items()},
        "examples": [{"bad": e.bad, "good": e.good, "target": e.target} for e in rule.examples],
    }
