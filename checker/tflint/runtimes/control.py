"""Control flow in the walk: what IF, WHILE, CASE, COMPOSITE, CALL_ONCE and SCATTER make of the subgraphs they name.

Source: tflite/kernels/if.cc, while.cc, stablehlo_case.cc, stablehlo_composite.cc, call_once.cc, stablehlo_scatter.cc
and control_flow_common.h (LiteRT f674577); measured on litert-2.3.0, 1.4.0, 1.0.1, tflite-runtime-2.14.0, tflite-2.12.
A body gets the caller's shapes and is prepared when the node is reached. A body with any dynamic tensor makes every
output of the node dynamic, as do branches that differ in an output's shape and a loop that changes a shape. A body that
is being prepared already is prepared without end: the process dies.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import Any

    from tflint.model.view import Model, Op, Subgraph
    from tflint.runtimes.node import NodeTensor, Shape
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Located, Stage

    States = Sequence[NodeTensor | None]

CALLS: Mapping[str, tuple[str, ...]] = {
    "IF": ("then_subgraph_index", "else_subgraph_index"),
    "WHILE": ("cond_subgraph_index", "body_subgraph_index"),
    "CALL_ONCE": ("init_subgraph_index",),
    "STABLEHLO_COMPOSITE": ("decomposition_subgraph_index",),
    "STABLEHLO_SCATTER": ("update_computation_subgraph_index",),
}
CONTROL_FLOW = frozenset({*CALLS, "STABLEHLO_CASE"})
SCALAR_IS_VECTOR = (2, 13)  # 2.12 does not, 2.14 does
NO_SELF_CALL = (2, 19)  # litert-1.0.1 takes a CALL_ONCE of its own subgraph, 1.4.0 does not
REGION_OPS = frozenset({"STABLEHLO_ADD", "STABLEHLO_MULTIPLY", "STABLEHLO_MAXIMUM", "STABLEHLO_MINIMUM"})


class Prepared(Protocol):
    """A subgraph after its preparation."""

    @property
    def dynamic(self) -> bool:
        """Some tensor of it is."""
        ...

    @property
    def inputs(self) -> States:
        """Its inputs."""
        ...

    @property
    def outputs(self) -> States:
        """Its outputs."""
        ...


class Walk(Protocol):
    """What control flow asks of the walk."""

    model: Model
    profile: RuntimeProfile

    def enter(self, graph: Subgraph, given: States | None, stage: Stage, /) -> Prepared | None:
        """Prepare a subgraph; None: it is being prepared already."""
        ...

    def refuse(self, stage: Stage, code: str, at: Located, /, **data: Any) -> None:
        """Note a refusal."""
        ...


def callees(op: Op) -> Iterator[int]:
    """Subgraphs that an operator names in its options."""
    for option in CALLS.get(op.name, ()):
        if option in op.options:
            yield op.options[option]
    if op.name == "STABLEHLO_CASE":
        yield from op.options.get("branch_subgraph_indices") or ()


def control_flow(walk: Walk, op: Op, x: States, y: States, stage: Stage) -> bool:
    """Prepare the bodies of a control-flow node; say whether it has a dynamic output."""
    count = len(walk.model.subgraphs)
    indices = [op.options.get(option, 0) for option in CALLS.get(op.name, ())]
    for index in indices:
        if not 0 <= index < count:
            walk.refuse(stage, "TFL903", op, problem=f"subgraph {index} of {count}")
            return False
    # STABLEHLO_CASE prepares every subgraph but the first, whichever its branches are
    graphs = [walk.model.subgraphs[i] for i in (indices or range(1, count))]
    if op.name == "CALL_ONCE":
        if indices[0] == op.subgraph and walk.profile.generation >= NO_SELF_CALL:
            walk.refuse(stage, "TFL905", op, problem="calls itself")
        elif _fits(walk, op, graphs[0], stage, (0, 0)):
            walk.enter(graphs[0], None, "invoke")
        return False
    if op.name == "STABLEHLO_SCATTER":
        _region(walk, op, graphs[0], stage)
        return False
    given = x[1:] if op.name in ("IF", "STABLEHLO_CASE") else x
    if op.name == "WHILE" and indices[0] == indices[1]:
        walk.refuse(stage, "TFL212", op, op=op.name, requires="a condition and a body of its own each", by="tflite")
        return False
    for graph in graphs:
        results = 1 if op.name == "WHILE" and graph is graphs[0] else len(y)
        if not _fits(walk, op, graph, stage, (len(given), results)):
            return False
        if any(state is None and _reads(graph, index) for state, index in zip(given, graph.input_indices, strict=True)):
            walk.refuse(stage, "TFL903", op, problem=f"it omits an input that subgraph {graph.index} reads")
            return False
    bodies = []
    for graph in graphs:
        body = walk.enter(graph, given, stage)
        if body is None:
            walk.refuse(stage, "TFL905", op, problem="calls itself")
            return False
        bodies.append(body)
    dynamic = _loops(walk, op, bodies[0], bodies[1], stage) if op.name == "WHILE" else _branches(bodies)
    for position, state in enumerate(y):
        if state is None:
            continue
        made = bodies[-1].outputs[position] if bodies else None
        state.become(None if dynamic or made is None else made.known_shape, dynamic=dynamic)
    return dynamic


def _fits(walk: Walk, op: Op, graph: Subgraph, stage: Stage, counts: tuple[int, int]) -> bool:
    """Say whether the subgraph has as many inputs and outputs as the node gives and takes."""
    inputs, outputs = counts
    if len(graph.input_indices) == inputs and len(graph.output_indices) == outputs:
        return True
    requires = f"{inputs} inputs and {outputs} outputs of subgraph {graph.index}"
    walk.refuse(stage, "TFL212", op, op=op.name, requires=requires, by="tflite")
    return False


def _reads(graph: Subgraph, index: int) -> bool:
    return index in graph.output_indices or any(index in op.input_indices for op in graph.ops)


def _branches(bodies: Sequence[Prepared]) -> bool:
    """Say whether some branch has a dynamic tensor, or two of them differ in a shape."""
    if any(body.dynamic for body in bodies):
        return True
    for outputs in zip(*(body.outputs for body in bodies), strict=True):
        shapes = {state.known_shape for state in outputs if state is not None} - {None}
        if len(shapes) > 1:
            return True
    return False


def _loops(walk: Walk, op: Op, condition: Prepared, body: Prepared, stage: Stage) -> bool:
    """Say whether the loop's tensors vary; check the condition's output and the dtypes that the body hands on."""
    truth = condition.outputs[0]
    if truth is not None and not truth.dynamic:
        shape = truth.known_shape
        if truth.type != "bool" or (shape is not None and shape not in ((), (1,))):
            walk.refuse(stage, "TFL212", op, op=op.name, requires="a condition that gives one BOOL", by="tflite")
    if body.dynamic:
        return True
    for before, after in zip(body.inputs, body.outputs, strict=True):
        if before is None or after is None:
            continue
        if before.type != after.type:
            walk.refuse(stage, "TFL212", op, op=op.name, requires="a body that keeps its inputs' dtypes", by="tflite")
            return False
        if not _same(before.known_shape, after.known_shape, walk.profile.generation):
            return True
    return False


def _same(before: Shape | None, after: Shape | None, generation: tuple[int, ...]) -> bool:
    """Equal for a loop: a scalar and a vector of one element became so; what is not known is taken for equal."""
    if before is None or after is None or before == after:
        return True
    return generation >= SCALAR_IS_VECTOR and sum(shape[0] for shape in (before, after) if shape) == 1


def _region(walk: Walk, op: Op, graph: Subgraph, stage: Stage) -> None:
    """Check the one operator from which STABLEHLO_SCATTER reads what its region does."""
    if len(graph.ops) > 1 or any(inner.name not in REGION_OPS for inner in graph.ops):
        requires = "a region that updates, adds, multiplies, or takes the maximum or minimum"
        walk.refuse(stage, "TFL212", op, op=op.name, requires=requires, by="tflite")
