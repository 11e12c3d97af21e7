"""Edits that take away what nobody needs: dead code, repeated constants, outputs that nobody wants."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from tflint.dataclass import dataclass
from tflint.errors import TflintError, known
from tflint.fixer.edits.edit import Edit
from tflint.fixer.edits.interface import border_names, border_rows
from tflint.fixer.edits.tables import renumbered, rows_of
from tflint.model.reachable import Reached

if TYPE_CHECKING:
    from tflint.fixer.document import Document
    from tflint.model.flatbuf import Table

LEAST = 1024  # bytes of a constant that is worth sharing, as TFL702 has it
BY_TENSOR = "OfflineMemoryAllocation"  # TFLite Micro: a place in memory for each tensor, by number
BY_OPERATOR = "model_control_dependencies"  # names operators by number
VALIDATION = "VALIDATION:"  # subgraphs that acceleration services run by name


@dataclass(frozen=True, slots=True)
class DropDeadCode(Edit):
    """Operators, tensors, subgraphs, operator codes and buffers that nothing reaches."""

    exposes = frozenset({"TFL111"})  # an input that dead operators alone read
    keeps_computation = True
    stage = 80

    @property
    def title(self) -> str:
        """What it does."""
        return "drop operators, tensors, subgraphs and buffers that nothing reaches"

    def apply(self, document: Document) -> bool:
        """Do it; what is told by number elsewhere in the file keeps its number."""
        root, noted = document.root, {table["name"] for table in document.root["metadata"] or ()}
        alive = Reached(document.view())
        subgraphs = root["subgraphs"] or ()
        named = {n for n, graph in enumerate(subgraphs) if (graph["name"] or "").startswith(VALIDATION)}
        ops = {(op.subgraph, op.index) for op in alive.ops}
        tensors: dict[int, dict[int, int]] = {}
        changed = False
        for number, graph in enumerate(subgraphs):
            inside = number in alive.graphs and number not in named
            if inside and BY_OPERATOR not in noted:
                wanted = {index for graph_number, index in ops if graph_number == number}
                changed |= _keep(graph, "operators", wanted)[0]
            used = set(range(len(graph["tensors"] or ())))
            if inside and BY_TENSOR not in noted:
                used = _mentioned(graph) | {index for graph_number, index in alive.tensors if graph_number == number}
            shorter, tensors[number] = _keep(graph, "tensors", used)
            changed |= shorter
        told = named or {BY_OPERATOR, BY_TENSOR} & noted
        everything = dict(enumerate(range(len(subgraphs))))
        graphs = (
            {old: new for new, old in enumerate(sorted(alive.graphs & everything.keys()))} if not told else everything
        )
        if len(graphs) < len(subgraphs):
            root["subgraphs"] = [graph for number, graph in enumerate(subgraphs) if number in graphs]
        renumbered(document, [tensors[number] for number in graphs], graphs)
        return _codes(root) | _buffers(root) | changed | (len(graphs) < len(subgraphs))


def _keep(table: Table, field: str, wanted: set[int]) -> tuple[bool, dict[int, int]]:
    """Keep the wanted ones of a vector of tables; whether it is shorter now, and old number -> new one."""
    items = table[field] or ()
    numbers = {old: new for new, old in enumerate(index for index in range(len(items)) if index in wanted)}
    if len(numbers) < len(items):
        table[field] = [items[index] for index in numbers]
    return len(numbers) < len(items), numbers


def _mentioned(graph: Table) -> set[int]:
    """Tensors at the border and the operators of a subgraph."""
    fields = [*(graph[side] for side in ("inputs", "outputs"))]
    for op in graph["operators"] or ():
        fields += [op["inputs"], op["outputs"], op["intermediates"]]
    return {index for field in fields for index in field or ()}


def _codes(root: Table) -> bool:
    used = {op["opcode_index"] for graph in root["subgraphs"] or () for op in graph["operators"] or ()}
    shorter, numbers = _keep(root, "operator_codes", used)
    for graph in root["subgraphs"] or ():
        for op in graph["operators"] or ():
            op["opcode_index"] = numbers.get(op["opcode_index"], op["opcode_index"])
    return shorter


def _buffers(root: Table) -> bool:
    """Drop the buffers that nothing names; the first one is none."""
    tensors = [tensor for graph in root["subgraphs"] or () for tensor in graph["tensors"] or ()]
    holders = [*tensors, *(root["metadata"] or ())]
    used = {0, *(root["metadata_buffer"] or ()), *(table["buffer"] for table in holders)}
    shorter, numbers = _keep(root, "buffers", used)
    for table in holders:
        table["buffer"] = numbers.get(table["buffer"], table["buffer"])
    if root["metadata_buffer"]:
        root["metadata_buffer"] = [numbers.get(index, index) for index in root["metadata_buffer"]]
    return shorter


@dataclass(frozen=True, slots=True)
class DedupeBuffers(Edit):
    """Let constants of the same bytes share one buffer."""

    keeps_computation = True
    leaves_over = True
    stage = 70

    @property
    def title(self) -> str:
        """What it does."""
        return "let constants of the same bytes share one buffer"

    def apply(self, document: Document) -> bool:
        """Do it."""
        root = document.root
        tensors = [tensor for graph in root["subgraphs"] or () for tensor in graph["tensors"] or ()]
        own = {tensor["buffer"] for tensor in tensors if tensor["is_variable"]}
        candidates = {tensor["buffer"] for tensor in tensors} - own - {0}
        by_size: dict[tuple[str, int], list[int]] = {}
        for index in sorted(index for index in candidates if index < len(root["buffers"] or ())):
            kind = next((kind for kind in ("data", "outside") if _bytes(root, index, kind)), "")
            if kind and len(_bytes(root, index, kind)) >= LEAST:
                by_size.setdefault((kind, len(_bytes(root, index, kind))), []).append(index)
        first: dict[bytes, int] = {}
        same: dict[int, int] = {}
        for (kind, _), indices in by_size.items():
            for index in indices if len(indices) > 1 else ():
                same[index] = first.setdefault(_digest(_bytes(root, index, kind), kind), index)
        for tensor in tensors:
            tensor["buffer"] = same.get(tensor["buffer"], tensor["buffer"])
        repeated = [index for index, kept in same.items() if index != kept]
        for index in repeated:
            root["buffers"][index] = document.table("Buffer")
        return bool(repeated)


def _bytes(root: Table, index: int, kind: str) -> Any:
    found = root["buffers"][index].get(kind)
    return b"" if found is None else found


def _digest(data: Any, kind: str) -> bytes:
    return hashlib.blake2b(data, key=kind.encode()).digest()


@dataclass(frozen=True, slots=True)
class KeepOutputs(Edit):
    """Return these outputs of the primary subgraph and no others."""

    applicability = "unsafe"  # for who wants the others
    exposes = frozenset({"TFL107", "TFL111"})  # an input may have fed the others alone
    leaves_over = True
    stage = 30

    names: tuple[str, ...]

    @property
    def title(self) -> str:
        """What it does."""
        return f"keep the output{'' if len(self.names) == 1 else 's'} {', '.join(self.names)} alone"

    def apply(self, document: Document) -> bool:
        """Do it; operators that made the others go with dead code."""
        have = border_names(document, "outputs")
        for name in self.names:
            if name not in have:
                raise TflintError(f"the model has no output '{name}'{known(name, have)}")
        wanted = {index for name, index in border_rows(document, "outputs") if name in self.names}
        graph = document.graph(0)
        before = list(graph["outputs"] or ())
        graph["outputs"] = [index for index in before if index in wanted]
        changed = len(graph["outputs"]) < len(before) or any(
            row["tensor_index"] not in wanted for row in rows_of(document, 0, "outputs")
        )
        for signature in document.root["signature_defs"] or ():
            if signature["subgraph_index"] == 0:
                signature["outputs"] = [row for row in signature["outputs"] or () if row["tensor_index"] in wanted]
        return changed
