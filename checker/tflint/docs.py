"""What people read of a rule, derived from the rule: its page, its object, its line and row among many."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tflint.config.options import kinds_of
from tflint.registry import CORE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tflint.rule import Rule

_FIXES = {
    "safe": "`tflint fix` mends it, outputs stay bit-identical",
    "unsafe": "`tflint fix --unsafe-fixes` mends it",
    "manual": "`tflint fix` mends it when told how",
}


def page(rule: Rule, pack: str = CORE) -> str:
    """A rule's page in Markdown."""
    parts = [f"# {rule.name} ({rule.code})", f"*{', '.join(_facts(rule, pack))}*", rule.doc]
    if rule.options:
        parts += ["## Options", *_options(rule)]
    for example in rule.examples:
        against = f" on `{example.target}`" if example.target else ""
        bad, good = (f"```tflint\n{sketch}\n```" for sketch in (example.bad, example.good))
        parts += [f"## Example{against}", bad, "Use instead:", good]
    return "\n\n".join(parts) + "\n"


def index(rules: Mapping[Rule, str], link: str = "{code}.md") -> str:
    """A table of rules for each family; the values are the rules' packs, `link` is where their pages are."""
    families: dict[str, list[Rule]] = {}
    for rule in rules:
        families.setdefault(f"{rule.code[:-2]}xx", []).append(rule)
    parts = ["# Rules"]
    for prefix, members in families.items():
        topics = dict.fromkeys(_topic(rule) for rule in members if rules[rule] == CORE)
        packs = dict.fromkeys(rules[rule] for rule in members)
        rows = (
            f"| [{rule.code}]({link.format(code=rule.code)}) | {rule.name} | {rule.severity.value} "
            f"| {', '.join(_needs(rule))} | {_cell(rule.summary)} |"
            for rule in members
        )
        parts += [
            f"## {prefix}: {', '.join(topics or packs)}",
            "| code | name | severity | note | what it finds |\n|---|---|---|---|---|\n" + "\n".join(rows),
        ]
    return "\n\n".join(parts) + "\n"


def rule_object(rule: Rule, pack: str = CORE) -> dict[str, Any]:
    """A rule as JSON."""
    return {
        "code": rule.code,
        "name": rule.name,
        "pack": pack,
        "severity": rule.severity.value,
        "status": rule.status,
        "since": rule.since,
        "reads": rule.reads,
        "fix": rule.fix,
        "mandatory": rule.mandatory,
        "summary": rule.summary,
        "message": rule.message,
        "doc": rule.doc,
        "options": _defaults(rule),
        "examples": [{"bad": e.bad, "good": e.good, "target": e.target} for e in rule.examples],
    }


def line(rule: Rule, pack: str = CORE) -> str:
    """A rule in a line of text."""
    notes = [rule.severity.value, *_needs(rule), *([] if pack == CORE else [f"pack {pack}"])]
    return f"{rule.code} {rule.name} ({', '.join(notes)}): {rule.summary}"


def _facts(rule: Rule, pack: str) -> Iterable[str]:
    yield rule.severity.value
    yield f"since {rule.since}" if pack == CORE else f"since {rule.since} of pack {pack}"
    if rule.status == "preview":
        yield "preview: runs under `--preview` or when selected by its code"
    if rule.reads == "weights":
        yield "reads weights: runs under `--deep`"
    if rule.fix:
        yield _FIXES[rule.fix]
    if rule.mandatory:
        yield "mandatory: no configuration, suppression or baseline silences its errors"


def _needs(rule: Rule) -> list[str]:
    facts = {
        "preview": rule.status == "preview",
        "--deep": rule.reads == "weights",
        "mandatory": rule.mandatory,
        "fix": rule.fix,
    }
    return [word for word, so in facts.items() if so]


def _options(rule: Rule) -> Iterable[str]:
    """Each option with its kind and default, and the table that sets them."""
    defaults = _defaults(rule)
    yield "\n".join(
        f"- `{name}`: {kind.words}, `{json.dumps(defaults[name])}` unless set"
        for name, kind in kinds_of(rule.options).items()
    )
    values = "\n".join(f"{name} = {json.dumps(value)}" for name, value in defaults.items())
    yield f"```toml\n[tool.tflint.rules.{rule.code}]\n{values}\n```"


def _topic(rule: Rule) -> str:
    """What a family is about: its folder's name."""
    return str(rule.check.__module__).split(".")[-2].replace("_", " ")


def _defaults(rule: Rule) -> dict[str, Any]:
    """Options as configurations write them."""
    return dict(zip(kinds_of(rule.options), rule.options.values(), strict=True))


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
