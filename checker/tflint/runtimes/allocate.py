"""What `allocate_tensors()` reaches and checks: kernels' Prepare in order, up to the first dynamic output.

Facts: facts/prepare.json. A node behind a dynamic output is not prepared, so its failure shows at Invoke only; control
flow (`control.py`) prepares its bodies when it is reached; a second signature's subgraph is not prepared. CompiledModel
prepares the first signature's subgraph instead of subgraph 0. TFLite Micro prepares everything and takes no dynamic
output at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.runtimes.construct import effective_name, graph_indices
from tflint.runtimes.kernel import DELEGATE_FIRST, AbsentError, Node, NodeTensor, UndecidedError, kernel
from tflint.runtimes.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tflint.model.view import Model, Op, Subgraph, Tensor
    from tflint.runtimes.kernel import Check, Kernel, Shape
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Stage

MAX_DEPTH = 16  # subgraph calls; a runtime recurses until its stack ends
# op -> options that name the subgraphs which its Prepare prepares, with the inputs of the node
BODIES: Mapping[str, tuple[str, ...]] = {
    "IF": ("then_subgraph_index", "else_subgraph_index"),
    "WHILE": ("cond_subgraph_index", "body_subgraph_index"),
    "STABLEHLO_COMPOSITE": ("decomposition_subgraph_index",),
}
CALLS: Mapping[str, tuple[str, ...]] = {**BODIES, "CALL_ONCE": ("init_subgraph_index",)}
# Up to here every subgraph is prepared once while the default delegate is applied, in order, until one of them has a
# dynamic tensor or an unresolved op: its own checks hold although nothing enters it (measured: ctl.unreferenced_badop).
PREPARES_ALL_BEFORE = (2, 16)
UNSIZED = frozenset({"string", "resource", "variant"})  # never sized before they are computed


def allocate(model: Model, profile: RuntimeProfile) -> list[Refusal]:
    """Reasons why tensors are not allocated, and why what is allocated fails later."""
    return _Walk(model, profile).run()


class _Walk:
    def __init__(self, model: Model, profile: RuntimeProfile) -> None:
        self.model, self.profile = model, profile
        self.refusals: list[Refusal] = []
        self.entered: set[int] = set()
        self.by = "tflm" if profile.micro else "tflite"

    def run(self) -> list[Refusal]:
        for graph in self.model.subgraphs:
            stage: Stage = "allocate" if graph.index == 0 or self.profile.micro else "invoke"
            for at, problem in graph_indices(graph):
                self.refusals.append(Refusal(stage, "TFL903", at, {"problem": problem}))
        if self.model.subgraphs:
            self._subgraph(self.model.subgraphs[0], None, "allocate", 0)
        called = {signature.subgraph_index for signature in self.model.signatures}
        for graph in self.model.subgraphs[1:]:
            if graph.index not in self.entered and (self.profile.micro or graph.index in called):
                self._subgraph(graph, None, "allocate" if self.profile.micro else "invoke", 0)
        return self.refusals

    def _subgraph(self, graph: Subgraph, given: Sequence[NodeTensor | None] | None, stage: Stage, depth: int) -> bool:
        """Prepare a subgraph with the shapes of the caller's inputs; say whether its outputs are static."""
        self.entered.add(graph.index)
        states = [NodeTensor(tensor) for tensor in graph.tensors]
        for index, source in zip(graph.input_indices, given or (), strict=False):
            if source is not None and 0 <= index < len(states):
                states[index].become(source.known_shape, dynamic=False)
        for op in graph.ops:
            dynamic = self._op(op, states, stage, depth)
            if dynamic and not self.profile.micro and stage == "allocate":
                stage = "invoke"
        return not any(states[i].dynamic for i in graph.output_indices if 0 <= i < len(states))

    def _op(self, op: Op, states: list[NodeTensor], stage: Stage, depth: int) -> bool:
        """Prepare one node; say whether it has a dynamic output."""
        x = [states[i] if 0 <= i < len(states) else None for i in op.input_indices]
        y = [states[i] if 0 <= i < len(states) else None for i in op.output_indices]
        if not self.profile.micro and self.profile.generation >= (2, 4):
            for index in set(op.input_indices) & set(op.output_indices) - {-1}:
                self._refuse(stage, "TFL110", op, tensor=index)
        if op.opcode is None:
            return False
        self._sources(op, states, stage)
        name = effective_name(op.opcode, self.profile)
        if name == "CUSTOM":
            return self._custom(op, y, stage)
        facts = kernel(name)
        if facts is None:
            if name in self.profile.kernels:
                self._refuse("unknown", "TFL214", op, op=name, what="its kernel's checks were not measured")
            self._outputs_unknown(y)
            return False
        node = Node(op, x, y, facts.options)
        delegated = self._delegated(facts, node)
        for check in facts.checks:
            if self._applies(check, delegated) and not self._passes(check, node):
                self._refuse(stage, "TFL212", op, op=name, requires=check.why or check.that, by=check.by)
                break
        if name in BODIES:
            return self._bodies(op, x, y, stage, depth)
        return self._results(facts, node)

    def _sources(self, op: Op, states: list[NodeTensor], stage: Stage) -> None:
        """TF 2.3 reads through the null data of an input that nobody makes and dies; later ones say so at Invoke."""
        if self.profile.generation >= (2, 4):
            return
        for index in op.input_indices:
            tensor = states[index].tensor if 0 <= index < len(states) else None
            if tensor is None or (tensor.subgraph, index) in self.model.producers or tensor.is_variable:
                continue
            held = tensor.is_constant and not (tensor.buffer and tensor.buffer.outside)
            if not held and index not in self.model.subgraphs[tensor.subgraph].input_indices:
                self._refuse(stage, "TFL904", op, problem=f"{tensor.label} is an input that nothing makes")

    def _applies(self, check: Check, delegated: bool) -> bool:
        profile = self.profile
        if check.by == "xnnpack":
            wanted = delegated
        else:
            wanted = check.by == self.by and not (
                check.unless_delegated and delegated and profile.generation >= DELEGATE_FIRST
            )
        return wanted and check.holds_for(profile.generation)

    def _delegated(self, facts: Kernel, node: Node) -> bool:
        if not self.profile.xnnpack or facts.takes is None:
            return False
        try:
            return bool(node.evaluate(facts.takes))
        except (UndecidedError, AbsentError):
            return False

    @staticmethod
    def _passes(check: Check, node: Node) -> bool:
        try:
            return bool(node.evaluate(check.code))
        except UndecidedError:
            return True
        except AbsentError:
            return False

    def _results(self, facts: Kernel, node: Node) -> bool:
        if facts.dynamic is not None:
            try:
                dynamic = bool(node.evaluate(facts.dynamic))
            except (UndecidedError, AbsentError):
                dynamic = False
            if dynamic:
                for state in node.y:
                    if state is not None:
                        state.become(None, dynamic=True)
                return True
        values = _try(node, facts.values)
        for index, state in enumerate(node.y):
            if state is None:
                continue
            shape = _try(node, facts.outputs[min(index, len(facts.outputs) - 1)]) if facts.outputs else state.stored
            if isinstance(shape, list):  # one expression for all outputs
                shape = shape[index] if index < len(shape) else None
            state.become(_shape(shape), values=values if index == 0 and values is not None else None)
        return False

    @staticmethod
    def _outputs_unknown(y: list[NodeTensor | None]) -> None:
        for state in y:
            if state is not None:
                state.become(None)

    def _custom(self, op: Op, y: list[NodeTensor | None], stage: Stage) -> bool:
        code = op.opcode.custom_code if op.opcode else None
        name = code or ""
        self._outputs_unknown(y)
        profile = self.profile
        low, high = profile.custom_ops.get(name, (1, 0))
        if low <= op.version <= high:
            return False
        if profile.xnnpack and name in profile.xnnpack_custom_ops:
            facts = kernel(name)
            if facts is not None:
                node = Node(op, [], [], "")
                if not all(self._passes(check, node) for check in facts.checks):
                    self._refuse(stage, "TFL304", op, op=name, problem="does not fit the default XNNPACK delegate")
            return False
        if name.startswith("Flex"):
            if profile.flex:
                self._flex(op, name, stage)
            else:
                self._refuse(stage, "TFL301", op, op=name)
            return False
        self._refuse(stage, "TFL304", op, op=name, problem="is not registered")
        return False

    def _flex(self, op: Op, name: str, stage: Stage) -> None:
        from tflint.runtimes.profile import flex_allowlist  # noqa: PLC0415 - 744 names, for Flex builds only

        if name[4:] not in flex_allowlist():
            self._refuse(stage, "TFL301", op, op=name)

    def _bodies(
        self, op: Op, x: list[NodeTensor | None], y: list[NodeTensor | None], stage: Stage, depth: int
    ) -> bool:
        """Prepare the bodies of a control-flow node; a loop or branch whose shapes vary makes its outputs dynamic."""
        static = True
        given = x[1:] if op.name == "IF" else x
        for option in BODIES[op.name]:
            index = op.options.get(option, 0)
            if not 0 <= index < len(self.model.subgraphs):
                self._refuse(stage, "TFL903", op, problem=f"subgraph {index} of {len(self.model.subgraphs)}")
                return False
            if depth >= MAX_DEPTH or index == op.subgraph:
                self._refuse(stage, "TFL905", op, problem="calls itself")
                return False
            static &= self._subgraph(self.model.subgraphs[index], given, stage, depth + 1)
        for position, state in enumerate(y):
            if state is None:
                continue
            if not static:
                state.become(None, dynamic=True)
            elif op.name == "WHILE" and position < len(x) and x[position] is not None:
                state.become(x[position].known_shape)  # type: ignore[union-attr] # tested on the line above
            else:
                state.become(state.stored)
        return not static

    def _refuse(self, stage: Stage, code: str, at: Op | Tensor | Subgraph, /, **data: Any) -> None:
        self.refusals.append(Refusal(stage, code, at, data))


def _try(node: Node, code: Any) -> Any:
    if code is None:
        return None
    try:
        return node.evaluate(code)
    except (UndecidedError, AbsentError):
        return None


def _shape(value: Any) -> Shape | None:
    return tuple(value) if isinstance(value, (tuple, list)) else None


def callees(op: Op) -> Iterator[int]:
    """Subgraphs that an operator names in its options."""
    for option in CALLS.get(op.name, ()):
        if option in op.options:
            yield op.options[option]
    if op.name == "STABLEHLO_CASE":
        yield from op.options.get("branch_subgraph_indices") or ()
