"""What `allocate_tensors()` reaches and checks: kernels' Prepare in order, up to the first dynamic output.

Measured on wheels (docs/verdicts.md). A node behind a dynamic output is not prepared, so its failure shows at Invoke
only; control flow (`control.py`) prepares its bodies when it is reached; a second signature's subgraph is not
prepared. CompiledModel prepares the first signature's subgraph instead of subgraph 0. TFLite Micro is another
interpreter: `micro.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.dataclass import dataclass
from tflint.runtimes import custom_names
from tflint.runtimes.compiled import buffers
from tflint.runtimes.construct import WITHOUT_PARAMETERS, effective_name, graph_indices
from tflint.runtimes.control import CONTROL_FLOW, control_flow
from tflint.runtimes.custom import file_name, with_options
from tflint.runtimes.kernel import DELEGATE_FIRST, kernel
from tflint.runtimes.micro import micro_allocate
from tflint.runtimes.node import Node, NodeTensor
from tflint.runtimes.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint.model.view import Model, Op, Subgraph
    from tflint.runtimes.kernel import Check, Kernel
    from tflint.runtimes.node import Shape
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Located, Stage

WINDOWS = frozenset({"AVERAGE_POOL_2D", "MAX_POOL_2D"})
MAX_DEPTH = 64  # subgraphs within subgraphs that are followed
# Up to here every subgraph is prepared once while the default delegate is applied, in order, until one of them has a
# dynamic tensor or an unresolved op: its own checks hold although nothing enters it (measured: ctl.unreferenced_badop).
PREPARES_ALL_BEFORE = (2, 16)


def allocate(model: Model, profile: RuntimeProfile) -> list[Refusal]:
    """Reasons why tensors are not allocated, and why what is allocated fails later."""
    if profile.micro:
        return micro_allocate(model, profile)
    return _Walk(model, profile).run()


@dataclass(frozen=True, slots=True, eq=False)
class _Prepared:
    """A subgraph after its preparation."""

    dynamic: bool  # some tensor of it is, so that the runtime stopped behind it
    inputs: tuple[NodeTensor | None, ...]
    outputs: tuple[NodeTensor | None, ...]
    reached: int = 0  # nodes that were prepared, the one with the first dynamic output included


class _Walk:
    def __init__(self, model: Model, profile: RuntimeProfile) -> None:
        self.model, self.profile = model, profile
        self.refusals: list[Refusal] = []
        self.active: list[int] = []
        self.entered: set[int] = set()  # subgraphs that something prepares
        self.allocated: set[int] = set()  # those of them that allocate_tensors() reaches
        self.demands: dict[tuple[str, bool], tuple[Check, ...]] = {}
        self.prepared: dict[tuple[int, Stage, tuple[tuple[str, Shape | None] | None, ...]], _Prepared] = {}

    def run(self) -> list[Refusal]:
        graphs, profile = self.model.subgraphs, self.profile
        if not graphs:
            return []
        called = list(dict.fromkeys(s.subgraph_index for s in self.model.signatures if s.subgraph_index < len(graphs)))
        entry = graphs[called[0]] if profile.compiled and called else graphs[0]
        prepared = self.enter(entry, None, "allocate")
        if prepared is not None and profile.compiled:
            self.refusals += buffers(self.model, entry, prepared.outputs, prepared.reached)
        if profile.xnnpack and profile.generation < PREPARES_ALL_BEFORE and not (prepared and prepared.dynamic):
            self._apply_delegate(graphs)
        for graph in graphs:
            if graph.index not in self.entered:
                if graph.index in called:
                    self.enter(graph, None, "invoke")
                else:
                    self._consistent(graph, "invoke")
        return self.refusals

    def _apply_delegate(self, graphs: Sequence[Subgraph]) -> None:
        """Prepare what nothing enters, as these releases do while they apply the default delegate."""
        for graph in graphs:
            if graph.index in self.allocated or graph.name.startswith("VALIDATION:"):
                continue
            before = len(self.refusals)
            prepared = self.enter(graph, None, "allocate")
            first = next((r for r in self.refusals[before:] if r.stage == "allocate"), None)
            if first is not None and first.code in custom_names.CODES:
                del self.refusals[before:]  # the delegate is given up without a word
                self.prepared = {key: value for key, value in self.prepared.items() if key[0] != graph.index}
                self.entered.discard(graph.index)
                self.allocated.discard(graph.index)
                return
            if prepared is None or prepared.dynamic:
                return

    def enter(self, graph: Subgraph, given: Sequence[NodeTensor | None] | None, stage: Stage) -> _Prepared | None:
        """Prepare a subgraph with the shapes of the caller's inputs; None: it is being prepared already."""
        if graph.index in self.active:
            return None
        states = [NodeTensor(tensor) for tensor in graph.tensors]
        for index, source in zip(graph.input_indices, given or (), strict=False):
            if source is not None and 0 <= index < len(states):
                states[index].become(source.known_shape, dynamic=False)
                states[index].type = source.type
        inputs = tuple(states[i] if 0 <= i < len(states) else None for i in graph.input_indices)
        key = (graph.index, stage, tuple((s.type, s.known_shape) if s is not None else None for s in inputs))
        if key in self.prepared:
            return self.prepared[key]
        if len(self.active) >= MAX_DEPTH:
            self.refuse("unknown", "TFL905", graph, problem=f"more than {MAX_DEPTH} subgraphs within each other")
            return _Prepared(True, inputs, tuple(None for _ in graph.output_indices))
        self._consistent(graph, stage)
        self.active.append(graph.index)
        stopped, reached = False, 0
        for op in graph.ops:
            reached += not stopped
            if self._op(op, states, stage):
                stage, stopped = "invoke", True
        self.active.pop()
        outputs = tuple(states[i] if 0 <= i < len(states) else None for i in graph.output_indices)
        stopped |= any(state is not None and state.unsized for state in outputs)
        self.entered.add(graph.index)
        if key[1] == "allocate":
            self.allocated.add(graph.index)
        self.prepared[key] = _Prepared(stopped, inputs, outputs, reached)
        return self.prepared[key]

    def _consistent(self, graph: Subgraph, stage: Stage) -> None:
        """Refuse indices that no tensor has and operators in place, wherever they are in the subgraph."""
        for at, problem in graph_indices(graph):
            self.refuse(stage, "TFL903", at, problem=problem)
        if self.profile.generation >= (2, 4):
            for op in graph.ops:
                if op.name not in WITHOUT_PARAMETERS:
                    both = set(op.input_indices).intersection(op.output_indices)
                    for index in both - {-1}:
                        self.refuse(stage, "TFL110", op, tensor=index)

    def _op(self, op: Op, states: list[NodeTensor], stage: Stage) -> bool:
        """Prepare one node; say whether it has a dynamic output."""
        x = [states[i] if 0 <= i < len(states) else None for i in op.input_indices]
        y = [states[i] if 0 <= i < len(states) else None for i in op.output_indices]
        self._sources(op, states, stage)
        dynamic = self._node(op, x, y, stage)
        if op.name != "VAR_HANDLE":
            for state in y:
                if state is not None and state.unsized:
                    state.become(None, dynamic=True)
                    dynamic = True
        return dynamic

    def _node(self, op: Op, x: list[NodeTensor | None], y: list[NodeTensor | None], stage: Stage) -> bool:
        if op.opcode is None:
            return False
        name = effective_name(op.opcode, self.profile)
        if name == "CUSTOM":
            return self._custom(op, x, y, stage)
        facts = kernel(name)
        if facts is None:
            if name in self.profile.kernels:
                self.refuse("unknown", "TFL214", op, op=name, what="its kernel's checks were not measured")
            self._outputs_unknown(y)
            return False
        node = Node(op, x, y, facts.options, generation=self.profile.generation)
        delegated = self._delegated(facts, node)
        if check := node.refused(self._demands(facts, delegated=delegated)):
            self.refuse(stage, "TFL212", op, op=name, requires=check.why or check.that, by=check.by)
        if None in y and name not in CONTROL_FLOW:
            self.refuse(stage, "TFL903", op, problem="an output that is no tensor")
        dynamic = self._results(facts, node)
        if delegated and name in WINDOWS and self.profile.generation >= DELEGATE_FIRST:
            self._windows(y)
        if name in CONTROL_FLOW:
            return control_flow(self, op, x, y, stage)
        return dynamic

    def _sources(self, op: Op, states: list[NodeTensor], stage: Stage) -> None:
        """TF 2.3 reads through the null data of an input that nobody makes and dies; later ones say so at Invoke."""
        if self.profile.generation >= (2, 4):
            return
        for index in op.input_indices:
            tensor = states[index].tensor if 0 <= index < len(states) else None
            if tensor is None or (tensor.subgraph, index) in self.model.producers or tensor.is_variable:
                continue
            held = tensor.is_constant and not (tensor.buffer and tensor.buffer.outside)
            held |= not tensor.elements or op.name == "CUSTOM"  # nothing to read; an accelerator's scratch
            if not held and (tensor.subgraph, index) not in self.model.given:
                self.refuse(stage, "TFL904", op, problem=f"{tensor.label} is an input that nothing makes")

    def _demands(self, facts: Kernel, *, delegated: bool) -> tuple[Check, ...]:
        """The checks that this release makes of such a node, in order."""
        found = self.demands.get((facts.op, delegated))
        if found is None:
            plain = delegated and self.profile.generation >= DELEGATE_FIRST
            found = self.demands[facts.op, delegated] = tuple(
                check
                for check in facts.checks
                if check.holds_for(self.profile.generation)
                and (delegated if check.by == "xnnpack" else not (check.unless_delegated and plain))
            )
        return found

    def _delegated(self, facts: Kernel, node: Node) -> bool:
        return self.profile.xnnpack and bool(node.value(facts.takes))

    def _results(self, facts: Kernel, node: Node) -> bool:
        if node.value(facts.dynamic):
            for state in node.y:
                if state is not None:
                    state.become(None, dynamic=True)
            return True
        values = node.value(facts.values) if self.profile.generation >= facts.values_since else None
        for index, state in enumerate(node.y):
            if state is None:
                continue
            shape = node.value(facts.outputs[min(index, len(facts.outputs) - 1)]) if facts.outputs else state.stored
            if isinstance(shape, list):  # one expression for all outputs
                shape = shape[index] if index < len(shape) else None
            state.become(_shape(shape), values=values if index == 0 and values is not None else None)
            state.densified = facts.op == "DENSIFY" or (
                facts.op == "DEQUANTIZE"
                and any(each is not None and each.const and each.type == "float16" for each in node.x[:1])
                and state.type == "float32"
            )
        return False

    @staticmethod
    def _windows(y: list[NodeTensor | None]) -> None:
        """XNNPACK gives one position at least where a kernel's window is wider than its input."""
        for state in y:
            if state is not None and state.known_shape is not None and len(state.shape) == 4:
                batch, height, width, depth = state.shape
                state.become((batch, max(1, height), max(1, width), depth))

    @staticmethod
    def _outputs_unknown(y: list[NodeTensor | None]) -> None:
        for state in y:
            if state is not None:
                state.become(None)

    def _custom(self, op: Op, x: list[NodeTensor | None], y: list[NodeTensor | None], stage: Stage) -> bool:
        name = (op.opcode.custom_code if op.opcode else None) or ""
        self._outputs_unknown(y)
        profile = self.profile
        low, high = profile.custom_ops.get(name, (1, 0))
        delegated = profile.xnnpack and name in profile.xnnpack_custom_ops
        if low <= op.version <= high or delegated:
            facts = kernel(file_name(name))
            if facts is None:
                return False
            node = Node(with_options(op, name), x, y, "", generation=self.profile.generation)
            if check := node.refused(self._demands(facts, delegated=delegated)):
                if delegated:
                    self.refuse(stage, "TFL304", op, op=name, problem="does not fit the default XNNPACK delegate")
                else:
                    self.refuse(stage, "TFL212", op, op=name, requires=check.why or check.that, by=check.by)
            return self._results(facts, node)
        if name.startswith("Flex"):
            if profile.flex:
                self._flex(op, name, y, stage)
            else:
                self.refuse(stage, "TFL301", op, op=name)
            return False
        self.refuse(stage, custom_names.rule_code(name), op, op=name, problem=custom_names.UNREGISTERED)
        return False

    def _flex(self, op: Op, name: str, y: list[NodeTensor | None], stage: Stage) -> None:
        from tflint.runtimes.profile import flex_allowlist  # noqa: PLC0415 - 744 names, for Flex builds only

        if name[4:] not in flex_allowlist() or not op.custom_options:
            self.refuse(stage, "TFL301", op, op=name)
        for state in y:  # a shape that TensorFlow's inference confirms stays
            if state is not None and state.stored and -1 not in state.tensor.dims:
                state.become(state.stored)

    def refuse(self, stage: Stage, code: str, at: Located, /, **data: Any) -> None:
        self.refusals.append(Refusal(stage, code, at, data))


def _shape(value: Any) -> Shape | None:
    return tuple(value) if isinstance(value, (tuple, list)) else None
