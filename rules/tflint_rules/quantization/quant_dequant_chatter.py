"""TFL513: conversions back and forth between integer and float."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule
from tflint_rules.quantization.roles import INTEGER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.api import Edit, Hit, Op, Subgraph

BAD = """
x: int8[1,4] q=0.1+0
a: float32[1,4] = DEQUANTIZE.v2(x)
b: int8[1,4] q=0.1+0 = QUANTIZE(a)
y: int8[1,4] q=0.1+0 = RELU.v2(b)
"""
GOOD = """
x: int8[1,4] q=0.1+0
y: int8[1,4] q=0.1+0 = RELU.v2(x)
"""

PAIR = "a pair of DEQUANTIZE and QUANTIZE with the same parameters does nothing"


@rule(
    "TFL513",
    "quant-dequant-chatter",
    Severity.WARNING,
    since="0.1.0",
    fix="safe",
    group=("what",),
    options={"percent": 10, "least": 4},
    message="{what}",
    examples=[(BAD, GOOD)],
)
def quant_dequant_chatter(model: Model, options: Mapping[str, int]) -> Iterator[Hit]:
    """Inside the model, values go back and forth between integers and floats.

    ## Why is this bad?
    Each crossing costs a pass over the tensor, and each float island in an integer model is a place where an NPU hands
    back to the CPU: delegates take such a model in pieces (google-coral/edgetpu#313).

    ## What to do
    Give the ops that the message names an integer form: replace the layer by one that quantizes, or allow it in
    float on purpose and move it to the border of the model.

    `tflint fix` takes pairs away that do nothing.

    ## Exceptions
    Conversions at the model's inputs and outputs, of constants, and between two integer types are not counted. The
    options `percent` (10) and `least` (4) say from which share and number of ops on it is a finding.

    ## References
    LiteRT tflite/kernels/quantize.cc, dequantize.cc.
    """
    for graph in model.subgraphs:
        if len(graph.ops) < 2:
            continue
        inside: list[Op] = []
        forced: Counter[str] = Counter()
        for op in graph.ops:
            if op.name == "DEQUANTIZE" and _between(model, graph, op):
                inside.append(op)
                users = model.consumers.get((graph.index, op.output_indices[0]), ())
                forced.update(user.kind for user in users if user.name != "QUANTIZE")
                for user in users:
                    if user.name == "QUANTIZE" and _same(op, user):
                        yield hit(user, related=(op,), fix=_fix(model, op, user), what=PAIR)
        count = 2 * len(inside)  # each way in has its way back
        if len(inside) >= options["least"] and count * 100 > options["percent"] * len(graph.ops):
            names = ", ".join(name for name, _ in forced.most_common(4)) or "nothing"
            islands = f"{len(inside)} islands" if len(inside) > 1 else "an island"
            what = f"{islands} of float in {len(graph.ops)} ops, for {names}"
            yield hit(graph, related=tuple(inside[:4]), what=what)


def _fix(model: Model, back: Op, forth: Op) -> tuple[Edit, ...]:
    """Read what comes before the pair, unless callers read what comes behind it."""
    graph, (before, after) = model.subgraphs[back.subgraph], (back.input_indices[0], forth.output_indices[0])
    named = (
        index for each in model.signatures for _, index in each.outputs or () if each.subgraph_index == graph.index
    )
    if after in graph.output_indices or after in named:
        return ()
    from tflint.api import DropRoundTrip  # noqa: PLC0415 - only where there is something to mend

    return (DropRoundTrip(graph.index, before, after),)


def _between(model: Model, graph: Subgraph, op: Op) -> bool:
    """Out of integer activations into float activations that go on inside the model."""
    x = op.inputs[0] if op.inputs else None
    if x is None or not op.output_indices or x.is_constant or x.dtype not in INTEGER:
        return False
    return (
        bool(model.consumers.get((graph.index, op.output_indices[0])))
        and op.output_indices[0] not in graph.output_indices
    )


def _same(back: Op, forth: Op) -> bool:
    x, y = back.inputs[0] if back.inputs else None, forth.outputs[0] if forth.outputs else None
    if x is None or y is None or x.quant is None or y.quant is None or x.dtype != y.dtype:
        return False
    return x.quant.pair is not None and x.quant.pair == y.quant.pair
