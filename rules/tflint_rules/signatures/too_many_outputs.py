"""TFL108: models that hand out everything."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from tflint.api import Hit, Subgraph

_OUT = "\n".join(f"y{i}: float32[1,{i + 5}] = const" for i in range(9))
BAD = f"""
graph main(x) -> ({", ".join(f"y{i}" for i in range(9))})
x: float32[1,4]
{_OUT}
"""
GOOD = """
x: float32[1,4]
y: float32[1,4] = RELU(x)
"""


@rule(
    "TFL108",
    "too-many-outputs",
    Severity.WARNING,
    since="0.1.0",
    fix="manual",
    options={"max_outputs": 8},
    group=("limit",),
    message="{outputs} outputs, and more than {limit} are hardly wanted",
    examples=[(BAD, GOOD)],
)
def too_many_outputs(model: Model, options: Mapping[str, Any]) -> Iterator[Hit]:
    """The model returns far more tensors than an app can want.

    ## Why is this bad?
    All of them stay in memory to the end of the call and none of their layers can be dropped. It is how an encoder
    looks that returns each hidden state and each attention matrix because nobody chose: the published MobileBERT has
    52 outputs (mediapipe#4482).

    ## What to do
    `tflint fix --keep-output NAME` drops all others in the file, and what only they needed. At the next export, wrap
    the model in a function that returns a dict of the outputs that are wanted, and convert that.

    ## Exceptions
    Outputs that hand back the dtype and shape of an input do not count: caches and states of streaming models.
    `max-outputs` sets the limit.

    ## References
    tensorflow#47595 (8 outputs where 4 were expected).
    """
    limit = int(options["max_outputs"])
    for graph in model.entry_graphs:
        if (outputs := _results(graph)) > limit:
            from tflint.api import ask_outputs  # noqa: PLC0415 - only where there is something to mend

            yield hit(graph, fix=ask_outputs(graph), outputs=outputs, limit=limit)


def _results(graph: Subgraph) -> int:
    """Outputs less the states, which come in as they go out."""
    given = Counter((tensor.dtype, tensor.dims) for tensor in graph.inputs if tensor)
    made = Counter((tensor.dtype, tensor.dims) for tensor in graph.outputs if tensor)
    return len(graph.output_indices) - sum((given & made).values())
