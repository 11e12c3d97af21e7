"""What TFLite Micro makes of a model: another interpreter, with other checks in another order.

Measured on the tflite-micro wheel (2026-10-23), whose interpreter allocates while it is built. It reads no version,
neither the schema's nor an op's, and no unused operator code; it holds no constant against its shape. It resolves and
prepares the operators of all subgraphs, with the shapes of the file: nearly no kernel computes its output's. A tensor
that some kernel gave a new shape is in `outputs` of `kernels/tflm/<OP>.json`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.model import schema
from tflint.runtimes.custom import file_name, with_options
from tflint.runtimes.custom_names import UNREGISTERED, rule_code
from tflint.runtimes.kernel import kernel
from tflint.runtimes.node import Node, NodeTensor, UndecidedError
from tflint.runtimes.profile import known_ops
from tflint.runtimes.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tflint.model.tensor import Tensor
    from tflint.model.view import Model, Op, OperatorCode, Subgraph
    from tflint.runtimes.kernel import Kernel
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Located

CUSTOM, VAR_HANDLE = "CUSTOM", "VAR_HANDLE"
UNSIZED = frozenset({"string", "variant", "int2", "uint4"})  # of no size to it: one such tensor, used or not, is enough
NO_INPUTS = frozenset({VAR_HANDLE, "CALL_ONCE"})
OFFLINE_PLAN = "OfflineMemoryAllocation"
WORDS = 16  # twice the highest rank
DYNAMIC = "an output of fixed shape: it has no dynamic tensors"


class _MicroTensor(NodeTensor):
    """A tensor as a TFLite Micro kernel sees it: it takes the first scale and zero point of however many."""

    __slots__ = ()

    def __init__(self, tensor: Tensor) -> None:
        super().__init__(tensor)
        self.const = tensor.buffer is not None and tensor.buffer.data_size > 0  # no bytes, no constant

    @property
    def quantized(self) -> bool:
        """Carries affine quantization parameters: a scale and a zero point."""
        return len(self.scales) > 0 and len(self.zero_points) > 0

    @property
    def scale(self) -> float:
        """The first scale; 0.0 without quantization."""
        return float(self.scales[0]) if self.quantized else 0.0

    @property
    def zero_point(self) -> int:
        """The first zero point; 0 without quantization."""
        return int(self.zero_points[0]) if self.quantized else 0

    @property
    def words(self) -> tuple[int, ...]:
        """A constant as int32, whatever its dtype, and what follows it in the file: some kernels read on behind it."""
        buffer = self.tensor.buffer
        if buffer is None or not buffer.data_size:
            raise UndecidedError
        raw = bytes(buffer.source[buffer.start : buffer.start + WORDS * 4])
        return tuple(memoryview(raw[: len(raw) // 4 * 4]).cast("i"))


def micro_construct(model: Model, profile: RuntimeProfile) -> Iterator[Refusal]:
    """Reasons why the model is not read, or an operator not resolved."""
    for name, at in (("subgraphs", model.subgraphs), ("buffers", model.buffers)):
        if name in model.absent or not at:
            yield Refusal("load", "TFL901", model, {"problem": f"no {name[:-1]}"})
    for graph in model.subgraphs:
        for name in ("tensors", "inputs", "outputs"):
            if name in graph.absent:
                yield Refusal("load", "TFL901", graph, {"problem": f"no {name}"})
        for tensor in graph.tensors:
            yield from _tensor(tensor, model, profile)
        for op in graph.ops:
            yield from _operator(op, model)
            yield from _custom(op, profile)
    for code in model.operator_codes:
        if code.index in model.used_opcodes:
            yield from _operator_code(code, profile)
    yield from _offline_plan(model)


def _tensor(tensor: Tensor, model: Model, profile: RuntimeProfile) -> Iterator[Refusal]:
    if tensor.buffer is None and model.buffers:
        yield Refusal("load", "TFL902", tensor, {"problem": f"buffer {tensor.buffer_index} of {len(model.buffers)}"})
    elif tensor.dtype in UNSIZED or tensor.dtype not in profile.tensor_types:
        yield Refusal("allocate", "TFL516", tensor, {"dtype": tensor.dtype})
    elif tensor.elements < 0:
        yield Refusal("allocate", "TFL907", tensor, {"problem": f"a negative dimension in {list(tensor.shape)}"})


def _operator(op: Op, model: Model) -> Iterator[Refusal]:
    problem = ""
    if op.opcode is None:
        problem = f"operator code {op.opcode_index} of {len(model.operator_codes)}"
        yield Refusal("load", "TFL903", op, {"problem": problem})
    elif op.name != CUSTOM and op.custom_options is not None:
        yield Refusal("allocate", "TFL910", op, {"problem": "a builtin operator with custom options"})
    elif "inputs" in op.absent and op.name not in NO_INPUTS:
        yield Refusal("allocate", "TFL910", op, {"problem": "no inputs"})
    elif op.name == VAR_HANDLE and not op.options_type:
        yield Refusal("load", "TFL910", op, {"problem": "no options"})
    elif any(tensor is not None and tensor.byte_size for tensor in op.intermediates):
        yield Refusal("allocate", "TFL910", op, {"problem": "an intermediate tensor that is not empty"})


def _custom(op: Op, profile: RuntimeProfile) -> Iterator[Refusal]:
    name = op.opcode.custom_code if op.opcode and op.name == CUSTOM else None
    if name is None or name in profile.custom_ops:
        return
    if name.startswith("Flex"):
        yield Refusal("allocate", "TFL301", op, {"op": name})
    else:
        yield Refusal("allocate", rule_code(name), op, {"op": name, "problem": UNREGISTERED})


def _operator_code(code: OperatorCode, profile: RuntimeProfile) -> Iterator[Refusal]:
    if code.name == CUSTOM:
        if code.custom_code is None:
            yield Refusal("allocate", "TFL304", code, {"op": CUSTOM, "problem": "has no custom_code"})
    elif code.code not in schema.ENUMS["BuiltinOperator"]:
        yield Refusal("allocate", "TFL202", code, {"number": code.code})
    elif code.name not in profile.kernels:
        data = {"op": code.name, "version": code.version, "have": "absent", "number": code.code}
        yield Refusal("allocate", "TFL205" if code.name in known_ops() else "TFL204", code, data)


def _offline_plan(model: Model) -> Iterator[Refusal]:
    """Check the memory plan that Vela and others add: one offset for each tensor of subgraph 0."""
    plan = model.metadata_bytes(OFFLINE_PLAN)
    if plan is None or len(plan) < 12 or model.primary is None:
        return
    count, tensors = int.from_bytes(plan[8:12], "little"), len(model.primary.tensors)
    if count != tensors:
        at = next(entry for entry in model.metadata if entry.name == OFFLINE_PLAN)
        yield Refusal("allocate", "TFL902", at, {"problem": f"an offline plan of {count} tensors, for {tensors}"})


def micro_allocate(model: Model, profile: RuntimeProfile) -> list[Refusal]:
    """Reasons why a kernel's Prepare fails: all subgraphs, in order, up to the end."""
    refusals: list[Refusal] = []
    sizes = [(len(graph.input_indices), len(graph.output_indices)) for graph in model.subgraphs]
    for graph in model.subgraphs:
        broken = list(_indices(graph))
        refusals += (Refusal("load", "TFL903", at, {"problem": problem}) for at, problem in broken)
        if not broken:
            states = [_MicroTensor(tensor) for tensor in graph.tensors]
            for op in graph.ops:
                refusals += _prepare(op, states, sizes, profile)
    return refusals


def _indices(graph: Subgraph) -> Iterator[tuple[Located, str]]:
    """Tensor indices out of range: it reads behind the list and, mostly, dies."""
    count = len(graph.tensors)
    for role, indices in (("input", graph.input_indices), ("output", graph.output_indices)):
        for index in indices:
            if not 0 <= index < count:
                yield graph, f"{role} tensor {index} of {count}"
    for op in graph.ops:
        for role, indices in (("input", op.input_indices), ("output", op.output_indices)):
            for index in indices:
                if not -1 <= index < count:
                    yield op, f"{role} tensor {index} of {count}"


def _prepare(
    op: Op, states: Sequence[_MicroTensor], sizes: Sequence[tuple[int, int]], profile: RuntimeProfile
) -> Iterator[Refusal]:
    known: Mapping[str, object] = profile.custom_ops if op.name == CUSTOM else profile.kernels
    if op.kind not in known:
        return  # micro_construct has said so
    custom = op.name == CUSTOM
    facts = kernel(file_name(op.kind), micro=True)
    x = [states[i] if i >= 0 else None for i in op.input_indices]
    y = [states[i] if i >= 0 else None for i in op.output_indices]
    if facts is None:
        if not custom:
            what = "its kernel's checks were not measured"
            yield Refusal("unknown", "TFL214", op, {"op": op.kind, "what": what})
        return
    node = Node(with_options(op, op.kind) if custom else op, list(x), list(y), facts.options, graphs=sizes)
    for check in facts.checks:
        if not node.passes(check.code):
            requires = check.why or check.that
            yield Refusal("allocate", "TFL212", op, {"op": op.kind, "requires": requires, "by": check.by})
            return
    _reshape(facts, node)
    for state in y:
        if state is not None and state.shape != (0,) and any(dim <= 0 for dim in state.shape):
            yield Refusal("allocate", "TFL212", op, {"op": op.kind, "requires": DYNAMIC, "by": "tflm"})
            return


def _reshape(facts: Kernel, node: Node) -> None:
    """Take the shapes that the kernel computes, if it is of the few that do."""
    for state, code in zip(node.y, facts.outputs, strict=False):
        shape = node.value(code)
        if state is not None and shape is not None:
            state.become(tuple(shape))
