"""The pages of the documentation site that are made from rules, tables and tflint.api: a hook of mkdocs (mkdocs.yml).

They are made when the site is built, so they cannot be stale. Every page is a function of what tflint itself knows.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File

from tflint import docs
from tflint.commands.target import SUFFIXES, UNBOUNDED, describe, differences, summary
from tflint.registry import CORE, catalogue
from tflint.runtimes.accelerator import accelerator
from tflint.runtimes.profile import ACCELERATORS, FAMILIES, FLAGS, resolve, target_ids

sys.path.insert(0, str(Path(__file__).parent))  # mkdocs loads a hook by its path

import api_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tflint.rule import Rule
    from tflint.runtimes.accelerator import Accelerator
    from tflint.runtimes.profile import RuntimeProfile

CASES = Path(__file__).parent.parent / "tests" / "rules"
FAMILY_NAMES = {
    "tflite": "TensorFlow Lite",
    "tflite-runtime": "tflite-runtime",
    "litert": "LiteRT",
    "tflm": "TFLite Micro",
    "mediapipe": "MediaPipe Tasks",
    "mlkit": "ML Kit",
}

LIST = """# Targets

A target is a runtime whose tables were measured from its binary; [what runs where](ops.md) has all of them side by
side. An accelerator (a delegate, an NPU) is a target too: it is judged beside a CPU runtime, by a table that was read
from sources and documents. Suffixes: {suffixes}. A family's name is its newest release, a part of a release its oldest,
and a TOML file or a [pack](../packs.md) brings your own.

| target | package | ops | last code |
|---|---|---|---|
{rows}
"""
MATRIX = """---
hide: [navigation, toc]
---
# What runs where

The newest version of each builtin operator that a release takes, marked where it is news; empty where it has no kernel.
Versions start at 1 (BROADCAST_TO: at 2). A release that is not in the table has the operators of the one before it, and
tflite-runtime those of TensorFlow Lite. That a version is taken is not all: `tflint check` judges shapes, types and
constants too.

<div class="matrix"><table>
<thead><tr><th></th>{spans}</tr>
<tr><th>operator</th>{heads}</tr></thead>
<tbody>{rows}</tbody>
</table></div>
"""


def on_config(config: Any) -> Any:
    """Put the made pages in the navigation."""
    made = {"rules": _rule_nav(), "targets": _target_nav()}
    config.nav = [
        {title: made.get(value, value) if isinstance(value, str) else value}
        for entry in config.nav
        for title, value in entry.items()
    ]
    return config


def on_files(files: Any, config: Any) -> Any:
    """Add the made pages to the site."""
    imports = {"api.md": api_page.rules_page(), "python-reference.md": api_page.python_page()}
    for path, text in {**rule_pages(), **target_pages(), **imports}.items():
        files.append(File.generated(config, path, content=text))
    return files


def rules() -> list[Rule]:
    """The rules that come with tflint."""
    return [entry.load() for entry in catalogue().values() if entry.pack == CORE]


def rule_pages() -> dict[str, str]:
    """Path -> text: the index and a page a rule, with the cases that its tests hold it to."""
    pages = {"rules/index.md": docs.index(dict.fromkeys(rules(), CORE))}
    for rule in rules():
        text = docs.page(rule)
        cases = CASES / f"{rule.code}.md"
        if cases.exists():
            _title, _, body = cases.read_text(encoding="utf-8").partition("\n")
            text += (
                f"\n## Cases\n\nA line that is flagged ends in `# {rule.code}`; the tests hold the rule to it.\n{body}"
            )
        pages[f"rules/{rule.code}.md"] = text
    return pages


def target_pages() -> dict[str, str]:
    """Path -> text: the list, what runs where, and a page a target."""
    pages = {"targets/index.md": _target_index(), "targets/ops.md": _matrix()}
    for family in FAMILIES:
        profiles = _of_family(family)
        for before, profile in pairwise((None, *profiles)):
            assert profile is not None  # noqa: S101 - for the type checker: only the first of all is None
            pages[f"targets/{profile.id}.md"] = _target_page(profile, before)
    return pages | {f"targets/{name}.md": _accelerator_page(accelerator(name)) for name in ACCELERATORS}


def _rule_nav() -> list[Any]:
    families: dict[str, list[str]] = {}
    for rule in rules():
        families.setdefault(f"{rule.code[:-2]}xx", []).append(f"rules/{rule.code}.md")
    return ["rules/index.md", *({family: pages} for family, pages in families.items())]


def _target_nav() -> list[Any]:
    families = {FAMILY_NAMES[family]: [f"targets/{p.id}.md" for p in _of_family(family)] for family in FAMILIES}
    families["Accelerators"] = [f"targets/{name}.md" for name in ACCELERATORS]
    return ["targets/index.md", "targets/ops.md", *({family: pages} for family, pages in families.items())]


def _of_family(family: str) -> list[RuntimeProfile]:
    return [profile for profile in map(resolve, target_ids()) if profile.family == family]


def _target_index() -> str:
    rows = (
        f"| [{row['id']}]({row['id']}.md) | {row['package']} | {row['ops']} | {row['max_builtin_code']} |"
        for row in map(summary, map(resolve, (*target_ids(), *ACCELERATORS)))
    )
    return LIST.format(suffixes=SUFFIXES, rows="\n".join(rows))


def _columns() -> Iterator[tuple[str, str, RuntimeProfile]]:
    """(family, label, profile) of each release whose ops differ from the one before it."""
    for family in FAMILIES:
        if family in ("tflite-runtime", "mlkit"):
            continue  # the same kernels as tflite's release of the same number; not measured
        before: Mapping[str, Any] | None = None
        for profile in _of_family(family):
            if profile.kernels != before:
                yield family, ".".join(map(str, profile.release)) if any(profile.release) else "all", profile
            before = profile.kernels


def _matrix() -> str:
    """Ops by releases: the newest version that each takes, marked where it is news."""
    columns = list(_columns())
    ops = sorted({op for _, _, profile in columns for op in profile.kernels})
    spans = "".join(
        f'<th colspan="{sum(f == family for f, _, _ in columns)}">{FAMILY_NAMES[family]}</th>'
        for family in dict.fromkeys(family for family, _, _ in columns)
    )
    heads = "".join(f'<th><a href="../{p.id}/">{label}</a></th>' for _, label, p in columns)
    rows = "\n".join(f"<tr><th>{op}</th>{''.join(_cells(op, columns))}</tr>" for op in ops)
    return MATRIX.format(spans=spans, heads=heads, rows=rows)


def _cells(op: str, columns: Iterable[tuple[str, str, RuntimeProfile]]) -> Iterator[str]:
    family_before, before = "", 0
    for family, _, profile in columns:
        newest = profile.kernels.get(op, (0, 0))[1]
        news = family == family_before and newest != before
        yield f"<td{' class=news' if news else ''}>{_version(newest)}</td>"
        family_before, before = family, newest


def _version(newest: int) -> str:
    return "✓" if newest == UNBOUNDED else str(newest or "")


def _target_page(profile: RuntimeProfile, before: RuntimeProfile | None) -> str:
    """What a target takes, what it is known from, and what its release changed."""
    facts = describe(profile)
    kernels, custom, provenance = facts.pop("kernels"), facts.pop("custom_ops"), facts.pop("provenance")
    flags = {so: [key.replace("_", " ") for key in FLAGS if facts[key] is so] for so in (True, False)}
    facts = {key: value for key, value in facts.items() if key not in ("id", *FLAGS)}
    parts = [f"# {profile.id}", _table({**facts, "has": flags[True], "has not": flags[False]})]
    if before is not None:
        changes = {k: v for k, v in differences(before, profile).items() if v and k not in ("old", "new")}
        parts += [
            f"## Since [{before.id}]({before.id}.md)",
            _table(changes) if changes else "No difference that a model could tell.",
        ]
    parts += ["## Operators", _spans(kernels), "## Custom operators", _spans(custom) if custom else "None."]
    parts += ["## Where this is known from", _table(provenance)]
    return "\n\n".join(parts) + "\n"


def _accelerator_page(table: Accelerator) -> str:
    """What a delegate or NPU takes, under which conditions, and which of these tflint evaluates."""
    said = (*table.requirements, *(text for op in table.ops.values() for text in op.conditions))
    unsaid = [f"- {text}" for text in dict.fromkeys(said) if text not in table.checks]
    rows = (
        f"| `{name}` | {op.min_version} to {op.max_version or 'any'} | {_text('; '.join(op.conditions))} |"
        for name, op in sorted(table.ops.items())
    )
    parts = [
        f"# {table.name}",
        f"What it does not take runs on the CPU, judged as [{table.base}]({table.base}.md).",
        "## Every operator",
        "\n".join(f"- {text}" for text in table.requirements) or "No conditions but those of its kernels.",
        "## Operators",
        "| operator | versions | conditions |\n|---|---|---|\n" + "\n".join(rows),
        "## Not evaluated",
        "\n".join(unsaid) or "Nothing.",
        "## Where this is known from",
        "\n".join(f"- {_text(text)}" for text in table.source),
    ]
    return "\n\n".join(parts) + "\n"


def _table(facts: Mapping[str, Any]) -> str:
    rows = (
        f"| {key.replace('_', ' ')} | {_text(value)} |" for key, value in facts.items() if value not in (None, [], {})
    )
    return "| fact | value |\n|---|---|\n" + "\n".join(rows)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_pair(item)}" for name, item in value.items())
    if isinstance(value, list):
        return (".", ", ")[isinstance(value[0], str)].join(map(str, value))
    return str(value).replace("|", r"\|")


def _pair(item: object) -> str:
    """Before → after, of versions or facts."""
    if not isinstance(item, list):
        return str(item)
    before, after = (each[1] if isinstance(each, list) else _text(each) for each in item)
    return f"{before} → {after}"


def _spans(ops: Mapping[str, list[int]]) -> str:
    """Ops with their versions, as running text."""
    words = (
        f"`{op}`" + ("" if high == UNBOUNDED else f" {low}" if low == high else f" {low} to {high}")
        for op, (low, high) in ops.items()
    )
    return ", ".join(words) + "."
