"""Gates one by one: what each metric is of, where its limit lies, and how gates are put together."""

from __future__ import annotations

import pytest

from tflint.errors import TflintError
from tflint.parity.accuracy import Accuracy
from tflint.parity.gates import (
    ALIKE,
    DYNAMIC,
    EXACT,
    FLOAT,
    HALF,
    INTEGER,
    METRICS,
    Function,
    Gate,
    Gates,
    Limit,
    gates_for,
    with_metrics,
)
from tflint.parity.metrics import Numbers

NUMBERS = Numbers(
    elements=8,
    same_bits=False,
    differ=2,
    nonfinite=0,
    max_abs=0.5,
    close=0.25,
    logit=3.0,
    cosine=0.75,
    sqnr=21.0,
    rows=10,
    flips=1,
    top5=7,
    accuracy=Accuracy(rows=200, reference=180, candidate=176),
)
NONE = Numbers(8, False, 2, 0)
VALUES = {
    "atol": (0.5, "max abs <= 2.5"),
    "close": (0.25, "max abs / (max|reference| + 0.1) <= 2.5"),
    "logit": (3.0, "logit difference <= 2.5 %"),
    "cosine": (0.75, "cosine >= 2.5"),
    "sqnr": (21.0, "SQNR >= 2.5 dB"),
    "top1": (90.0, "top-1 agreement >= 2.5 %"),
    "top5": (70.0, "top-5 agreement >= 2.5 %"),
    "flips": (1, "argmax flips <= 2.5"),
    "accuracy": (88.0, "accuracy >= 2.5 %"),
    "drop": (2.0, "accuracy drop <= 2.5 points"),
    "equal": (75.0, "equal elements >= 2.5 %"),
}


def test_every_metric_is_of_its_number() -> None:
    """In its unit, and in the direction of its limit; None where the number has no meaning."""
    assert {name: (metric.of(NUMBERS), str(Limit(name, 2.5))) for name, metric in METRICS.items()} == VALUES
    assert {name for name, metric in METRICS.items() if metric.of(NONE) is not None} == {"equal"}
    assert METRICS["top5"].of(Numbers(8, False, 0, 0, top5=0)) is None
    assert METRICS["top5"].of(Numbers(8, False, 0, 0, rows=2, top5=0)) == 0
    assert METRICS["top5"].of(Numbers(8, False, 0, 0, rows=2)) is None


@pytest.mark.parametrize("name", ["atol", "close", "logit", "cosine", "sqnr", "flips", "accuracy", "equal"])
def test_a_limit_is_within(name: str) -> None:
    """What is at the limit holds, and what is beyond it does not."""
    value, sign = VALUES[name][0], -1 if METRICS[name].at_most else 1

    assert Limit(name, value).holds(NUMBERS) is True
    assert Limit(name, value + sign * 0.01).holds(NUMBERS) is False
    assert Limit(name, value - sign * 0.01).holds(NUMBERS) is True


@pytest.mark.parametrize(
    ("metric", "limit", "rows", "missed", "holds"),
    [
        ("top1", 100, 10, 0, True),
        ("top1", 100, 10, 1, False),
        ("top1", 95, 10, 1, True),
        ("top1", 90, 10, 1, True),
        ("top1", 90, 10, 2, False),
        ("top1", 80.1, 10, 2, True),
        ("top1", 99, 300, 3, True),
        ("top1", 99, 300, 4, False),
        ("top1", 99, 310, 4, True),
        ("top1", 99, 20_000, 200, True),
        ("top1", 99, 20_000, 201, False),
        ("top5", 98, 10, 1, True),
        ("top5", 98, 10, 2, False),
        ("drop", 1, 10, 1, True),
        ("drop", 1, 10, 2, False),
        ("drop", 0, 10, 0, True),
        ("drop", 0, 10, 1, False),
        ("drop", 1, 300, 3, True),
        ("drop", 1, 300, 4, False),
        ("drop", 0, 10, -3, True),
    ],
)
def test_a_share_of_rows_is_rounded_up_to_a_row(metric: str, limit: float, rows: int, missed: int, holds: bool) -> None:
    """Of few rows one may differ where anything may."""
    accuracy = Accuracy(rows=rows, reference=rows - 3, candidate=rows - 3 - missed)
    numbers = Numbers(8, False, 0, 0, rows=rows, flips=missed, top5=rows - missed, accuracy=accuracy)

    assert Limit(metric, limit).holds(numbers) is holds


def test_one_limit_of_a_gate_has_to_hold() -> None:
    """Those without a meaning do not count, and none at all is bit equality."""
    good, bad, void = Limit("cosine", 0.7), Limit("sqnr", 25), Limit("drop", 1)
    assert [Gate(limits).holds(NUMBERS) for limits in ((good, bad), (bad, good), (bad,), (bad, bad))] == [
        True,
        True,
        False,
        False,
    ]
    assert [
        Gate(limits).holds(NONE) for limits in ((good,), (void, Limit("equal", 75)), (Limit("equal", 76), void))
    ] == [
        None,
        True,
        False,
    ]
    assert [Gate().holds(Numbers(1, same, 0, 0)) for same in (True, False)] == [True, False]


def test_gates_in_words() -> None:
    """What was asked, and what came of it, of the limits that have a meaning."""
    gate = Gate((Limit("cosine", 0.9), Limit("logit", 0.5)))
    assert (str(gate), str(Gate())) == ("cosine >= 0.9 or logit difference <= 0.5 %", "bit-equal")
    assert gate.missed(NUMBERS) == "cosine is 0.75 (asked: >= 0.9) and logit difference is 3 % (asked: <= 0.5 %)"
    assert Gate((Limit("cosine", 0.9), Limit("equal", 100))).missed(NONE) == "equal elements is 75 % (asked: >= 100 %)"
    assert Limit("flips", 0).missed(NONE) == "argmax flips is 0 (asked: <= 0)"
    assert Gate().missed(NUMBERS) == "not bit-equal: 2 of 8 elements differ"
    assert [str(Function("mine:worst", limit)) for limit in (None, 0.5, 0)] == [
        "mine:worst",
        "mine:worst <= 0.5",
        "mine:worst <= 0",
    ]


def test_gates_of_each_scheme() -> None:
    """As docs/parity says of floating-point outputs and of whole ones, from strict to loose."""
    drop = "accuracy drop <= 1 points"
    close = "max abs / (max|reference| + 0.1) <= 1e-05"
    words = {
        gates.name: [[str(gate) for gate in side] for side in (gates.every, gates.whole)]
        for gates in (EXACT, FLOAT, HALF, DYNAMIC, INTEGER, ALIKE)
    }
    assert words == {
        "exact": [["bit-equal"], ["bit-equal"]],
        "float32": [[close], ["equal elements >= 100 %"]],
        "float16": [["logit difference <= 0.5 %", "cosine >= 0.9999", drop], ["equal elements >= 100 %"]],
        "dynamic-range int8": [
            ["logit difference <= 5 %", "cosine >= 0.99", "top-1 agreement >= 98 %", drop],
            ["equal elements >= 98 %"],
        ],
        "int8": [["cosine >= 0.98 or SQNR >= 20 dB", "top-1 agreement >= 95 %", drop], ["equal elements >= 95 %"]],
        "quantized alike": [[close], ["equal elements >= 100 %"]],
    }
    assert [gates.exact for gates in (EXACT, FLOAT, Gates("", (Gate(), Gate())))] == [True, False, False]


@pytest.mark.parametrize(
    ("scheme", "name"),
    [
        ("float32", "float32"),
        ("float16", "float16"),
        ("float16 weights", "float16"),
        ("dynamic-range int8", "dynamic-range int8"),
        ("weight-only int8", "dynamic-range int8"),
        ("int16x8", "dynamic-range int8"),
        ("int8", "int8"),
        ("what comes next", "int8"),
    ],
)
def test_every_scheme_has_gates(scheme: str, name: str) -> None:
    """One that nobody knows has the loosest; of what is float on both sides nothing is forgiven."""
    assert gates_for([scheme]).name == name
    assert gates_for([scheme], [scheme]).name == ("float32" if scheme == "float32" else "quantized alike")
    assert gates_for([scheme], ["other"]).name == name
    assert gates_for([]).name == "float32"
    assert gates_for([scheme]).reason == ""


def test_gates_of_an_output() -> None:
    """Its own go before those of its type."""
    own, real, whole = (Gate((Limit("atol", value),)) for value in (1, 2, 3))
    gates = Gates("", (real,), (whole,), {"y": (own,)})

    assert [gates.for_output(name, floating=kind) for name, kind in (("y", True), ("y", False))] == [(own,)] * 2
    assert [gates.for_output("z", floating=kind) for kind in (True, False)] == [(real,), (whole,)]


def test_metrics_take_the_place_of_gates() -> None:
    """Of all outputs or of one; those of one output add up, and what is not told stays."""
    assert with_metrics(HALF, [], "why") is HALF
    all_of = with_metrics(HALF, ["atol:1", "exact"], "why")
    assert (all_of.name, all_of.every, all_of.whole) == ("given", all_of.every, all_of.every)
    assert [str(gate) for gate in all_of.every] == ["max abs <= 1", "bit-equal"]
    assert (all_of.of, all_of.functions, all_of.reason) == ({}, (), "why")

    before = Gates("int8", HALF.every, HALF.whole, {"y": EXACT.every, "z": EXACT.every}, (Function("a:b"),), "known")
    one = with_metrics(before, ["y=atol:1", "y=sqnr:3 | cosine:0.5", "mine.more:worst:2", "mine:best"])
    assert (one.name, one.every, one.whole, one.reason) == ("int8", HALF.every, HALF.whole, "known")
    assert {name: [str(gate) for gate in gates] for name, gates in one.of.items()} == {
        "y": ["max abs <= 1", "SQNR >= 3 dB or cosine >= 0.5"],
        "z": ["bit-equal"],
    }
    assert one.functions == (Function("a:b"), Function("mine.more:worst", 2.0), Function("mine:best"))
    assert with_metrics(before, ["atol:1"], "new").reason == "new"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "cosin:1",
            "--metric cosin:1: no metric 'cosin' (did you mean 'cosine'?); there are exact, atol, close, logit",
        ),
        ("y=mine:worst", "--metric mine:worst: no metric 'mine'"),
        ("cosine:much", "--metric cosine:much: write METRIC:LIMIT, such as cosine:0.999"),
        ("cosine", "--metric cosine: write METRIC:LIMIT"),
        ("atol:1|sqnr:", "--metric atol:1|sqnr:: write METRIC:LIMIT"),
        ("mine:worst:x", "--metric mine:worst:x: write METRIC:LIMIT"),
    ],
)
def test_a_mistake_names_the_argument(text: str, words: str) -> None:
    """And says what to write."""
    with pytest.raises(TflintError) as caught:
        with_metrics(FLOAT, [text])
    assert str(caught.value).startswith(words)
