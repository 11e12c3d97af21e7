"""TFL701: parts of a model that nothing reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Reached, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tflint.api import Hit, Located, Tensor

BAD = """
graph main(x) -> (y)
x: float32[1,4]
w: float32[4,4] = const
a: float32[1,4] = FULLY_CONNECTED(x, w, -)
y: float32[1,4] = RELU(x)
"""
GOOD = BAD.replace("RELU(x)", "RELU(a)")

PLACES = 10  # of each kind that are named


@rule(
    "TFL701",
    "dead-code",
    Severity.INFO,
    since="0.1.0",
    fix="safe",
    group=("what",),
    message="{what}: {count}{held}",
    examples=[(BAD, GOOD)],
)
def dead_code(model: Model) -> Iterator[Hit]:
    """Operators, constants, subgraphs, buffers or operator codes of the file that no output depends on.

    ## Why is this bad?
    They take bytes, dead operators time as well: an interpreter runs what stands in a subgraph, used or not. And a
    runtime that lacks an operator refuses the model for it even if its result goes nowhere.

    ## What to do
    `tflint fix` drops it.

    To have none, name the outputs that you want when you convert, and convert again; a tool that cuts a model has to
    drop what it cuts off.

    ## Exceptions
    What has an effect of its own is alive: ASSIGN_VARIABLE, CALL_ONCE, HASHTABLE_IMPORT, operators with a state, custom
    operators, and control flow around any of them. Tensors without bytes, empty buffers and empty subgraphs cost
    nothing and are not counted.

    ## References
    LiteRT tflite/core/subgraph.cc runs the whole execution plan; interpreter_builder.cc resolves each operator code.
    """
    reached = Reached(model)
    kept = _buffers(tensor for tensor in model.tensors if _key(tensor) in reached.tensors)
    kept |= {0, *(entry.buffer_index for entry in model.metadata), *model.metadata_buffer}
    inside = [tensor for tensor in model.tensors if tensor.subgraph in reached.graphs]
    idle = [tensor for tensor in inside if _key(tensor) in reached.mentioned]
    unread = [tensor for tensor in inside if _key(tensor) not in reached.mentioned and _size(tensor)]
    dead = [op for op in model.ops if op.subgraph in reached.graphs and op not in reached.ops]
    lost = [graph for graph in model.subgraphs if graph.index not in reached.graphs]
    lost = [graph for graph in lost if graph.ops or any(map(_size, graph.tensors))]
    yield from _hits("operators whose results nothing uses", dead, _held(model, idle, kept))
    yield from _hits("constants that no operator reads", unread, _held(model, unread, kept))
    yield from _hits("subgraphs that nothing calls", lost, _held(model, (t for g in lost for t in g.tensors), kept))
    codes = [code for code in model.operator_codes if code.index not in model.used_opcodes]
    yield from _hits("operator codes that no operator uses", codes, 0)
    kept |= _buffers(model.tensors)
    free = [buffer.size for buffer in model.buffers if buffer.size and buffer.index not in kept]
    if free:
        from tflint.api import DropDeadCode  # noqa: PLC0415 - only where there is something to mend

        yield hit(
            model,
            fix=(DropDeadCode(),),
            what="buffers that nothing refers to",
            count=len(free),
            held=f", of {sum(free):,} bytes",
        )


def _hits(what: str, places: Sequence[Located], held: int) -> Iterator[Hit]:
    if places:
        from tflint.api import DropDeadCode  # noqa: PLC0415 - only where there is something to mend

        size = f", with {held:,} bytes of constants" if held else ""
        yield hit(
            places[0], related=tuple(places[1:PLACES]), fix=(DropDeadCode(),), what=what, count=len(places), held=size
        )


def _held(model: Model, tensors: Iterable[Tensor], kept: set[int]) -> int:
    """Bytes of the buffers that only these tensors keep."""
    buffers = model.buffers
    return sum(buffers[index].size for index in _buffers(tensors) - kept if index < len(buffers))


def _buffers(tensors: Iterable[Tensor]) -> set[int]:
    return {tensor.buffer_index for tensor in tensors}


def _size(tensor: Tensor) -> int:
    return tensor.buffer.size if tensor.buffer is not None else 0


def _key(tensor: Tensor) -> tuple[int, int]:
    return tensor.subgraph, tensor.index
