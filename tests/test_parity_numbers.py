"""The numbers of parity and the gates on them, where they are easily wrong: zeros, ties, few rows, NaN."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tflint.errors import TflintError
from tflint.parity.entry import Port
from tflint.parity.gates import ALIKE, DYNAMIC, EXACT, FLOAT, HALF, INTEGER, Gates, gates_for, with_metrics
from tflint.parity.metrics import Numbers, measure
from tflint.parity.values import fed, real


def of(reference: Any, candidate: Any, step: float = 0.0) -> Numbers:
    """Numbers of one sample."""
    return measure([np.asarray(reference, np.float32)], [np.asarray(candidate, np.float32)], step=step)


def test_numbers_are_what_they_are_defined_as() -> None:
    """By hand: two values of which one is off by a half."""
    found = of([[3.0, 4.0]], [[3.0, 4.5]])

    assert found.max_abs == 0.5
    assert found.close == pytest.approx(0.5 / 4.1)
    assert found.logit == pytest.approx(100 * 0.25 / 3.5)
    assert found.cosine == pytest.approx((9 + 18) / (5 * np.hypot(3, 4.5)))
    assert found.sqnr == pytest.approx(10 * np.log10(25 / 0.25))
    assert (found.equal, found.rows, found.flips, found.worst) == (50, 1, 0, (0, (0, 1)))


def test_a_reference_of_zeros_divides_nothing() -> None:
    """Zeros are as zeros, and infinitely far from anything else in relative numbers."""
    same, other = of([[0, 0]], [[0, 0]]), of([[0, 0]], [[0, 1e-9]])

    assert (same.logit, same.cosine, same.sqnr) == (0, 1, inf)
    assert (other.logit, other.cosine, other.sqnr) == (inf, 0, -inf)
    assert FLOAT.every[0].holds(other) is True  # 1e-9 is within 1e-6 of zero


def test_ties_are_no_disagreement() -> None:
    """The candidate may take whichever of two that the reference holds for equal, to the quantization step."""
    assert of([[5, 5, 1]], [[4, 5, 1]]).flips == 0
    assert of([[5, 4.9, 1]], [[4.9, 5, 1]]).flips == 1
    assert of([[5, 4.9, 1]], [[4.9, 5, 1]], step=0.2).flips == 0
    assert of([[9, 8, 7, 6, 5, 5]], [[9, 8, 7, 6, 4, 5]]).top5 == 1
    assert of([[9, 8, 7, 6, 5, 4]], [[9, 8, 7, 6, 4, 5]]).top5 == 0


def test_what_is_not_finite_has_to_be_the_same() -> None:
    """NaN as NaN, infinity as infinity of that sign; the distances are of what is finite."""
    assert of([nan, inf, 1], [nan, inf, 1]).nonfinite == 0
    assert of([nan, inf, 1], [0, -inf, 1]).nonfinite == 2
    assert of([nan, inf, 1], [0, -inf, 2]).max_abs == 1
    assert of([nan], [nan]).max_abs is None


def test_of_few_rows_one_may_differ() -> None:
    """98 % of 10 rows cannot be told from 90 %; of 100 rows two may differ, and no third."""
    gate = DYNAMIC.every[2]
    rows = [(10, 1, True), (10, 2, False), (100, 2, True), (100, 3, False), (3, 0, True)]

    assert [gate.holds(Numbers(1, False, 0, 0, rows=count, flips=flips)) for count, flips, _ in rows] == [
        holds for _, _, holds in rows
    ]


@pytest.mark.parametrize(
    ("schemes", "gates"),
    [
        ((), FLOAT),
        (("float32",), FLOAT),
        (("float16 weights", "float32"), HALF),
        (("float32", "dynamic-range int8"), DYNAMIC),
        (("int16x8",), DYNAMIC),
        (("int8", "float32"), INTEGER),
        (("dynamic-range int4",), INTEGER),
    ],
)
def test_the_loosest_scheme_counts(schemes: tuple[str, ...], gates: Gates) -> None:
    """A model that is float but for one layer is as exact as that layer."""
    assert gates_for(schemes) is gates


def test_what_is_quantized_alike_answers_alike() -> None:
    """The gates allow for what quantization costs between two models, and for nothing where both have paid it."""
    assert gates_for(("int8", "float32"), ("float32", "int8")) is ALIKE
    assert gates_for(("int8",), ("int8", "float32")) is INTEGER
    assert gates_for(("int16x8",), ("dynamic-range int8",)) is DYNAMIC
    assert gates_for(("float32",), ("float32",)) is FLOAT


def test_metrics_of_the_command_line() -> None:
    """For all outputs, for one whose name has colons and equals signs, for one of two."""
    gates = with_metrics(FLOAT, ["a=b:0=atol:0.5", "cosine:0.9|sqnr:20"])

    assert [str(gate) for gate in gates.for_output("a=b:0", floating=True)] == ["max abs <= 0.5"]
    assert [str(gate) for gate in gates.for_output("other", floating=True)] == ["cosine >= 0.9 or SQNR >= 20 dB"]
    assert with_metrics(FLOAT, ["exact"]).every == EXACT.every
    for bad in ("atol", "atol:x", "atol:nan", "x=", "cos:1", ""):
        with pytest.raises(TflintError, match="--metric"):
            with_metrics(FLOAT, [bad])


@given(st.lists(st.integers(-128, 127), min_size=1), st.floats(1e-6, 1e3), st.integers(-128, 127))
def test_raw_values_survive_the_way_to_real_ones_and_back(raw: list[int], scale: float, zero_point: int) -> None:
    """Whatever the scale and the zero point, quantizing what a raw value stands for gives that value."""
    port = Port("x", "int8", (len(raw),), (scale, zero_point))
    value = np.array(raw, np.int8)

    assert (fed(real(value, port), port) == value).all()


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(1e30, "int32"), (1e300, "float32"), (0.5, "int64"), (300, "uint8"), (2, "bool"), (-1, "uint32")],
)
def test_values_that_a_type_cannot_hold_are_refused(value: float, dtype: str) -> None:
    """Not wrapped, cut or made infinite."""
    with pytest.raises(TflintError, match=f"values that {dtype} cannot hold"):
        fed(np.array([value]), Port("x", dtype, (1,)))
