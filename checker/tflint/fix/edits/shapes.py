"""Edits of sizes: a dimension that may vary is fixed, or a fixed one opened, and what follows is worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tflint.errors import TflintError, nearest
from tflint.fix.edits.edit import Edit
from tflint.fix.edits.interface import border_rows
from tflint.runtimes.shapes import sized

if TYPE_CHECKING:
    from tflint.fix.document import Document
    from tflint.model.view import Subgraph

VARIES = -1
TRIED = (2, 3)  # sizes of what may vary: a dimension that is another for each of them varies with it


@dataclass(frozen=True, slots=True)
class SetDim(Edit):
    """Give a dimension of an input this size; -1: let it vary."""

    applicability = "unsafe"  # for callers that pass another size
    exposes = frozenset({"TFL107", "TFL401"})
    stage = 25

    name: str
    dim: int
    size: int

    @property
    def title(self) -> str:
        """What it does."""
        if self.size == VARIES:
            return f"let dimension {self.dim} of input '{self.name}' vary"
        return f"fix dimension {self.dim} of input '{self.name}' at {self.size}"

    def apply(self, document: Document) -> bool:
        """Do it, unless it is so, where operators take it."""
        rows = dict(border_rows(document, "inputs"))
        if self.name not in rows:
            raise TflintError(f"the model has no input '{self.name}'{nearest(self.name, rows)}")
        graph = document.view().subgraphs[0]
        dims = {index: list(graph.tensors[index].dims) for index in dict.fromkeys(graph.input_indices)}
        mine = dims[rows[self.name]]
        if not 0 <= self.dim < len(mine):
            raise TflintError(f"input '{self.name}' has dimensions 0 to {len(mine) - 1}, not {self.dim}")
        if mine[self.dim] == self.size:
            return False
        if self.size != VARIES and mine[self.dim] != VARIES:
            raise TflintError(f"dimension {self.dim} of input '{self.name}' is {mine[self.dim]}: open it first")
        mine[self.dim] = self.size
        for index, found in self._followed(graph, dims).items():
            table = document.graph(0)["tensors"][index]
            table["shape"] = [1 if dim == VARIES else dim for dim in found]
            table["shape_signature"] = found if VARIES in found else None
        return True

    def _followed(self, graph: Subgraph, dims: dict[int, list[int]]) -> dict[int, list[int]]:
        """Dimensions that follow from those of the inputs, by tensor. Raises TflintError where an op is in the way."""
        tried = []
        for size in TRIED if any(VARIES in each for each in dims.values()) else TRIED[:1]:
            shapes = {index: tuple(size if dim == VARIES else dim for dim in each) for index, each in dims.items()}
            found, op, why = sized(graph, shapes)
            if op is not None and (self.size == VARIES or not why):
                raise TflintError(f"{self.title}: {op.label} {why or 'refuses it'}", 1)
            tried.append(found)
        return {
            index: [one if one == other else VARIES for one, other in zip(shape, tried[-1][index], strict=True)]
            for index, shape in tried[0].items()
            if index in tried[-1] and len(shape) == len(tried[-1][index])
        }
