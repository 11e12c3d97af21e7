"""What LiteRT's CompiledModel API refuses beyond the interpreter.

Source: litert/core/model/model_load.cc, litert/runtime/compiled_model.cc, litert/cc/litert_compiled_model.cc (LiteRT
f674577); measured on litert-2.3.0 with models of one op: loading, buffers for the first signature, and one run.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.model.tensor import DTYPES
from tflint.runtimes.refusal import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint.model.tensor import Tensor
    from tflint.model.view import Model, Op, Signature, Subgraph
    from tflint.runtimes.node import NodeTensor
    from tflint.runtimes.profile import RuntimeProfile
    from tflint.runtimes.refusal import Located, Stage

MAX_RANK = 8
NO_TYPE = frozenset({"variant", "complex128"})  # no element type of LiteRT's
NO_BUFFER = frozenset({"string", "resource"})
KEEPS_ITS_BUFFER = frozenset({"RESHAPE"})  # gives back a preset buffer although its output is dynamic


def compiled(model: Model, profile: RuntimeProfile) -> Iterator[Refusal]:  # noqa: ARG001 - one release so far
    """Reasons why CompiledModel does not load a model that the interpreter takes."""
    for tensor in model.tensors:
        problem = _tensor(tensor)
        if problem:
            yield _refusal("load", tensor, problem)
    for op in model.ops:
        problem = _op(op)
        if problem:
            yield _refusal("load", op, problem)
    for signature in model.signatures:
        problem = _signature(signature, model)
        if problem:
            yield _refusal("load", signature, problem)
    for entry in model.metadata:
        if entry.buffer is None:
            yield _refusal("load", entry, f"its buffer {entry.buffer_index} of {len(model.buffers)}")


def _refusal(stage: Stage, at: Located, problem: str) -> Refusal:
    return Refusal(stage, "TFL213", at, {"problem": problem})


def _tensor(tensor: Tensor) -> str:
    if tensor.is_variable:
        return "a variable tensor"
    if tensor.dtype in NO_TYPE:
        return f"a {tensor.dtype} tensor"
    if tensor.variant_types:
        return "a tensor of variants"
    return f"rank {len(tensor.dims)}, at most {MAX_RANK}" if len(tensor.dims) > MAX_RANK else ""


def _op(op: Op) -> str:
    if op.intermediate_indices:
        return "intermediate tensors"
    return "mutating_variable_inputs" if op.mutating_variable_inputs else ""


def _signature(signature: Signature, model: Model) -> str:
    if signature.inputs is None or signature.outputs is None:
        return "a signature without its maps"
    if signature.subgraph_index >= len(model.subgraphs):
        return f"subgraph {signature.subgraph_index} of {len(model.subgraphs)}"
    graph = model.subgraphs[signature.subgraph_index]
    for role, entries, own in (
        ("inputs", signature.inputs, graph.input_indices),
        ("outputs", signature.outputs, graph.output_indices),
    ):
        if len(entries) != len(own):
            return f"{len(entries)} {role} for {len(own)} of its subgraph"
        if any(not 0 <= index < len(graph.tensors) for _, index in entries):
            return f"{role} that are no tensors"
    return ""


def buffers(model: Model, graph: Subgraph, outputs: Sequence[NodeTensor | None], reached: int) -> Iterator[Refusal]:
    """Reasons why the subgraph that the first signature runs gets no buffers for its inputs and outputs.

    A buffer has the size that the file gives, unless an output before it has a dimension that varies: the tensors are
    allocated first then, and a dynamic output takes no buffer any more. Sizes are compared for the `reached` nodes that
    are prepared before the run.
    """
    for tensor in graph.inputs:
        if tensor is not None:
            problem = "a constant input" if tensor.is_constant else _no_buffer(tensor)
            if problem:
                yield _refusal("allocate", tensor, problem)
    varies = [
        tensor is not None and tensor.has_rank and -1 in (tensor.shape_signature or ()) for tensor in graph.outputs
    ]
    plan = 0
    for position, state in enumerate(outputs):
        if state is None or state.tensor.is_constant:
            continue
        tensor = state.tensor
        maker = model.producers.get((graph.index, tensor.index))
        allocated = any(varies[: position + 1])
        problem = _no_buffer(tensor)
        if not problem and state.dynamic and any(varies) and maker is not None and maker.name not in KEEPS_ITS_BUFFER:
            problem = "an output of unknown size beside a dimension that varies"
        stage: Stage = "allocate"
        shape = state.known_shape
        if not problem and shape is not None and not allocated and maker is not None:
            need = _bytes(tensor, shape)
            if need > tensor.byte_size:
                problem = f"an output of {need:,} bytes stored with a shape of {tensor.byte_size:,}"
                plan = plan or min(reached, _plan(graph))
                stage = "allocate" if maker.index < plan else "invoke"
        if problem:
            yield _refusal(stage, tensor, problem)


def _plan(graph: Subgraph) -> int:
    """Count the nodes of the plan that XNNPACK leaves: its partitions, and what it does not take.

    The runtime compares an output's size if the index of the node that makes it is below that. The partitions are made
    as in tflite/graph_info.cc: all that can follow the first node of a kind, taken or not, does; then the other kind.
    """
    from tflint.runtimes.accelerator import accelerator  # noqa: PLC0415 - for the few models with such an output

    delegated = accelerator("xnnpack").ops
    makers = {index: position for position, op in enumerate(graph.ops) for index in op.output_indices}
    needs = [{makers[index] for index in op.input_indices if index in makers} for op in graph.ops]
    users: dict[int, list[int]] = {}
    for position, sources in enumerate(needs):
        for source in sources:
            users.setdefault(source, []).append(position)
    missing = [len(sources) for sources in needs]
    ready: dict[bool, list[int]] = {True: [], False: []}
    for position, count in enumerate(missing):
        if not count:
            ready[graph.ops[position].name in delegated].append(position)
    kind, plan = bool(ready[True]) and ready[True][0] < min(ready[False], default=len(needs)), 0
    while ready[kind]:
        plan += kind
        while ready[kind]:
            plan += not kind
            for user in users.get(ready[kind].pop(), ()):
                missing[user] -= 1
                if not missing[user]:
                    ready[graph.ops[user].name in delegated].append(user)
        kind = not kind
    return max(1, plan)


def _no_buffer(tensor: Tensor) -> str:
    if tensor.dtype in NO_BUFFER:
        return f"a {tensor.dtype} input or output"
    return "an input or output of size 0" if len(tensor.shape) > 1 and 0 in tensor.shape else ""


def _bytes(tensor: Tensor, shape: Sequence[int]) -> int:
    elements = 1
    for dim in shape:
        elements *= dim
    return (elements * DTYPES.get(tensor.dtype, (0, ""))[0] + 7) // 8
