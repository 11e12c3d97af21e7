"""TFL606: variables that are read before anything is in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule
from tflint_rules.control_flow.variables import accesses, initialized

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
v: resource[] = VAR_HANDLE() container="" shared_name=dense/kernel
x: float32[1,2]
k: float32[1,2] = READ_VARIABLE(v)
y: float32[1,2] = MUL(x, k)
"""
GOOD = """
v: resource[] = VAR_HANDLE() container="" shared_name=dense/kernel
x: float32[1,2]
c: float32[1,2] = const [1,2]
() = ASSIGN_VARIABLE(v, c)
k: float32[1,2] = READ_VARIABLE(v)
y: float32[1,2] = MUL(x, k)
"""


@rule(
    "TFL606",
    "uninitialised-variable",
    Severity.ERROR,
    since="0.1.0",
    group=("why",),
    message="variable '{variable}' is read, and {why}",
    examples=[(BAD, GOOD)],
)
def uninitialised_variable(model: Model) -> Iterator[Hit]:
    """A variable is read before anything was written to it: weights that are not in the file, or a state without start.

    ## Why is this bad?
    The model loads and runs, and reads what memory happens to hold: a factor of 8.8e15 in the example on LiteRT 2.3.0,
    and no error. Inside a loop the call fails, with `variable != nullptr was not true`.

    ## What to do
    Convert with `from_keras_model(model)`, which freezes the weights, or from a SavedModel, whose initializer the
    converter brings along: `from_concrete_functions([f], model)` of a Keras 3 model leaves the weights behind. A state
    wants its start assigned in a `tf.function` that the SavedModel runs on load.

    ## Exceptions
    A variable that CALL_ONCE's subgraph or another signature writes is none: an app that trains or restores a
    checkpoint calls that one first.

    ## References
    LiteRT tflite/kernels/read_variable.cc, tflite/experimental/resource; tensorflow#56932, tflite-micro#2101.
    """
    ready = initialized(model)
    runs = {graph.index: list(accesses(model, graph)) for graph in model.entry_graphs}
    written = {index: {name for op, name in run if op.name == "ASSIGN_VARIABLE"} for index, run in runs.items()}
    for index, run in runs.items():
        known = ready.union(*(names for other, names in written.items() if other != index))
        for op, name in run:
            if op.name == "READ_VARIABLE" and name not in known:
                later = name in written[index]
                why = "written only later" if later else "nothing in the file writes it"
                yield hit(op, variable=name[1], why=why)
            known.add(name)
