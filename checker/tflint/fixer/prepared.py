"""A float model as ai-edge-quantizer can take it: it calibrates by signatures, and knows tensors by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.fixer.document import open_document
from tflint.parity.entry import entries

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.fixer.document import Document

KEY = "serving_default"


def prepared(path: Path, folder: Path, notes: list[str]) -> Path:
    """Its file: the model's own where nothing has to be changed. `notes` gets what was."""
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
