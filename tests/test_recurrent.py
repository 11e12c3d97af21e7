"""Recurrent layers and variables: family 6xx on what real converters write (scripts/recurrent_models.py)."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from models import SHARED
from tflint import sketch
from tflint.engine import Plan, check_file, check_model
from tflint.model.read import decode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

FOLDER = Path(__file__).parent / "recurrent"
LOOP, STEPS = "a loop of 5 steps", "5 unrolled steps"
LSTM_LOOP = {("TFL601", f"an LSTM of 6 cells runs as {LOOP}, not as one fused op")}
LSTM_STEPS = {("TFL601", f"an LSTM of 6 cells runs as {STEPS}, not as one fused op")}
GRU_LOOP = {("TFL602", f"a GRU of 6 units runs as {LOOP}")}
STATE = "the result depends on earlier calls, through {} state tensors"
EXPECTED: dict[str, set[tuple[str, str]]] = {
    "keras_bilstm": LSTM_LOOP,
    "keras_conv_lstm": set(),
    "keras_gated_loop": set(),
    "keras_gru": GRU_LOOP,
    "keras_gru_reset_before": GRU_LOOP,
    "keras_gru_unrolled": set(),
    "keras_left_behind": LSTM_LOOP
    | {("TFL606", "variable 'lstm_5/lstm_cell/bias' is read, and nothing in the file writes it")},
    "keras_lstm": LSTM_LOOP,
    "keras_lstm_hard": LSTM_LOOP,
    "keras_lstm_mask": LSTM_LOOP,
    "keras_lstm_unrolled": LSTM_STEPS,
    "keras_simple_rnn": set(),
    "tf_keras_bilstm": {
        ("TFL603", "a bidirectional LSTM runs as two ops, this one over the reversed sequence"),
        ("TFL607", STATE.format(4)),
    },
    "tf_keras_gru": GRU_LOOP,
    "tf_keras_lstm": {("TFL607", STATE.format(2))},
    "tf_keras_lstm_hard": LSTM_LOOP,
    "torch_gru_unrolled": set(),
    "torch_lstm_unrolled": LSTM_STEPS,
}
CORPUS = {  # all but TFL607, by the start of the file's name
    "462546f2c6f0": {"TFL601"},
    "6f81288b65b9": {"TFL601"},
    "93b4b4fa5108": {"TFL601", "TFL604"},
    "d0db10a19e64": {"TFL601"},
}


def plan() -> Plan:
    """Family 6xx."""
    entries = tuple(entry for code, entry in catalogue().items() if code.startswith("TFL6"))
    return Plan(entries, (resolve("litert"),))


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_layers_are_told_apart(name: str) -> None:
    """An LSTM is an LSTM in whichever form, a GRU a GRU, and no other loop or convolution is either."""
    text = (FOLDER / f"{name}.tfl").read_text(encoding="utf-8")
    found = check_model(decode(sketch.build(text)), plan()).findings
    assert {(finding.rule.code, finding.message) for finding in found} == EXPECTED[name]


def test_every_sketch_is_expected() -> None:
    """What the script makes is what is tested."""
    assert {path.stem for path in FOLDER.glob("*.tfl")} == set(EXPECTED)


@pytest.mark.skipif(not SHARED.exists(), reason="the corpus is not here")
def test_published_models() -> None:
    """On the corpus, the four models with unfused LSTMs are found, and streaming models have all their variables."""
    found = {}
    for path in sorted(SHARED.glob("corpus/files/*.tflite")):
        codes = {finding.rule.code for finding in check_file(path, plan()).findings} - {"TFL607", "TFL901"}
        if codes:
            found[path.name[:12]] = codes
    assert found == CORPUS


def test_a_long_chain_of_subgraphs_is_walked() -> None:
    """1,200 loops inside one another, a variable's handle passed down, end in time and without a traceback."""
    graphs = ["graph main(x) -> (y)", 'v: resource[] = VAR_HANDLE() container="" shared_name=deep', "x: float32[2]"]
    for depth in range(1, 1200):
        graphs += [
            f"w: resource[] = WHILE(v) cond_subgraph_index={depth} body_subgraph_index={depth}",
            *(["y: float32[2] = EXP(x)"] if depth == 1 else []),
            f"graph g{depth}(v) -> (v)",
            "v: resource[]",
        ]
    model = decode(sketch.build("\n".join([*graphs, "k: float32[2] = READ_VARIABLE(v)"])))
    entries = tuple(entry for code, entry in catalogue().items() if code in {"TFL601", "TFL606", "TFL607"})
    start = time.process_time()
    found = check_model(model, Plan(entries, ())).findings
    assert [finding.rule.code for finding in found] == ["TFL606"]
    assert time.process_time() - start < 2
