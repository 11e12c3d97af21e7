"""TFL103: positions that are not what the names say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tflint.api import Model, Severity, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tflint.api import Hit, Subgraph

# Names that count positions of the exported function; a layer's own counter (dense_3) says nothing of its place.
COUNTED = re.compile(
    r"(?:serving_default_)?(?P<stem>args?|inputs?|outputs?|keras_tensor|Identity)(?P<numbers>(?:_\d+)*)(?::0)?"
)
RESULT = re.compile(r"(?P<stem>(?:Stateful)?PartitionedCall(?:_\d+)?):(?P<numbers>\d+)")

BAD = """
graph main(x) -> (b, a)
x: float32[1,4]
a: float32[1,4] = RELU(x)
b: float32[1,4] = NEG(x)
signature serving_default(x=x) -> (output_0=a, output_1=b)
"""
GOOD = """
graph main(x) -> (a, b)
x: float32[1,4]
a: float32[1,4] = RELU(x)
b: float32[1,4] = NEG(x)
signature serving_default(x=x) -> (output_0=a, output_1=b)
"""


@rule(
    "TFL103",
    "positional-order-differs",
    Severity.WARNING,
    since="0.1.0",
    fix="unsafe",
    group=("side",),
    message="positions hold the {side} {positions}, named in the order {declared}",
    examples=[(BAD, GOOD)],
)
def positional_order_differs(model: Model) -> Iterator[Hit]:
    """Inputs or outputs stand at other positions than their names say.

    ## Why is this bad?
    `get_output_details()[0]` is not the first result: the converter orders tensors its own way, and that may change
    from one export to the next (tensorflow#33303, tensorflow#56985). Where two have one shape and dtype, an app that
    counts positions runs and silently mixes them up.

    ## What to do
    Bind by name: `get_signature_runner()` in Python, `runSignature` in Java. Where only positions will do, look up the
    index by the name at start-up.

    `tflint fix --order signature` puts them in order, for callers that do not count positions yet.

    ## Exceptions
    Info where names carry no count: the converter sorts signatures by name, so how the source ordered them is not
    known, only that positions differ. Subgraphs beside the primary one have no positions that an interpreter shows.

    ## References
    Seen in each two-in, two-out model converted with TF 2.21.0; tensorflow#57693, tensorflow#61065.
    """
    graph = model.primary
    signature = next((s for s in model.signatures if s.subgraph_index == 0), None)
    if graph is None:
        return
    sides = (
        ("inputs", graph.input_indices, signature.inputs if signature else None),
        ("outputs", graph.output_indices, signature.outputs if signature else None),
    )
    for side, indices, rows in sides:
        if len(indices) < 2:
            continue
        by_tensor = {index: name or "" for name, index in rows or ()}
        named = [by_tensor.get(i, "") for i in indices] if rows else _tensor_names(graph, indices)
        if not all(named) or len(set(indices)) < len(indices) or (rows and len(rows) != len(indices)):
            continue
        counted = _counts(named)
        declared = [name or "" for name, _ in rows or ()]
        if counted:
            declared = [name for _, name in sorted(zip(counted, named, strict=True))]
        if declared != named and (counted or rows):
            from tflint.api import Permute  # noqa: PLC0415 - only where there is something to mend

            severity = None if counted else Severity.INFO
            data: dict[str, Any] = {"side": side, "positions": ", ".join(named), "declared": ", ".join(declared)}
            yield hit(graph, severity=severity, fix=(Permute(side, tuple(declared)),), **data)


def _tensor_names(graph: Subgraph, indices: Sequence[int]) -> list[str]:
    return [graph.tensors[i].name if 0 <= i < len(graph.tensors) else "" for i in indices]


def _counts(names: Sequence[str]) -> list[tuple[int, ...]] | None:
    """The counts that the names bear, None unless all count one thing and each its own place."""
    for pattern in (RESULT, COUNTED):
        found = [pattern.fullmatch(name) for name in names]
        if all(found) and len({match["stem"] for match in found if match}) == 1:
            counts = [tuple(int(n) for n in re.findall(r"\d+", match["numbers"])) for match in found if match]
            return counts if len(set(counts)) == len(counts) else None
    return None
