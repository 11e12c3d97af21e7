"""Edits of what a file says of itself: the runtime it needs, the codes of its operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.dataclass import dataclass
from tflint.fixer.edits.edit import Edit
from tflint.fixer.edits.tables import PLACEHOLDER, code_of

if TYPE_CHECKING:
    from tflint.fixer.document import Document

MIN_RUNTIME = "min_runtime_version"
MIN_RUNTIME_BYTES = 16  # padded with NUL, as the converter writes it


@dataclass(frozen=True, slots=True)
class SetMinRuntimeVersion(Edit):
    """State the oldest runtime that has all operators."""

    keeps_computation = True
    stage = 90

    version: str

    @property
    def title(self) -> str:
        """What it does."""
        return f"set {MIN_RUNTIME} to {self.version}"

    def apply(self, document: Document) -> bool:
        """Do it, unless it is so."""
        data = self.version.encode().ljust(MIN_RUNTIME_BYTES, b"\0")
        return set_metadata(document, MIN_RUNTIME, data)


@dataclass(frozen=True, slots=True)
class MendOperatorCodes(Edit):
    """Write both fields of operator codes, for runtimes before TF 2.4 read the old one and later ones both."""

    keeps_computation = True
    repairs = True
    stage = 5

    @property
    def title(self) -> str:
        """What it does."""
        return "write both fields of the operator codes"

    def apply(self, document: Document) -> bool:
        """Do it, where they differ."""
        changed = False
        for table in document.root["operator_codes"] or ():
            code = code_of(table)
            wanted = {"builtin_code": code, "deprecated_builtin_code": min(code, PLACEHOLDER)}
            changed |= any(table[key] != value for key, value in wanted.items())
            table.update(wanted)
        return changed


def set_metadata(document: Document, name: str, data: bytes) -> bool:
    """Give the metadata `name` these bytes, in a buffer of its own; whether that changed anything."""
    root = document.root
    entry = next((table for table in root["metadata"] or () if table["name"] == name), None)
    buffers = root["buffers"] = [*(root["buffers"] or (document.table("Buffer"),))]
    if entry is not None and entry["buffer"] < len(buffers):
        old = buffers[entry["buffer"]]["data"]
        if old is not None and bytes(old) == data:
            return False
        holders = [t["buffer"] for g in root["subgraphs"] or () for t in g["tensors"] or ()]
        holders += [table["buffer"] for table in root["metadata"] if table is not entry]
        if entry["buffer"] and entry["buffer"] not in holders:
            buffers[entry["buffer"]] = document.table("Buffer", data=data)
            return True
    buffers.append(document.table("Buffer", data=data))
    if entry is None:
        root["metadata"] = [*(root["metadata"] or ()), document.table("Metadata", name=name)]
        entry = root["metadata"][-1]
    entry["buffer"] = len(buffers) - 1
    return True
