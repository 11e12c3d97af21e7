"""TFL602: GRU layers that run in a loop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, hit, rule
from tflint_rules.control_flow.cells import GRU, loops, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit

BAD = """
graph main(x, h) -> (y)
x: float32[1,4]
h: float32[1,2]
i: int32[] = const [0]
j: int32[] = WHILE(i, x, h) cond_subgraph_index=1 body_subgraph_index=2
same: float32[1,4] = ^1
y: float32[1,2] = ^2

graph cond(i, x, h) -> (go)
i: int32[]
x: float32[1,4]
h: float32[1,2]
n: int32[] = const [8]
go: bool[] = LESS(i, n)

graph body(i, x, h) -> (j, x, y)
i: int32[]
x: float32[1,4]
h: float32[1,2]
d: int32[] = const [1]
j: int32[] = ADD(i, d)
w: float32[6,4] = const
p: float32[1,6] = FULLY_CONNECTED(x, w, -)
pz: float32[1,2] = SPLIT(d, p) num_splits=3
pr: float32[1,2] = ^1
pn: float32[1,2] = ^2
u: float32[6,2] = const
q: float32[1,6] = FULLY_CONNECTED(h, u, -)
qz: float32[1,2] = SPLIT(d, q) num_splits=3
qr: float32[1,2] = ^1
qn: float32[1,2] = ^2
az: float32[1,2] = ADD(pz, qz)
z: float32[1,2] = LOGISTIC(az)
ar: float32[1,2] = ADD(pr, qr)
r: float32[1,2] = LOGISTIC(ar)
rn: float32[1,2] = MUL(r, qn)
an: float32[1,2] = ADD(pn, rn)
new: float32[1,2] = TANH(an)
keep: float32[1,2] = MUL(z, h)
one: float32[] = const [1]
rest: float32[1,2] = SUB(one, z)
take: float32[1,2] = MUL(rest, new)
y: float32[1,2] = ADD(keep, take)
"""
GOOD = BAD.replace("TANH(an)", "EXP(an)")


@rule(
    "TFL602",
    "unfused-gru",
    Severity.INFO,
    since="0.1.0",
    group=("units", "form"),
    message="a GRU of {units} units runs as {form}",
    examples=[(BAD, GOOD)],
)
def unfused_gru(model: Model) -> Iterator[Hit]:
    """A GRU layer runs in a loop: there is no fused op for it.

    ## Why is this bad?
    Each step enters a subgraph and copies the sequence that it builds; delegates leave the loop to the CPU, and full
    integer quantization of such a model can kill the converter.

    ## What to do
    `unroll=True` where the sequence has up to about 32 steps: plain ops that quantize and delegate, at the price of
    size (15 to 34 kB for ten steps). Longer ones: an LSTM converted with tf_keras, which has a fused op (TFL601), or
    one step a call, with the state as an input and an output that the app hands back.

    ## Exceptions
    Info, for the converter fuses no GRU, of whatever framework. An unrolled one is what the page asks for.

    ## References
    Converted with TF 2.21.0 from Keras 3.15.1 and tf_keras 2.21.0, `reset_after` or not, and with litert-torch 0.10.0,
    which unrolls.
    """
    for loop, cell in loops(model, GRU):
        count = steps(model, loop)
        units = cell["next"].shape[-1] if cell["next"].shape else 1
        yield hit(loop, units=units, form=f"a loop of {count} steps" if count else "a loop")
