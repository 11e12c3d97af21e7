"""TFL607: models that remember the calls before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule
from tflint_rules.control_flow.variables import accesses

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Op
    from tflint_rules.control_flow.variables import Variable

BAD = """
v: resource[] = VAR_HANDLE() container="" shared_name=state
x: float32[1,2]
s: float32[1,2] = READ_VARIABLE(v)
y: float32[1,2] = ADD(x, s)
() = ASSIGN_VARIABLE(v, y)
"""
GOOD = """
x: float32[1,2]
s: float32[1,2]
y: float32[1,2] = ADD(x, s)
"""


@rule(
    "TFL607",
    "stateful-model",
    Severity.INFO,
    since="0.1.0",
    group=("kind",),
    message="the result depends on earlier calls, through {kind}",
    examples=[(BAD, GOOD)],
)
def stateful_model(model: Model) -> Iterator[Hit]:
    """The model keeps a state from one call to the next.

    ## Why is this bad?
    Nothing is wrong with a streaming model. But a comparison with the original, a benchmark or a test then depends on
    what ran before: the same input gives another output in the second call. A fused LSTM does so even for a Keras layer
    with `stateful=False`, which starts each call from zeros: its state tensors keep the last call's.

    ## What to do
    Start each sequence afresh. State tensors: `interpreter.reset_all_variables()`. Resource variables survive that, and
    `allocate_tensors()` too: make a new interpreter, or call the signature that assigns them. Feed chunks of one stream
    in order, and never share an interpreter between streams.

    ## Exceptions
    Info always. Variables that are read and never written hold weights and are no state.

    ## References
    LiteRT tflite/core/subgraph.cc, ResetVariableTensors: `is_variable` tensors only; run with ai-edge-litert 2.3.0.
    """
    tensors = [tensor for tensor in model.tensors if tensor.is_variable]
    if tensors:
        yield hit(tensors[0], kind=_counted(len(tensors), "state tensor"))
    states: dict[Variable, Op] = {}
    for graph in model.entry_graphs:
        read: dict[Variable, Op] = {}
        written: set[Variable] = set()
        for op, name in accesses(model, graph):
            if op.name == "ASSIGN_VARIABLE":
                written.add(name)
            elif name not in written:
                read.setdefault(name, op)
        states.update((name, op) for name, op in read.items() if name in written)
    if states:
        yield hit(next(iter(states.values())), kind=_counted(len(states), "resource variable"))


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
