"""What of a model is reached: from outputs and signatures backwards, and from what has an effect of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint.model.view import Model, Op, Subgraph

# Ops that do something besides making their outputs; custom ops and those of unknown codes may.
EFFECTS = frozenset({"ASSIGN_VARIABLE", "CALL_ONCE", "HASHTABLE_IMPORT", "STABLEHLO_CUSTOM_CALL", "CUSTOM", "DELEGATE"})


class Reached:
    """What is alive, and in which subgraphs. Tensors are (subgraph, index)."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.graphs: set[int] = set()
        self.ops: set[Op] = set()
        self.tensors: set[tuple[int, int]] = set()
        self.mentioned: set[tuple[int, int]] = set()  # in these subgraphs, by dead operators too
        self._effects: dict[int, bool] = {}
        todo = [graph.index for graph in model.entry_graphs]
        while todo:
            index = todo.pop()
            if index not in self.graphs and 0 <= index < len(model.subgraphs):
                self.graphs.add(index)
                todo += self._walk(model.subgraphs[index])

    def _walk(self, graph: Subgraph) -> Iterator[int]:
        """Mark what lives in a graph; give the subgraphs that its live operators name."""
        makers: dict[int, list[Op]] = {}
        for op in graph.ops:
            for index in op.output_indices:
                makers.setdefault(index, []).append(op)
        signatures = [each for each in self.model.signatures if each.subgraph_index == graph.index]
        outputs = {*graph.output_indices, *(index for each in signatures for _, index in each.outputs or ())}
        inputs = {*graph.input_indices, *(index for each in signatures for _, index in each.inputs or ())}
        todo = [op for index in outputs for op in makers.get(index, ())]
        todo += [op for op in graph.ops if self._acts(op)]
        alive: set[Op] = set()
        while todo:
            op = todo.pop()
            if op not in alive:
                alive.add(op)
                todo += [maker for index in _operands(op) for maker in makers.get(index, ())]
        self.ops |= alive
        self.tensors |= _touched(graph, inputs | outputs, alive)
        self.mentioned |= self.tensors if len(alive) == len(graph.ops) else _touched(graph, inputs | outputs, graph.ops)
        return (index for op in alive for index in subgraphs_of(op))

    def _acts(self, op: Op) -> bool:
        """It is there for more than its outputs."""
        if op.name in EFFECTS or not op.output_indices or op.opcode is None or op.name.startswith("BUILTIN_"):
            return True
        states = (tensor for tensor in op.inputs if tensor is not None)
        return any(tensor.is_variable for tensor in states) or any(map(self._graph_acts, subgraphs_of(op)))

    def _graph_acts(self, index: int) -> bool:
        if index not in self._effects:
            self._effects[index] = False  # of a circle, until more is known
            graphs = self.model.subgraphs
            self._effects[index] = 0 <= index < len(graphs) and any(map(self._acts, graphs[index].ops))
        return self._effects[index]


def _operands(op: Op) -> tuple[int, ...]:
    return (*op.input_indices, *op.intermediate_indices)


def _touched(graph: Subgraph, border: set[int], ops: Iterable[Op]) -> set[tuple[int, int]]:
    """Tensors at the border and at the operators, and those that hold the scales of such a tensor."""
    used = border.union(*((*_operands(op), *op.output_indices) for op in ops))
    for tensor in graph.tensors:
        if tensor.index in used and tensor.quant is not None and tensor.quant.details_type:
            details = tensor.quant.details
            used |= {details[key] for key in ("scales", "zero_points") if key in details}
    return {(graph.index, index) for index in used}


def subgraphs_of(op: Op) -> Iterator[int]:
    """Subgraphs that an operator names in its options, those that no runtime calls included."""
    for option, value in op.options.items():
        if "subgraph" in option:
            yield from (value,) if isinstance(value, int) else value or ()
