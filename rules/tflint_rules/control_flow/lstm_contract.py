"""TFL608: LSTM ops that their kernel misreads."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tflint.api import Severity, Target, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.api import Hit, Op, Tensor

LSTM = "UNIDIRECTIONAL_SEQUENCE_LSTM"
OUTPUT_WEIGHTS, OUTPUT_RECURRENT, PROJECTION, OUTPUT_STATE, CELL_STATE = 4, 8, 16, 18, 19
GATES = range(1, 9)  # input to input, forget, cell and output gate, then recurrent to the same

BAD = f"""
x: float32[1,3,2]
w: float32[4,2] = const
v: int8[4,2] q=0.1+0 = const
r: float32[4,4] = const
b: float32[4] = const [0,0,0,0]
h: float32[1,4] variable
c: float32[1,4] variable
y: float32[1,3,4] = {LSTM}(x, w, w, v, w, r, r, r, r, -, -, -, b, b, b, b, -, -, h, c) fused_activation_function=TANH
"""
GOOD = BAD.replace("w, v, w", "w, w, w")


@rule(
    "TFL608",
    "lstm-contract",
    Severity.ERROR,
    since="0.1.0",
    group=("problem",),
    message="{problem}: the LSTM kernel does not check this, and reads something else",
    examples=[(BAD, GOOD)],
)
def lstm_contract(target: Target) -> Iterator[Hit]:
    """An LSTM op breaks what its kernel relies on without a check.

    ## Why is this bad?
    The model allocates and runs, and its numbers are wrong: NaN from weights that have another type or fewer rows than
    is read, zeros from an int8 cell state whose scale is no power of two, a wrong factor from an output whose scale is
    not that of the state it is copied from. All were run on LiteRT 2.3.0.

    ## What to do
    Let the converter make the op: it keeps this contract from a tf_keras `LSTM` layer. Tools that build or rewrite it
    give the eight gate weights one type, each quantized per tensor with zero point 0, [cells, inputs] and
    [cells, outputs]; as many outputs as cells, or projection weights; and with int8 an int16 cell state of scale 2^-n.

    ## Exceptions
    What the kernel refuses by itself (20 or 24 inputs, five intermediates with int8, variable states, batch and
    time order, input gate weights both or none) is TFL212 for the targets that do. TFLite Micro checks more, and there
    the rule has nothing to add.

    ## References
    LiteRT tflite/kernels/unidirectional_sequence_lstm.cc (Prepare, PopulateQuantizedLstmParams8x8_16), lstm_eval.cc.
    """
    if target.profile.micro:
        return
    refused = {refusal.at for refusal in target.refusals("TFL212")}
    for op in target.model.ops:
        if op.name == LSTM and op not in refused and len(op.inputs) in (20, 24):
            problem = next(_problems(op), None)
            if problem:
                yield hit(op, problem=problem)


def _problems(op: Op) -> Iterator[str]:
    x, cell = op.inputs[0], op.inputs[CELL_STATE]
    state, y = op.inputs[OUTPUT_STATE], op.outputs[0] if op.outputs else None
    kernel, recurrent = op.inputs[OUTPUT_WEIGHTS], op.inputs[OUTPUT_RECURRENT]
    weights = [weight for i in GATES if (weight := op.inputs[i]) is not None]
    if x is None or cell is None or state is None or y is None or kernel is None or recurrent is None:
        return
    if x.dtype not in ("float32", "int8"):
        yield f"an input of {x.dtype}, not float32 or int8"
    dtypes = sorted({weight.dtype for weight in weights})
    if len(dtypes) > 1:
        yield f"gate weights of {' and '.join(dtypes)}"
    for weight in weights:
        if problem := _misread(weight, kernel.shape[:1]):
            yield problem
    if op.inputs[PROJECTION] is None and recurrent.shape[-1:] != kernel.shape[:1]:
        yield f"{recurrent.shape[-1]} outputs of {kernel.shape[0]} cells without projection weights"
    wanted = ("int8", "int16") if x.dtype == "int8" else ("float32", "float32")
    if (state.dtype, cell.dtype) != wanted:
        yield f"states of {state.dtype} and {cell.dtype}, not {' and '.join(wanted)}"
    if x.dtype == "int8":
        yield from _integer(cell, state, y)


def _misread(weight: Tensor, cells: tuple[int, ...]) -> str:
    if weight.shape[:1] != cells:
        return f"gate weights of {list(weight.shape)} where there are {cells[0] if cells else 'no'} cells"
    if weight.quant is not None and weight.quant.per_axis:
        return "gate weights quantized per channel"
    if weight.quant is not None and weight.quant.pair is not None and weight.quant.pair[1] != 0:
        return f"gate weights with zero point {weight.quant.pair[1]}"
    return ""


def _integer(cell: Tensor, state: Tensor, y: Tensor) -> Iterator[str]:
    pairs = [tensor.quant.pair if tensor.quant else None for tensor in (cell, state, y)]
    if pairs[0] is None or not math.isclose(math.frexp(pairs[0][0])[0], 0.5, rel_tol=1e-3):
        yield "a cell state whose scale is no power of two"
    if pairs[1] != pairs[2]:
        yield "an output and an output state of different scales"
