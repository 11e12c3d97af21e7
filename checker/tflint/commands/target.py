"""`tflint target`: the runtimes that tflint knows, what each can load, and a probe for those it does not know."""

from __future__ import annotations

from enum import Enum
from pathlib import Path  # noqa: TC003 - typer reads it at run time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tflint.errors import TflintError, warn
from tflint.registry import CORE
from tflint.report.escape import plain
from tflint.report.json import dumped
from tflint.runtimes.profile import ACCELERATORS, FLAGS, RuntimeProfile, resolve, target_ids

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from rich.console import RenderableType

    from tflint.runtimes.accelerator import Accelerator

app = typer.Typer(no_args_is_help=True, help="What runtimes can load: list, show, diff, probe.")

SUFFIXES = "+flex (tflite), +no-xnnpack, +compiled (litert)"
PLAIN = ("family", "max_builtin_code", "opcode_field", "constant_size", "int4", "batch")
SETS = ("tensor_types", "xnnpack_custom_ops", "dtypes", "io_dtypes")
VERSIONED = ("kernels", "custom_ops")
UNBOUNDED = 0x7FFFFFFF


class OutputFormat(str, Enum):
    """How a command prints."""

    text = "text"
    json = "json"


Format = Annotated[OutputFormat, typer.Option("--output-format", help="Print a table, or JSON for programs.")]
Target = Annotated[str, typer.Argument(help="A target name, or a TOML profile.", show_default=False)]


@app.command("list")
def list_(output_format: Format = OutputFormat.text) -> None:
    """List the targets."""
    rows = [summary(resolve(target)) for target in (*target_ids(), *ACCELERATORS)] + list(_of_packs())
    if output_format is OutputFormat.json:
        typer.echo(dumped(rows), nl=False)
        return
    from rich.table import Table  # noqa: PLC0415 - imported to render only

    table = Table("target", "package", "ops", "last code", box=None, pad_edge=False)
    for row in rows:
        origin = row["package"] if row["pack"] == CORE else f"{row['package']}, pack {row['pack']}"
        table.add_row(row["id"], plain(origin), str(row["ops"]), str(row["max_builtin_code"]))
    _print(
        table,
        f"\nsuffixes: {SUFFIXES}; a TOML file is a target too",
        "accelerators are judged beside the newest CPU runtime: what they take of a model, and what stays on the CPU",
    )


@app.command()
def show(target: Target, output_format: Format = OutputFormat.text) -> None:
    """Show what a target can load."""
    facts = describe(resolve(target))
    if output_format is OutputFormat.json:
        typer.echo(dumped(facts), nl=False)
        return
    from rich.table import Table  # noqa: PLC0415 - imported to render only

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for key, value in facts.items():
        table.add_row(key.replace("_", " "), _text(value))
    _print(table)


@app.command()
def diff(old: Target, new: Target, output_format: Format = OutputFormat.text) -> None:
    """Show what NEW can load that OLD cannot, and the reverse."""
    changes = differences(resolve(old), resolve(new))
    if output_format is OutputFormat.json:
        typer.echo(dumped(changes), nl=False)
        return
    from rich.table import Table  # noqa: PLC0415 - imported to render only

    table = Table(box=None, pad_edge=False, show_header=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for key, value in changes.items():
        if value and key not in ("old", "new"):
            table.add_row(key.replace("_", " "), _text(value))
    _print(f"{changes['old']} → {changes['new']}", table if table.row_count else "no difference")


@app.command()
def probe(
    python: Annotated[Path, typer.Option("--python", help="Interpreter of the environment that holds the runtime.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="TOML profile to write.")],
) -> None:
    """Ask an installed runtime what it can load and write a TOML profile."""
    from tflint.runtimes.probe import ask, profile_toml, write_profile  # noqa: PLC0415 - starts processes

    answer = ask(python)
    write_profile(profile_toml(answer), output)
    counts = (
        f"{len(answer['kernels'])} ops up to code {answer['max_builtin_code']}, {len(answer['custom_ops'])} custom ops"
    )
    typer.echo(f"{output}: {answer['package']} {answer['version']} on Python {answer['python']}: {counts}")


def _of_packs() -> Iterator[dict[str, Any]]:
    """Rows of targets that other distributions bring; one that cannot be read is said on stderr and left out."""
    from tflint.runtimes.packs import pack_targets  # noqa: PLC0415 - the other commands need none of it

    for name, target in pack_targets().items():
        try:
            yield summary(resolve(name), target.pack)
        except TflintError as problem:  # noqa: PERF203 - one at a time, that one does not hide the others
            warn(f"target {name!r} of pack {target.pack!r} is left out: {problem.message}")


def summary(profile: RuntimeProfile, pack: str = CORE) -> dict[str, Any]:
    """One row of the list."""
    table = _table(profile).ops if profile.accelerator else profile.kernels
    return {
        "id": profile.id,
        "pack": pack,
        "family": profile.family,
        "release": list(profile.release),
        "package": profile.provenance.get("package", ""),
        "ops": len(table),
        "max_builtin_code": profile.max_builtin_code,
    }


def describe(profile: RuntimeProfile) -> dict[str, Any]:
    """Give a profile as JSON values, every collection sorted."""
    facts: dict[str, Any] = {"id": profile.id}
    if profile.accelerator:
        facts |= _accelerator(_table(profile))
    facts |= {"release": list(profile.release), "generation": list(profile.generation)}
    facts |= {key: getattr(profile, key) for key in (*PLAIN, *FLAGS)}
    for key in SETS:
        names = getattr(profile, key)
        facts[key] = None if names is None else sorted(names)
    facts["budgets"] = dict(profile.budgets)
    for key in VERSIONED:
        facts[key] = {name: list(versions) for name, versions in sorted(getattr(profile, key).items())}
    facts["provenance"] = dict(profile.provenance)
    return facts


def _table(profile: RuntimeProfile) -> Accelerator:
    from tflint.runtimes.accelerator import accelerator  # noqa: PLC0415 - start-up: each command imports this module

    return accelerator(profile.accelerator)


def _accelerator(table: Accelerator) -> dict[str, Any]:
    """Give what an accelerator takes; the other keys of a description are those of the CPU beside it."""
    ops = {name: f"version {op.min_version} to {op.max_version or 'any'}" for name, op in sorted(table.ops.items())}
    open_ = {*table.requirements, *(text for op in table.ops.values() for text in op.conditions)} - set(table.checks)
    return {
        "accelerator": table.name,
        "accelerator_partitions": table.partitions,
        "accelerator_ops": {name: "; ".join([ops[name], *table.ops[name].conditions]) for name in ops},
        "accelerator_custom_ops": sorted(table.custom_ops),
        "accelerator_requirements": list(table.requirements),
        "accelerator_not_evaluated": sorted(open_),
    }


def differences(old: RuntimeProfile, new: RuntimeProfile) -> dict[str, Any]:
    """Tell what changes from one profile to another."""
    changes: dict[str, Any] = {"old": old.id, "new": new.id}
    for key, label in (("kernels", "ops"), ("custom_ops", "custom_ops")):
        before, after = getattr(old, key), getattr(new, key)
        changes |= _sides(label, before, after)
        shared = sorted(before.keys() & after.keys())
        moved = {name: [list(before[name]), list(after[name])] for name in shared if before[name] != after[name]}
        changes[f"{label}_versions"] = moved
    for key in SETS:
        changes |= _sides(key, getattr(old, key) or (), getattr(new, key) or ())
    facts = {key: [getattr(old, key), getattr(new, key)] for key in (*PLAIN, *FLAGS)}
    changes["facts"] = {key: pair for key, pair in facts.items() if pair[0] != pair[1]}
    budgets = {key: [old.budgets.get(key), new.budgets.get(key)] for key in sorted({*old.budgets, *new.budgets})}
    changes["budgets"] = {key: pair for key, pair in budgets.items() if pair[0] != pair[1]}
    return changes


def _sides(label: str, before: Iterable[str], after: Iterable[str]) -> dict[str, list[str]]:
    return {
        f"{label}_gained": sorted(set(after) - set(before)),
        f"{label}_lost": sorted(set(before) - set(after)),
    }


def _text(value: object) -> str:
    """Put a value of `describe` or `differences` in words."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return _mapping_text(value)
    if isinstance(value, list):
        return ", ".join(map(str, value)) if not _is_release(value) else ".".join(map(str, value))
    return str(value)


def _mapping_text(value: Mapping[str, object]) -> str:
    entries = []
    compact = all(_is_release(item) for item in value.values() if isinstance(item, list))
    for name, item in value.items():
        if not isinstance(item, list):
            entries.append(f"{name}: {item}")
        elif item and isinstance(item[0], list):
            entries.append(f"{name} {_versions(item[0])} → {_versions(item[1])}")
        elif _is_release(item):
            entries.append(f"{name} {_versions(item)}".rstrip())
        else:
            entries.append(f"{name}: {_text(item[0])} → {_text(item[1])}")
    return (", " if compact and len(entries) > 8 else "\n").join(entries)


def _versions(span: list[int]) -> str:
    low, high = span
    if high == UNBOUNDED:
        return ""
    return f"v{low}" if low == high else f"v{low}-{high}"


def _is_release(value: list[Any]) -> bool:
    return bool(value) and all(isinstance(item, int) and not isinstance(item, bool) for item in value)


def _print(*parts: RenderableType) -> None:
    from rich.console import Console  # noqa: PLC0415 - imported to render only

    console = Console(highlight=False)
    for part in parts:
        console.print(part, markup=False) if isinstance(part, str) else console.print(part)
