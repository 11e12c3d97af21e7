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
        self._acting = self._graphs_that_act()
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
        alive = {op for op in graph.ops if self._acts(op)}
        todo = [*outputs, *(index for op in alive for index in _operands(op))]
        while todo:
            for op in makers.pop(todo.pop(), ()):
                if op not in alive:
                    alive.add(op)
                    todo += _operands(op)
        self.ops |= alive
        self.tensors |= _touched(graph, inputs | outputs, alive)
        self.mentioned |= self.tensors if len(alive) == len(graph.ops) else _touched(graph, inputs | outputs, graph.ops)
        return (index for op in alive for index in subgraphs_of(op))

    def _acts(self, op: Op) -> bool:
        """It is there for more than its outputs."""
        return _acts_itself(op) or any(index in self._acting for index in subgraphs_of(op))

    def _graphs_that_act(self) -> set[int]:
        """Subgraphs with an operator that acts, or that calls such a one; a file may nest them as deep as it likes."""
        callers: dict[int, set[int]] = {}
        for graph in self.model.subgraphs:
            for index in (index for op in graph.ops for index in subgraphs_of(op)):
                callers.setdefault(index, set()).add(graph.index)
        todo = [graph.index for graph in self.model.subgraphs if any(map(_acts_itself, graph.ops))]
        found: set[int] = set()
        while todo:
            if (index := todo.pop()) not in found:
                found.add(index)
                todo += callers.get(index, ())
        return found


def _acts_itself(op: Op) -> bool:
    if op.name in EFFECTS or not op.output_indices or op.opcode is None or op.name.startswith("BUILTIN_"):
        return True
    return any(tensor is not None and tensor.is_variable for tensor in op.inputs)


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
