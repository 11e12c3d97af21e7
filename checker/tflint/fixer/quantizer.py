"""ai-edge-quantizer, in a child process: what it is asked for, and what it made or died of."""

from __future__ import annotations

import re
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.fixer.mended import mend
from tflint.fixer.prepared import KEY, prepared
from tflint.fixer.refusal import explained
from tflint.parity.entry import entries
from tflint.parity.process import QUANTIZER
from tflint.process import machine_memory

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tflint.model.view import Model
    from tflint.parity.process import Children, Process
    from tflint.parity.samples import Samples

LAYER_ROWS = 2  # samples by which layers are ranked
FALLBACK = 16 << 30  # bytes, where the machine does not tell its own
TABLES = ("dynamic", "weight-only-int8", "int4")  # schemes in which it leaves tables of GATHER float
_NODE = re.compile(r"Node number \d+ \(([A-Z][A-Z0-9_]*)\) failed")
_NAMES = {"TRANSPOSE_CONV": "CONV_2D_TRANSPOSE"}  # qtyping.TFLOperationName has a name of its own


@dataclass(frozen=True, slots=True)
class Order:
    """A variant to make. With `candidate` and `counts`: with that many layers float in which the candidate is worst."""

    id: str
    scheme: str
    operators: tuple[str, ...] = ()  # types that stay float
    candidate: Path | None = None
    counts: tuple[int, ...] = ()


@dataclass(slots=True)
class Made:
    """By order: (file, what stays float) each, or why there is none."""

    files: dict[str, list[tuple[Path, tuple[str, ...]]]] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def culprit(problem: str) -> str:
    """The type of operator that a runtime's message blames for a model that it does not run; "" for none."""
    match = _NODE.search(problem)
    return match[1] if match and match[1] not in ("DELEGATE", "CUSTOM") else ""


def make(
    path: Path,
    model: Model,
    orders: list[Order],
    samples: Mapping[str | None, Samples],
    folder: Path,
    timeout: float,
    children: Children,
) -> Made:
    """Let a child make them. Where it dies, what it was making has failed, and another child makes the rest."""
    made = Made()
    source = prepared(path, folder, made.notes)
    where = folder / f"made-{len(list(folder.iterdir()))}"
    where.mkdir()
    rest = list(orders)
    while rest:
        with closing(children.take(QUANTIZER)) as process:
            request = {
                "source": str(source),
                "models": str(where),
                "variants": [_plain(order) for order in rest],
                "memory": machine_memory() or FALLBACK,
                **_stored(model, samples, process.folder),
            }
            failure = process.ask(request, timeout)
            answer = _answer(process)
        for order in rest:
            if order.id in answer:
                _take(order, answer[order.id], where, path, made)
        left = [order for order in rest if order.id not in answer]
        if left:
            made.failures[left[0].id] = explained(failure or "ai-edge-quantizer gave no answer")
        rest = left[1:]
    return made


def _take(order: Order, told: dict[str, Any], where: Path, path: Path, made: Made) -> None:
    """Note what came of one order."""
    if "failure" in told:
        made.failures[order.id] = explained(told["failure"])
        return
    layers = [name.rstrip(";") for name, _ in told.get("layers", ())]
    for count in order.counts or (0,):
        file = where / (f"{order.id}-{count}.tflite" if count else f"{order.id}.tflite")
        if file.exists():
            mend(file, path, tables=order.scheme in TABLES)
            made.files.setdefault(order.id, []).append((file, (*order.operators, *layers[:count])))


def _plain(order: Order) -> dict[str, Any]:
    """An order as the child reads it."""
    excluded = [{"operator": _NAMES.get(name, name)} for name in order.operators]
    found: dict[str, Any] = {"id": order.id, "scheme": order.scheme, "excluded": excluded}
    if order.candidate is not None:
        found |= {"candidate": str(order.candidate), "counts": list(order.counts), "rows": LAYER_ROWS}
    return found


def _answer(process: Process) -> dict[str, Any]:
    """What it had said by its end, however that came."""
    try:
        return process.answer()[0]
    except (OSError, ValueError):
        return {}


def _stored(model: Model, samples: Mapping[str | None, Samples], where: Path) -> dict[str, Any]:
    """Samples beside the child, and how it finds them."""
    signatures: list[dict[str, Any]] = []
    arrays: dict[str, Any] = {}
    for place, entry in enumerate(entries(model)):
        names = [port.name for port in entry.inputs]
        rows = samples[entry.key].rows if entry.key in samples else ()
        signatures.append({"key": entry.key or KEY, "inputs": names, "count": len(rows)})
        for index, row in enumerate(rows):
            arrays |= {f"{place}/{index}/{port}": row[name] for port, name in enumerate(names)}
    np.savez(where / "samples-of-quantizer.npz", **arrays)
    return {"signatures": signatures, "samples": str(where / "samples-of-quantizer.npz")}
