"""TFL601: LSTM layers that run step by step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import VIEWS, Model, Severity, hit, match, matches, rule
from tflint_rules.control_flow.cells import LSTM, WRITTEN, loops, steps

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Match, Subgraph

UNROLLED = 4  # steps; fewer are cells of a streaming model, which takes one step a call on purpose

BAD = """
graph main(x, h, c) -> (y)
x: float32[1,4]
h: float32[1,2]
c: float32[1,2]
i: int32[] = const [0]
j: int32[] = WHILE(i, x, h, c) cond_subgraph_index=1 body_subgraph_index=2
same: float32[1,4] = ^1
y: float32[1,2] = ^2
z: float32[1,2] = ^3

graph cond(i, x, h, c) -> (go)
i: int32[]
x: float32[1,4]
h: float32[1,2]
c: float32[1,2]
n: int32[] = const [8]
go: bool[] = LESS(i, n)

graph body(i, x, h, c) -> (j, x, y, z)
i: int32[]
x: float32[1,4]
h: float32[1,2]
c: float32[1,2]
d: int32[] = const [1]
j: int32[] = ADD(i, d)
v: float32[1,6] = CONCATENATION(x, h) axis=1
w: float32[8,6] = const
p: float32[1,8] = FULLY_CONNECTED(v, w, -)
pi: float32[1,2] = SPLIT(d, p) num_splits=4
pf: float32[1,2] = ^1
pg: float32[1,2] = ^2
po: float32[1,2] = ^3
si: float32[1,2] = LOGISTIC(pi)
sf: float32[1,2] = LOGISTIC(pf)
so: float32[1,2] = LOGISTIC(po)
g: float32[1,2] = TANH(pg)
keep: float32[1,2] = MUL(sf, c)
take: float32[1,2] = MUL(si, g)
z: float32[1,2] = ADD(keep, take)
t: float32[1,2] = TANH(z)
y: float32[1,2] = MUL(so, t)
"""
GOOD = BAD.replace("TANH(pg)", "EXP(pg)")


@rule(
    "TFL601",
    "unfused-lstm",
    Severity.WARNING,
    since="0.1.0",
    group=("cells", "form"),
    message="an LSTM of {cells} cells runs as {form}, not as one fused op",
    examples=[(BAD, GOOD)],
)
def unfused_lstm(model: Model) -> Iterator[Hit]:
    """An LSTM layer runs step by step, where one UNIDIRECTIONAL_SEQUENCE_LSTM would do.

    ## Why is this bad?
    Each step enters a subgraph and copies the sequence that it builds: delegates and NPUs leave the loop to the CPU,
    TFLite Micro hangs in it (tensorflow#126061, tflite-micro#3674), and full integer quantization of a model with such
    a loop can kill the converter. A one-layer model has 15,252 bytes so, and 9,224 with the fused op.

    ## What to do
    Convert the layer with tf_keras, for Keras 3 never fuses: under `TF_USE_LEGACY_KERAS=1`, the same layers from
    `tf_keras` with `Input(shape=(T, F), batch_size=1)` and `set_weights(old.get_weights())`.

    Outputs differ by 1.1e-8. Only a plain layer fuses: `LSTM` itself, not `RNN(LSTMCell)`, with `activation="tanh"`,
    `recurrent_activation="sigmoid"` and a bias, without mask, `unroll` and `stateful`. From PyTorch an LSTM always
    comes unrolled: copy its weights too (its gates i, f, g, o are Keras's i, f, c, o; the two biases add up).

    ## Exceptions
    Info where the steps are unrolled: large, but it runs anywhere and quantizes. Fewer than four steps are a streaming
    model's. A convolutional LSTM has no fused op and is no finding; a GRU is TFL602.

    ## References
    Converted with TF 2.21.0 from Keras 3.15.1 and tf_keras 2.21.0, and with litert-torch 0.10.0: all variants above.
    """
    for loop, cell in loops(model, LSTM):
        count = steps(model, loop)
        yield hit(loop, cells=_cells(cell), form=f"a loop of {count} steps" if count else "a loop")
    for graph in model.subgraphs:
        for first, count in _chains(model, graph):
            if count >= UNROLLED:
                yield hit(first.op, severity=Severity.INFO, cells=_cells(first), form=f"{count} unrolled steps")


def _cells(cell: Match) -> int:
    return cell["next"].shape[-1] if cell["next"].shape else 1


def _chains(model: Model, graph: Subgraph) -> Iterator[tuple[Match, int]]:
    """First step and number of steps of each chain of cells, where the state that one leaves is the next one's."""
    chains: dict[int, tuple[Match, int]] = {}  # by the op of the first step
    start: dict[int, int] = {}  # by the state that a step leaves
    for step in matches(model, graph, LSTM, VIEWS):
        key = start.get(step["state"].index, step.op.index)
        folded = match(model, step["state"], WRITTEN, VIEWS) is not None  # a step from a state of zeros
        first, count = chains.get(key, (step, int(folded)))
        chains[key] = first, count + 1
        start[step["next"].index] = key
    yield from chains.values()
