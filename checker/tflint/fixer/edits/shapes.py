"""Edits of sizes: a dimension that may vary is fixed, or a fixed one opened, and what follows is worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tflint.dataclass import dataclass
from tflint.errors import TflintError, known
from tflint.fixer.edits.edit import Edit
from tflint.fixer.edits.interface import border_rows
from tflint.runtimes.shapes import sized

if TYPE_CHECKING:
    from tflint.fixer.document import Document
    from tflint.model.view import Subgraph

VARIES = -1
TRIED = (2, 3)  # sizes of what may vary: a dimension that is another for each of them varies with it


class Dim(NamedTuple):
    """A dimension of an input, and the size it is to have; -1: it may vary."""

    name: str
    dim: int
    size: int

    def __str__(self) -> str:
        return f"dimension {self.dim} of input '{self.name}'"


@dataclass(frozen=True, slots=True)
class SetDims(Edit):
    """Give dimensions of inputs these sizes, all at once: one may have to be as large as another."""

    applicability = "unsafe"  # for callers that pass another size
    exposes = frozenset({"TFL107", "TFL401"})
    stage = 25

    dims: tuple[Dim, ...]

    @property
    def title(self) -> str:
        """What it does."""
        fixed = " and ".join(f"{dim} at {dim.size}" for dim in self.dims if dim.size != VARIES)
        return ", ".join(part for part in (fixed and f"fix {fixed}", self.opened and f"let {self.opened} vary") if part)

    @property
    def opened(self) -> str:
        """The dimensions that may vary, in words."""
        return " and ".join(str(dim) for dim in self.dims if dim.size == VARIES)

    def apply(self, document: Document) -> bool:
        """Do it, unless it is so, where operators take it."""
        graph = document.view().subgraphs[0]
        dims = {index: list(graph.tensors[index].dims) for index in dict.fromkeys(graph.input_indices)}
        before = {index: list(mine) for index, mine in dims.items()}
        for dim in self.dims:
            mine = dims[_input(document, dim)]
            if not 0 <= dim.dim < len(mine):
                raise TflintError(f"input '{dim.name}' has dimensions 0 to {len(mine) - 1}, not {dim.dim}")
            if dim.size not in (VARIES, mine[dim.dim]) and mine[dim.dim] != VARIES:
                raise TflintError(f"{dim} is {mine[dim.dim]}: let it vary first, with {dim.name}.{dim.dim}=?")
            mine[dim.dim] = dim.size
        if dims == before:
            return False
        for index, found in self._followed(graph, dims).items():
            table = document.graph(0)["tensors"][index]
            table["shape"] = [1 if size == VARIES else size for size in found]
            table["shape_signature"] = found if VARIES in found else None
        return True

    def double(self, document: Document) -> None:
        """Declare the inputs at twice the size where it is to vary, and nothing else: runtimes work out the rest."""
        for dim in self.dims:
            if dim.size == VARIES:
                table = document.graph(0)["tensors"][_input(document, dim)]
                for field in ("shape", "shape_signature"):
                    sizes = list(table[field] or ())
                    sizes[dim.dim : dim.dim + 1] = [2 * max(1, size) for size in sizes[dim.dim : dim.dim + 1]]
                    table[field] = None if table[field] is None else sizes

    def _followed(self, graph: Subgraph, dims: dict[int, list[int]]) -> dict[int, list[int]]:
        """Dimensions that follow from those of the inputs, by tensor. Raises TflintError where an op is in the way."""
        tried = []
        for size in TRIED if any(VARIES in each for each in dims.values()) else TRIED[:1]:
            shapes = {index: tuple(size if dim == VARIES else dim for dim in each) for index, each in dims.items()}
            found, op, why = sized(graph, shapes)
            if op is not None and (self.opened or not why):
                raise TflintError(f"{self.title}: {op.label} {why or 'refuses it'}", 1)
            tried.append(found)
        return {
            index: [one if one == other else VARIES for one, other in zip(shape, tried[-1][index], strict=True)]
            for index, shape in tried[0].items()
            if index in tried[-1] and len(shape) == len(tried[-1][index])
        }


def _input(document: Document, dim: Dim) -> int:
    """The tensor of an input. Raises TflintError where there is none of the name."""
    rows = dict(border_rows(document, "inputs"))
    if dim.name not in rows:
        raise TflintError(f"the model has no input '{dim.name}'{known(dim.name, rows)}")
    return rows[dim.name]
