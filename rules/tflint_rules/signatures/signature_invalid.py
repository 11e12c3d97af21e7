"""TFL104: signatures that do not describe a subgraph."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model, Signature, Subgraph

BAD = """
x: float32[1,4]
h: float32[1,4] = ABS(x)
y: float32[1,4] = RELU(h)
signature serving_default(x=x) -> (y=h)
"""
GOOD = """
x: float32[1,4]
h: float32[1,4] = ABS(x)
y: float32[1,4] = RELU(h)
signature serving_default(x=x) -> (y=y)
"""


@rule(
    "TFL104",
    "signature-invalid",
    Severity.ERROR,
    since="0.1.0",
    group=("problem",),
    message="{problem}: {detail}",
    examples=[(BAD, GOOD)],
)
def signature_invalid(target: Target) -> Iterator[Hit]:
    """A SignatureDef does not fit the subgraph that it names.

    ## Why is this bad?
    Without a key the model does not load: `Missing exported method name for SignatureDef`; without a map older
    runtimes refuse it too. Wrong indices, names that occur twice and inputs that nobody names load silently
    everywhere, and the signature runner then reads a tensor that is none, or never fills one.

    ## What to do
    Convert again; where a script wrote the signature, give every input of the subgraph one name, and let each tensor
    index point at an input or output of `subgraph_index`.

    ## Exceptions
    Info where a signature leaves out a map that would be empty and only runtimes beside the target refuse that.

    ## References
    LiteRT tflite/core/interpreter_builder.cc (ParseSignatureDefs), f674577; maps: measured, in the target profiles.
    """
    model = target.model
    refused = {refusal.at.path for refusal in target.refusals("TFL104")}
    keys = Counter(signature.key for signature in model.signatures)
    for signature in model.signatures:
        found = list(_problems(signature, model, keys))
        for problem, detail in found:
            yield hit(signature, problem=problem, detail=detail)
        empty = [side for side in ("input", "output") if getattr(signature, f"{side}s") is None]
        if empty and not found and (signature.path in refused or target.assumed):
            severity = None if signature.path in refused else Severity.INFO
            sides = " and no ".join(empty)
            detail = f"no {sides} map in {signature.label}: TFLite from 2.5 and LiteRT before 2.1.6 refuse it"
            yield hit(signature, severity=severity, problem="absent map", detail=detail)


def _problems(signature: Signature, model: Model, keys: Counter[str | None]) -> Iterator[tuple[str, str]]:
    if signature.key is None:
        yield "absent key", f"signature {signature.index} has none"
    elif keys[signature.key] > 1:
        yield "key occurs twice", f"{keys[signature.key]} signatures are called '{signature.key}'"
    elif not signature.key:
        yield "empty key", f"signature {signature.index} is called ''"
    if not 0 <= signature.subgraph_index < len(model.subgraphs):
        yield "subgraph out of range", f"subgraph {signature.subgraph_index} of {len(model.subgraphs)}"
        return
    graph = model.subgraphs[signature.subgraph_index]
    yield from _side("input", signature.inputs, graph.input_indices, graph)
    yield from _side("output", signature.outputs, graph.output_indices, graph)
    mapped = {index for _, index in signature.inputs or ()}
    missing = set(graph.input_indices) - mapped
    if missing and signature.inputs is not None and mapped <= set(graph.input_indices):  # else: said of the index
        yield "input without a name", f"{len(missing)} of {len(graph.input_indices)} inputs are not in the map"


def _side(
    side: str, rows: tuple[tuple[str | None, int], ...] | None, own: tuple[int, ...], graph: Subgraph
) -> Iterator[tuple[str, str]]:
    if rows is None:
        if own:
            yield "absent map", f"no {side} map for {len(own)} {side}{'' if len(own) == 1 else 's'}"
        return
    places = set(own)
    for name, count in Counter(name for name, _ in rows).items():
        if not name:
            yield "empty name", f"an {side} is called '{name or ''}'"
        elif count > 1:
            yield "name occurs twice", f"{count} {side}s are called '{name}'"
    for name, index in rows:
        if not 0 <= index < len(graph.tensors):
            yield "tensor out of range", f"{side} '{name or ''}' is tensor {index} of {len(graph.tensors)}"
        elif index not in places:
            yield f"not an {side}", f"'{name or ''}' is {graph.tensors[index].label}, no {side} of {graph.label}"
