"""TFL603: bidirectional LSTM layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import VIEWS, Op, Severity, hit, made, match, readers, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Model

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
BACKWARD = made(LSTM, made("REVERSE_V2", "sequence"))

_GATES = "w, w, w, w, r, r, r, r, -, -, -, b, b, b, b, -, -"
BAD = f"""
x: float32[1,8,4]
w: float32[2,4] = const
r: float32[2,2] = const
b: float32[2] = const [0,0]
h: float32[1,2] variable
c: float32[1,2] variable
i: float32[1,2] variable
d: float32[1,2] variable
f: float32[1,8,2] = {LSTM}(x, {_GATES}, h, c) fused_activation_function=TANH
a: int32[1] = const [1]
e: float32[1,8,4] = REVERSE_V2(x, a)
g: float32[1,8,2] = {LSTM}(e, {_GATES}, i, d) fused_activation_function=TANH
j: float32[1,8,2] = REVERSE_V2(g, a)
y: float32[1,8,4] = CONCATENATION(f, j) axis=2
"""
GOOD = BAD.replace("(e, w", "(x, w")


@rule(
    "TFL603",
    "bilstm-as-two",
    Severity.INFO,
    since="0.1.0",
    on=(LSTM,),
    group=(),
    message="a bidirectional LSTM runs as two ops, this one over the reversed sequence",
    examples=[(BAD, GOOD)],
)
def bilstm_as_two(op: Op, model: Model) -> Iterator[Hit]:
    """A bidirectional layer became a forward and a backward LSTM op.

    ## Why is this bad?
    It is not: each direction is fused, and that is as good as it gets, for the converter never makes the
    BIDIRECTIONAL_SEQUENCE_LSTM that TFLite has. But it takes the time of two, one after the other, and TFLite Micro
    needs REVERSE_V2 in its resolver. And it cannot stream: the backward half needs the end of the sequence first.

    ## What to do
    Nothing for a model that sees whole sequences. For streaming or half the time, train a forward-only layer.

    ## References
    Converted with TF 2.21.0 from tf_keras 2.21.0, merged by concatenation or sum.
    """
    backward = match(model, op, BACKWARD, VIEWS)
    if backward is not None:
        others = (other for other in readers(model, backward["sequence"], VIEWS) if other.name == LSTM)
        if (forward := next(others, None)) is not None:
            yield hit(op, related=(forward,))
