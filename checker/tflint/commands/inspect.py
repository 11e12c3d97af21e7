"""`tflint inspect`: the facts of a model, as tables or as schema-versioned JSON."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from tflint.artifacts.artifact import redacted
from tflint.errors import one_of
from tflint.inspection import inspect_model
from tflint.open import open_model
from tflint.report.json import dumped

if TYPE_CHECKING:
    from rich.console import Console

FORMATS = ("text", "json")


def inspect_command(path: str, targets: tuple[str, ...], output_format: str) -> None:
    """Print them. Raises TflintError."""
    one_of(output_format, "--output-format", FORMATS)
    facts = inspect_model(open_model(path), redacted(path), targets)
    if output_format == "json":
        sys.stdout.write(dumped(facts))
    else:
        _print(facts)


def _print(facts: dict[str, Any]) -> None:
    from rich.console import Console  # noqa: PLC0415 - 20 ms, for people only

    console = Console(highlight=False, markup=False, emoji=False, width=None if sys.stdout.isatty() else 120)
    _head(console, facts)
    for signature in facts["signatures"] or [facts["primary"]]:
        _interface(console, signature)
    _ops(console, facts)
    rows = [[b["tensor"], b["dtype"], _shape(b["shape"]), f"{b['bytes']:,}"] for b in facts["largest_constants"]]
    _table(console, "Largest constants", ["tensor", "dtype", "shape", "bytes"], rows)
    rows = [[d["tensor"], _shape(d["dims"])] for d in facts["dynamic_tensors"]]
    _table(console, "Dimensions that may vary", ["tensor", "dims"], rows)
    rows = [[m["name"], f"{m['bytes']:,}", m["value"] or ""] for m in facts["metadata"]]
    _table(console, "Metadata", ["name", "bytes", "value"], rows)
    rows = [[key.replace("_", " "), _words(value)] for key, value in (facts["conversion"] or {}).items()]
    _table(console, "Conversion", ["", ""], rows)
    _tasks(console, facts["task_metadata"] or {})
    rows = [[f["name"], f"{f['bytes']:,}", "compressed" if f["compressed"] else ""] for f in facts["associated_files"]]
    _table(console, "Associated files", ["name", "bytes", ""], rows)
    for verdict, ids in facts["runtimes"].items():
        _line(console, f"{verdict}: ", ", ".join(ids))


def _head(console: Console, facts: dict[str, Any]) -> None:
    from tflint.report.escape import short  # noqa: PLC0415 - after rich

    _line(console, "", short(facts["path"]), style="bold underline")
    _line(console, "size: ", f"{facts['size']:,} bytes, {facts['constant_bytes']:,} of them constants")
    memory = facts["arena"]
    if memory and memory["peak"]:
        planned = f", {memory['planned']:,} as TFLite plans the arena" if memory["planned"] else ""
        at = short(memory["peak_at"] or "the inputs")
        text = f"{memory['peak']:,} bytes at once in {at}{planned}, the scratch of kernels aside"
        _line(console, "activations: ", text)
    counts = f"{facts['operators']:,} operators, {facts['tensors']:,} tensors, {len(facts['subgraphs'])} subgraphs"
    _line(console, "graph: ", counts)
    total = sum(facts["quantization"].values()) or 1
    shares = [f"{name} ({100 * count / total:.0f} %)" for name, count in facts["quantization"].items()]
    _line(console, "quantization: ", ", ".join(shares) or "no weights")
    if facts["description"]:
        _line(console, "description: ", short(facts["description"]))
    _line(console, "operators need: ", " or ".join(facts["minimum_runtimes"]) or "no builtin operators")


def _interface(console: Console, signature: dict[str, Any]) -> None:
    title = (
        f"Signature {signature['key']}" if signature.get("key") is not None else "No signature: the primary subgraph"
    )
    rows = [
        [side, tensor["name"], tensor["dtype"], _shape(tensor["dims"]), tensor["quantization"] or ""]
        for side in ("inputs", "outputs")
        for tensor in signature[side]
    ]
    _table(console, title, ["", "name", "dtype", "shape", "quantization"], rows)


def _ops(console: Console, facts: dict[str, Any]) -> None:
    rows = [
        [op["op"], str(op["version"]), f"{op['count']:,}", op["tflite"] or "", op["litert"] or "", op["note"] or ""]
        for op in facts["ops"]
    ]
    _table(console, "Operators", ["op", "version", "count", "tflite from", "litert from", ""], rows)


def _tasks(console: Console, tasks: dict[str, Any]) -> None:
    """TFLite Metadata: the model's words, then a line for each input and output."""
    words = ("name", "version", "author", "license", "description", "min_parser_version")
    rows = [[key.replace("_", " "), tasks[key]] for key in words if tasks.get(key)]
    rows += [
        [f"{side} units", ", ".join(map(_unit, tasks[f"{side}_units"]))]
        for side in _SIDES
        if tasks.get(f"{side}_units")
    ]
    rows += [["files", _files(tasks["files"])]] if tasks.get("files") else []
    _table(console, "TFLite Metadata", ["", ""], rows)
    rows = [
        [side, tensor["name"], tensor["content"], ", ".join(map(_unit, tensor["units"])), _files(tensor["files"])]
        for side in _SIDES
        for tensor in tasks.get(f"{side}s", ())
    ]
    _table(console, "Inputs and outputs of the task", ["", "name", "content", "process units", "files"], rows)


_SIDES = ("input", "output")


def _unit(unit: dict[str, Any]) -> str:
    """`NormalizationOptions mean 127.5 std 127.5`."""
    parts = [f"{key} {_words(value)}" for key, value in unit["options"].items()]
    return " ".join([unit["kind"], *parts, *(file["name"] for file in unit["files"])])


def _files(files: list[dict[str, Any]]) -> str:
    return ", ".join(f"{file['name']} ({file['type']})" for file in files)


def _shape(dims: list[int]) -> str:
    return "x".join("?" if dim < 0 else str(dim) for dim in dims) or "scalar"


def _words(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def _line(console: Console, label: str, text: str, style: str = "") -> None:
    from rich.text import Text  # noqa: PLC0415 - after rich

    console.print(Text.assemble((label, "bold"), (text, style)), soft_wrap=True)


def _table(console: Console, title: str, heads: list[str], rows: list[list[str]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - after rich
    from rich.text import Text  # noqa: PLC0415 - after rich

    from tflint.report.escape import short  # noqa: PLC0415 - after rich

    if not rows:
        return
    table = Table(title=Text(short(title)), title_justify="left", title_style="bold", show_header=any(heads))
    for head in heads:
        table.add_column(head, overflow="fold")
    for row in rows:
        table.add_row(*(Text(short(cell)) for cell in row))
    console.print(table)
