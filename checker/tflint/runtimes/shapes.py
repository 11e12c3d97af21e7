"""Shapes as kernels compute them from the file's own: what the file says of one op's outputs, held against its inputs.

Each op is judged by the stored shapes of its inputs, so one wrong shape is one finding and not one for each op behind
it. Constants are folded as Prepare folds them. Behind a dynamic output, a custom op and control flow nothing is sure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tflint.runtimes.control import CONTROL_FLOW
from tflint.runtimes.kernel import kernel
from tflint.runtimes.node import Node, NodeTensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tflint.model.view import Op, Subgraph
    from tflint.runtimes.kernel import Kernel
    from tflint.runtimes.node import Shape

OPAQUE = CONTROL_FLOW | {"CUSTOM", "READ_VARIABLE", "HASHTABLE", "VAR_HANDLE"}
SIZED_BY_DATA = frozenset({"WHERE", "UNIQUE", "SKIP_GRAM", "EMBEDDING_LOOKUP_SPARSE"})


class Computed(NamedTuple):
    """One op's outputs. `data_dependent`: their shapes are known at Invoke only, and that starts here."""

    node: Node
    facts: Kernel
    data_dependent: bool = False

    @property
    def op(self) -> Op:
        """The operator."""
        return self.node.op

    def shapes(self) -> tuple[Shape | None, ...]:
        """Those of the outputs, by what was made so far; None: not sure."""
        return () if self.data_dependent else tuple(_shapes(self.facts, self.node, self.node.y))

    def passes(self) -> bool:
        """No check of the plain kernel fails."""
        checks = (check for check in self.facts.checks if check.by == "tflite")
        return all(self.node.value(check.code) is not False for check in checks)


def computed(graph: Subgraph) -> Iterator[Computed]:
    """Say what each op of a subgraph makes, as far as that is sure."""
    states = [NodeTensor(tensor) for tensor in graph.tensors]
    unsure: set[int] = set()
    late: set[int] = set()  # sized at Invoke
    for op in graph.ops:
        facts = None if op.name in OPAQUE else kernel(op.name)
        x = [states[i] if 0 <= i < len(states) else None for i in op.input_indices]
        y = [states[i] if 0 <= i < len(states) else None for i in op.output_indices]
        after_late = not late.isdisjoint(op.input_indices)
        if facts is None or after_late or not unsure.isdisjoint(op.input_indices):
            unsure.update(op.output_indices)
            if after_late:
                late.update(op.output_indices)
            continue
        node = Node(op, x, y, facts.options)
        if facts.dynamic is not None and node.value(facts.dynamic):
            unsure.update(op.output_indices)
            late.update(op.output_indices)
            sized = any(state is not None and not state.unsized for state in y)
            yield Computed(node, facts, data_dependent=sized)
            continue
        yield Computed(node, facts)
        values = node.value(facts.values)
        if values is not None and y and y[0] is not None:
            y[0].become(y[0].stored, values=values)


def data_dependent(graph: Subgraph) -> Iterator[Op]:
    """Find the ops at which shapes begin to depend on the data."""
    if any(map(_may_depend, graph.ops)):
        yield from (found.op for found in computed(graph) if found.data_dependent)


def _may_depend(op: Op) -> bool:
    """Cheaply: some operand that could be a shape, an axis or a count is no constant."""
    return op.name in SIZED_BY_DATA or (
        op.name not in OPAQUE
        and any(x is not None and x.dtype in ("int32", "int64") and not x.is_constant for x in op.inputs)
        and (facts := kernel(op.name)) is not None
        and facts.dynamic is not None
    )


def _shapes(facts: Kernel, node: Node, y: Sequence[NodeTensor | None]) -> Iterator[Shape | None]:
    made: Any = None
    for index, state in enumerate(y):
        if not isinstance(made, list):  # a list holds the shapes of all outputs
            made = node.value(facts.outputs[min(index, len(facts.outputs) - 1)]) if facts.outputs else None
        shape: Any = made
        if isinstance(made, list):
            shape = made[index] if index < len(made) else None
        yield tuple(shape) if state is not None and isinstance(shape, (tuple, list)) else None


def sized(graph: Subgraph, given: Mapping[int, Shape]) -> tuple[dict[int, Shape], Op | None, str]:
    """Shapes of tensors where these have others than in the file, as far as that is sure.

    Behind the first op whose outputs are not sure nothing is told: it is the second of the result, and the third says
    why; "" where its kernel's checks tell that it would refuse.
    """
    states = [NodeTensor(tensor) for tensor in graph.tensors]
    found = dict(given)
    for index, shape in given.items():
        states[index].become(shape)
    for op in graph.ops:
        facts = None if op.name in OPAQUE else kernel(op.name)
        if facts is None:
            return found, op, "makes of shapes what nobody knows beforehand"
        x = [states[i] if 0 <= i < len(states) else None for i in op.input_indices]
        y = [states[i] if 0 <= i < len(states) else None for i in op.output_indices]
        node = Node(op, x, y, facts.options)
        if facts.dynamic is not None and node.value(facts.dynamic):
            return found, op, "has an output that is sized by its data"
        made = Computed(node, facts)
        if not made.passes():
            return found, op, ""
        shapes = made.shapes()
        if any(shape is None for shape, state in zip(shapes, y, strict=True) if state is not None):
            return found, op, "makes of shapes what nobody knows beforehand"
        values = node.value(facts.values)
        for place, (state, shaped) in enumerate(zip(y, shapes, strict=True)):
            if state is not None and shaped is not None:
                state.become(shaped, values=values if place == 0 else None)
                found[op.output_indices[place]] = shaped
    return found, None, ""
