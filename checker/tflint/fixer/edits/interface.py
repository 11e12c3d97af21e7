"""Edits of what callers bind to: signatures, names, positions. The computation stays as it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tflint.dataclass import dataclass
from tflint.errors import TflintError, known
from tflint.fixer.edits.edit import Edit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint.fixer.document import Document
    from tflint.model.flatbuf import Table

SIDES = ("inputs", "outputs")
DEFAULT_KEY = "serving_default"  # what the converter calls it
_PREFIX = re.compile(r"^serving_default_|:0$")
_RESULT = re.compile(r"(?:Stateful)?PartitionedCall(?:_\d+)?(?::(\d+))?")


@dataclass(frozen=True, slots=True)
class AddSignature(Edit):
    """Name the inputs and outputs of the primary subgraph of a model without signatures, after their tensors."""

    exposes = frozenset({"TFL102", "TFL103", "TFL107"})
    keeps_computation = True
    stage = 10

    key: str = DEFAULT_KEY

    @property
    def title(self) -> str:
        """What it does."""
        return f"add the signature '{self.key}'"

    def apply(self, document: Document) -> bool:
        """Do it, unless there is a signature."""
        root = document.root
        if root["signature_defs"]:
            return False
        graph = document.graph(0)
        sides = {side: _named(graph["tensors"] or [], graph[side] or (), side[:-1]) for side in SIDES}
        root["signature_defs"] = [document.table("SignatureDef", signature_key=self.key, **sides)]
        return True


@dataclass(frozen=True, slots=True)
class Renaming(Edit):
    """Another name for what callers bind to."""

    keeps_computation = True
    exposes = frozenset({"TFL107"})

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class RenameSignature(Renaming):
    """Give a signature another key."""

    stage = 11

    @property
    def title(self) -> str:
        """What it does."""
        return f"rename the signature '{self.old}' to '{self.new}'"

    def apply(self, document: Document) -> bool:
        """Do it, unless it is done."""
        by_key = {table["signature_key"]: table for table in document.root["signature_defs"] or ()}
        if self.old not in by_key:
            if self.new in by_key:
                return False
            raise TflintError(f"the model has no signature '{self.old}'{known(self.old, filter(None, by_key))}")
        if self.new in by_key:
            raise TflintError(f"the model has a signature '{self.new}' already")
        by_key[self.old]["signature_key"] = self.new
        return True


@dataclass(frozen=True, slots=True)
class Rename(Renaming):
    """Give an input or output another name in every signature; in a model without any, its tensor."""

    stage = 12

    @property
    def title(self) -> str:
        """What it does."""
        return f"rename '{self.old}' to '{self.new}'"

    def apply(self, document: Document) -> bool:
        """Do it, unless it is done."""
        changed = False
        names: dict[str, None] = {}
        for rows in _ports(document):
            mine = [row for row in rows if row["name"] == self.old]
            names |= dict.fromkeys(row["name"] or "" for row in rows)
            if mine and any(row["name"] == self.new for row in rows):
                raise TflintError(f"'{self.old}' cannot be renamed: there is another '{self.new}' beside it")
            for row in mine:
                row["name"] = self.new
                changed = True
        if not changed and self.new not in names:
            raise TflintError(f"the model has no input or output '{self.old}'{known(self.old, names)}")
        return changed


@dataclass(frozen=True, slots=True)
class Permute(Edit):
    """Put the inputs or outputs of the primary subgraph at other positions. `names`: () as its signature has them."""

    applicability = "unsafe"  # for who counts positions
    keeps_computation = True
    exposes = frozenset({"TFL107"})
    stage = 14

    side: str
    names: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """What it does."""
        order = f" in the order {', '.join(self.names)}" if self.names else " in the order of the signature"
        return f"put the {self.side}{order}"

    def apply(self, document: Document) -> bool:
        """Do it, unless they stand so."""
        graph = document.graph(0)
        have = list(graph[self.side] or ())
        rows = border_rows(document, self.side)
        names = self.names or tuple(name for name, _ in rows)
        by_name = dict(rows)
        if len(by_name) != len(rows) or sorted(by_name) != sorted(names) or len(set(have)) != len(have):
            raise TflintError(
                f"the {self.side} are {', '.join(name for name, _ in rows)}: an order names each of them once"
            )
        wanted = [by_name[name] for name in names]
        if sorted(wanted) != sorted(have):
            raise TflintError(f"the signature does not name all {self.side} of the model: they keep their order")
        graph[self.side] = wanted
        return wanted != have


def border_names(document: Document, side: str) -> list[str]:
    """What the inputs or outputs of the primary subgraph are called, in the order of the signature, or of positions."""
    return [name for name, _ in border_rows(document, side)]


def border_rows(document: Document, side: str) -> list[tuple[str, int]]:
    """(name, tensor) of a side of the primary subgraph: of its first signature, else of its tensors."""
    for signature in document.root["signature_defs"] or ():
        if signature["subgraph_index"] == 0:
            return [(row["name"] or "", row["tensor_index"]) for row in signature[side] or ()]
    graph = document.graph(0)
    return [(graph["tensors"][index]["name"] or "", index) for index in graph[side] or ()]


def _ports(document: Document) -> Iterator[list[Table]]:
    """The tables that hold a name, a side of a signature each."""
    signatures = document.root["signature_defs"] or ()
    for table in signatures:
        yield from (table[side] or [] for side in SIDES)
    if not signatures:
        graph = document.graph(0)
        yield from ([graph["tensors"][index] for index in dict.fromkeys(graph[side] or ())] for side in SIDES)


def _named(tensors: Sequence[Table], indices: Sequence[int], word: str) -> list[dict[str, Any]]:
    """Rows of a signature: each tensor once, by its own name as far as that is one, made unique."""
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    indices = list(dict.fromkeys(indices))
    for place, index in enumerate(indices):
        if not 0 <= index < len(tensors):
            raise TflintError(f"{word} {place} is no tensor of the model", 1)
        own = tensors[index]["name"] or ""
        result = _RESULT.fullmatch(own)
        name = _PREFIX.sub("", own)
        if not name or result:
            number = result[1] if result and result[1] else place
            name = word if len(indices) == 1 else f"{word}_{number}"
        plain, count = name, 1
        while name in seen:
            name, count = f"{plain}_{count}", count + 1
        seen.add(name)
        rows.append({"name": name, "tensor_index": index})
    return rows
