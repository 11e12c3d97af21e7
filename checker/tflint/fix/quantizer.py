"""ai-edge-quantizer, in a child process: what it is asked for, and what it made or died of."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError
from tflint.fix.document import Document, open_document
from tflint.fix.refusal import explained
from tflint.fix.tail import moved
from tflint.parity.entry import entries
from tflint.parity.runners import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.model.view import Model
    from tflint.parity.samples import Samples

EXTRA = "tflint fix --quantize quantizes with ai-edge-quantizer: pip install 'tflint[quantize]'"
CHILD = Path(__file__).with_name("quantize_child.py")
KEY = "serving_default"
LAYER_ROWS = 2  # samples by which layers are ranked
FALLBACK = 16 << 30  # bytes, where the machine does not tell its own
_NODE = re.compile(r"Node number \d+ \((\w+)\) failed")
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


def require() -> None:
    """Raise TflintError, which says what to install, where this environment has no ai-edge-quantizer."""
    if importlib.util.find_spec("ai_edge_quantizer") is None:
        raise TflintError(EXTRA)


def culprit(problem: str) -> str:
    """The type of operator that a runtime's message blames for a model that it does not run; "" for none."""
    match = _NODE.search(problem)
    return match[1] if match and match[1] not in ("DELEGATE", "CUSTOM") else ""


def make(
    path: Path, model: Model, orders: list[Order], samples: Mapping[str | None, Samples], folder: Path, timeout: float
) -> Made:
    """Let the child make them. Where it dies, what it was making has failed, and another child makes the rest."""
    require()
    made = Made()
    source = _prepared(path, folder, made.notes)
    where = folder / f"child-{len(list(folder.iterdir()))}"
    rest = list(orders)
    while rest:
        where = where.with_name(where.name + "x")
        where.mkdir()
        request = {
            "source": str(source),
            "variants": [_plain(order) for order in rest],
            "memory": _memory(),
            **_stored(model, samples, where),
        }
        failure = ask(where, request, sys.executable, timeout, CHILD)
        answer = _answer(where)
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
            _mended(file, path)
            made.files.setdefault(order.id, []).append((file, (*order.operators, *layers[:count])))


def _plain(order: Order) -> dict[str, Any]:
    """An order as the child reads it."""
    excluded = [{"operator": _NAMES.get(name, name)} for name in order.operators]
    found: dict[str, Any] = {"id": order.id, "scheme": order.scheme, "excluded": excluded}
    if order.candidate is not None:
        found |= {"candidate": str(order.candidate), "counts": list(order.counts), "rows": LAYER_ROWS}
    return found


def _answer(where: Path) -> dict[str, Any]:
    """What it had said by its end, however that came."""
    try:
        answer: dict[str, Any] = json.loads((where / "answer.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return answer


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


def _prepared(path: Path, folder: Path, notes: list[str]) -> Path:
    """The float model as the library can take it: it calibrates by signatures, and knows tensors by their names."""
    file = folder / "float.tflite"
    if file.exists():
        return file
    document = open_document(path)
    changes = [*_named_apart(document), *_coded(document), *_signed(document)]
    if not changes:
        return path.resolve()
    notes += changes
    with file.open("wb") as out:
        for piece in document.pieces():
            out.write(piece)
    return file


def _named_apart(document: Document) -> list[str]:
    """Give tensors names of their own; those of inputs and outputs keep theirs."""
    ports: list[Any] = []
    others: list[Any] = []
    for graph in document.root["subgraphs"] or ():
        outer = {*(graph["inputs"] or ()), *(graph["outputs"] or ())}
        for index, tensor in enumerate(graph["tensors"] or ()):
            (ports if index in outer else others).append(tensor)
    seen: set[str] = set()
    count = 0
    for tensor in (*ports, *others):
        name = given = tensor["name"] or "tensor"
        while name in seen:
            count += 1
            name = f"{given}~{count}"
        seen.add(name)
        tensor["name"] = name
    return [f"{count} tensors of equal names were given names of their own"] if count else []


def _coded(document: Document) -> list[str]:
    """Write operator codes in the field that the library reads: files of before 2020 have them in the other alone."""
    count = 0
    for entry in document.root["operator_codes"] or ():
        if entry["builtin_code"] < entry["deprecated_builtin_code"]:
            entry["builtin_code"] = entry["deprecated_builtin_code"]
            count += 1
    return [f"{count} operator codes were written in the field of today too (builtin_code)"] if count else []


def _signed(document: Document) -> list[str]:
    """Give a model without signatures one that names what its primary subgraph has."""
    if document.model.signatures or not document.model.subgraphs:
        return []
    [entry] = entries(document.model)
    sides = {
        side: [{"name": port.name, "tensor_index": port.tensor} for port in ports]
        for side, ports in (("inputs", entry.inputs), ("outputs", entry.outputs))
    }
    document.root["signature_defs"] = [{**sides, "signature_key": KEY, "subgraph_index": 0}]
    return [f"the signature '{KEY}' was added: ai-edge-quantizer calibrates by signature, and the model had none"]


def _mended(file: Path, original: Path) -> None:
    """Put right what the library loses: outputs of signatures, and what lay behind the model (TFLite Metadata's files).

    Of several outputs that are quantized, signatures keep naming tensors that are none any more.
    """
    was, now = open_document(original), open_document(file)
    if _outputs_renamed(was, now):
        spare = file.with_suffix(".mended")
        with spare.open("wb") as out:
            for piece in now.pieces():
                out.write(piece)
        spare.replace(file)
    tail = memoryview(was.data)[was.tail_start :]
    if len(tail):
        at = file.stat().st_size
        with file.open("ab") as out:
            out.write(moved(tail, at - was.tail_start))


def _outputs_renamed(was: Document, now: Document) -> bool:
    """Let signatures name the outputs that stand where theirs stood; tell whether any did not."""
    changed = False
    for old, new in zip(was.root["signature_defs"] or (), now.root["signature_defs"] or (), strict=False):
        graph = old["subgraph_index"]
        places = list(was.root["subgraphs"][graph]["outputs"])
        outputs = list(now.root["subgraphs"][graph]["outputs"])
        tensors = {port["name"]: port["tensor_index"] for port in old["outputs"] or ()}
        for port in new["outputs"] or ():
            place = places.index(tensors[port["name"]]) if tensors.get(port["name"]) in places else len(outputs)
            if place < len(outputs) and port["tensor_index"] != outputs[place]:
                port["tensor_index"] = outputs[place]
                changed = True
    return changed


def _memory() -> int:
    """What the child may take: the machine's."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return FALLBACK
