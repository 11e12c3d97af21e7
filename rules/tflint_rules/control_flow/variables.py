"""Resource variables: who reads and who writes them, in the order in which a call runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import callees

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Model, Op, Subgraph

Variable = tuple[str, str]  # container and shared name: equal ones are one variable, whichever op made the handle
Handles = dict[tuple[int, int], Variable]  # by subgraph and tensor

ACCESS = frozenset({"READ_VARIABLE", "ASSIGN_VARIABLE"})
BEHIND_A_CONDITION = frozenset({"IF", "STABLEHLO_CASE"})  # their first operand is not passed on


def accesses(model: Model, entry: Subgraph) -> Iterator[tuple[Op, Variable]]:
    """Reads and writes of variables in a call of this subgraph, those in what it calls included, each place once.

    What CALL_ONCE runs is no part of it: that was done before.
    """
    if ACCESS.isdisjoint(model.by_name):
        return
    handles: Handles = {}
    entered = {entry.index}
    running = [iter(entry.ops)]
    while running:
        op = next(running[-1], None)
        if op is None:
            running.pop()
            continue
        if op.name == "VAR_HANDLE":
            name = (op.options.get("container") or "", op.options.get("shared_name") or "")
            handles.update(((op.subgraph, made), name) for made in op.output_indices)
        elif op.name in ACCESS and op.input_indices and (op.subgraph, op.input_indices[0]) in handles:
            yield op, handles[op.subgraph, op.input_indices[0]]
        given = op.input_indices[1:] if op.name in BEHIND_A_CONDITION else op.input_indices
        for index in reversed(list(callees(op)) if op.name != "CALL_ONCE" else []):
            if index in range(len(model.subgraphs)) and index not in entered:
                entered.add(index)
                graph = model.subgraphs[index]
                _pass(handles, op.subgraph, given, index, graph.input_indices)
                running.append(iter(graph.ops))
        if op.name == "WHILE":
            _pass(handles, op.subgraph, given, op.subgraph, op.output_indices)


def initialized(model: Model) -> set[Variable]:
    """Variables that an initializer writes, which CALL_ONCE runs before the first call."""
    calls = model.by_name.get("CALL_ONCE", ())
    graphs = {i for op in calls for i in callees(op) if i in range(len(model.subgraphs))}
    return {name for i in graphs for op, name in accesses(model, model.subgraphs[i]) if op.name == "ASSIGN_VARIABLE"}


def _pass(handles: Handles, source: int, given: tuple[int, ...], target: int, taken: tuple[int, ...]) -> None:
    """Handles go on from operands to the inputs of a body, or to a loop's results."""
    found = [(inner, handles.get((source, outer))) for outer, inner in zip(given, taken, strict=False)]
    handles.update(((target, inner), name) for inner, name in found if name is not None)
