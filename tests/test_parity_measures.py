"""Distances of outputs of every kind and shape: what has no meaning is None, and several samples count together."""

from __future__ import annotations

from math import inf, nan
from typing import Any

import numpy as np
import pytest

from tflint.parity.metrics import Numbers, measure


def single(values: Any) -> Any:
    """As float32."""
    return np.array(values, np.float32)


def double(values: Any) -> Any:
    """As float64."""
    return np.array(values, np.float64)


def of(reference: Any, candidate: Any, dtype: Any = np.float32, step: float = 0.0) -> Numbers:
    """Numbers of one sample."""
    return measure([np.asarray(reference, dtype)], [np.asarray(candidate, dtype)], step=step)


def test_shares_are_percent() -> None:
    """Of the elements, and of the rows; of none of them all are equal, and no row agrees."""
    assert [Numbers(count, False, differ, 0).equal for count, differ in ((4, 1), (1, 1), (0, 0))] == [75, 0, 100]
    assert [Numbers(9, False, 0, 0, rows=rows, flips=flips).top1 for rows, flips in ((4, 1), (1, 0))] == [75, 100]
    assert Numbers(9, False, 0, 0, rows=4).top1 is None
    assert Numbers(9, False, 0, 0, flips=0).top1 is None


def test_numbers_that_have_no_meaning_are_none() -> None:
    """Of an output without elements, of one of text, and of one in which nothing is finite."""
    nothing = of([], [])
    assert (nothing.elements, nothing.same_bits, nothing.differ, nothing.nonfinite) == (0, True, 0, 0)
    assert (nothing.rows, nothing.worst) == (0, None)

    text = measure([np.array([b"a", b"b", b"c"], object)], [np.array([b"a", b"b", b"d"], object)])
    assert (text.elements, text.differ, text.nonfinite) == (3, 1, 0)
    odd = of([nan, inf, inf], [nan, inf, -inf])
    assert (odd.elements, odd.differ, odd.nonfinite) == (3, 1, 1)
    for each in (nothing, text, odd):
        distances = (each.max_abs, each.close, each.logit, each.cosine, each.sqnr, each.flips, each.top5, each.worst)
        assert distances == (None,) * 8
        assert each.rows == 0


@pytest.mark.parametrize(
    ("reference", "candidate", "same"),
    [
        (single([1, 2]), single([1, 2]), True),
        (single([0.0]), single([-0.0]), False),
        (single([1, 2]), double([1, 2]), False),
        (single([[1, 2]]), single([1, 2]), False),
        (single([nan]), single([nan]), True),
    ],
)
def test_bits_are_those_of_values_types_and_shapes(reference: Any, candidate: Any, same: bool) -> None:
    """What compares as equal may have other bits."""
    found = measure([single([5]), reference], [single([5]), candidate])

    assert (found.same_bits, found.differ) == (same, 0)


def test_samples_count_together() -> None:
    """Elements, distances, rows and agreements of all; the worst is told with its sample."""
    one = [[6.0, 5, 4, 3, 2, 1], [1, 2, 3, 4, 5, 6]]
    near = [[6.0, 5, 4, 3, 2, 1], [1, 2, 3, 4, 7, 6]]
    far = [[6.0, 5, 4, 3, 1, 2], [9, 2, 3, 4, 5, 6]]
    found = measure([single(one)] * 3, [single(each) for each in (one, near, far)])

    assert (found.elements, found.differ, found.rows, found.flips, found.top5) == (36, 4, 6, 2, 4)
    assert (found.max_abs, found.worst) == (8, (2, (1, 0)))
    assert found.close == pytest.approx(8 / 6.1)
    assert found.logit == pytest.approx(100 * (2 + 1 + 1 + 8) / (3 * 42))
    assert found.top1 == pytest.approx(100 * 4 / 6)


def test_whole_numbers_and_complex_ones_have_distances_and_no_rows() -> None:
    """A largest element has a meaning for floating-point values only."""
    whole = of([[1, 2, 3]], [[1, 2, 5]], np.int8)
    assert (whole.max_abs, whole.differ, whole.rows, whole.flips, whole.top5) == (2, 1, 0, None, None)
    wide = of([[-128, 127]], [[127, -128]], np.int8)
    assert (wide.max_abs, wide.worst) == (255, (0, (0, 0)))
    assert of([True, False], [True, True], np.bool_).max_abs == 1

    turned = of([3 + 4j, 0], [3 - 4j, 0], np.complex64)
    assert (turned.max_abs, turned.differ, turned.worst) == (8, 1, (0, (0,)))
    assert turned.cosine == pytest.approx((9 - 16) / 25)
    assert turned.sqnr == pytest.approx(10 * np.log10(25 / 64))


@pytest.mark.parametrize("factor", [1e-200, 1.0, 1e200])
def test_relative_numbers_are_those_of_any_scale(factor: float) -> None:
    """Squares neither overflow nor vanish."""
    r, c = double([3, 4, 0]) * factor, double([3, 4, 1]) * factor
    found = measure([r], [c])

    assert found.cosine == pytest.approx(25 / (5 * np.sqrt(26)))
    assert found.sqnr == pytest.approx(10 * np.log10(25))
    assert found.logit == pytest.approx(100 / 7)


def test_one_side_of_zeros() -> None:
    """It is unlike all else, whichever side it is."""
    none, some = of([0, 0], [1, 0]), of([1, 0], [0, 0])

    assert (none.cosine, none.sqnr, none.logit) == (0, -inf, inf)
    assert (some.cosine, some.sqnr, some.logit) == (0, 0, 100)
    assert of([1, -1], [-1, 1]).cosine == pytest.approx(-1)


@pytest.mark.parametrize(("shape", "rows"), [((), 0), ((4, 1), 0), ((2,), 1), ((3, 2), 3), ((2, 3, 4), 6), ((0, 4), 0)])
def test_rows_are_along_the_last_axis(shape: tuple[int, ...], rows: int) -> None:
    """Of at least two elements."""
    more = single([1, 2])
    found = measure([np.zeros(shape, np.float32), more], [np.zeros(shape, np.float32), more])

    assert (found.rows, found.flips) == (rows + 1, 0)


def test_rows_that_are_not_finite_do_not_count() -> None:
    """On either side."""
    found = of([[1, 2], [nan, 2], [1, 2], [1, 2]], [[2, 1], [1, 2], [1, inf], [1, 2]])

    assert (found.rows, found.flips, found.nonfinite) == (2, 1, 2)
    assert of([[nan, 1]], [[1, 1]]).flips is None
    assert of([[nan, 1]], [[1, 1]]).rows == 0


def test_ties_reach_to_the_step_or_a_millionth() -> None:
    """Of the largest value, whatever its sign; what is a step away is a tie, and what is further is none."""
    assert of([[2.0, 1.5]], [[0, 1]], step=0.5).flips == 0
    assert of([[2.0, 1.5]], [[0, 1]], step=0.499).flips == 1
    close = double([[-8e6, -8e6 - 7.9]])
    assert of(close, [[0, 1]], np.float64).flips == 0
    assert of(double([[-8e6, -8e6 - 8.1]]), [[0, 1]], np.float64).flips == 1
    assert of([[8e6, 0], [2, 1.5]], [[1, 0], [0, 1]]).flips == 1  # each row by its own largest
    assert of([[8e6, 0], [2, 1.5]], [[1, 0], [1, 0]]).flips == 0
    six = [[9.0, 8, 7, 6, 5, 4.5]]
    assert of(six, [[9, 8, 7, 6, 0, 5]], step=0.5).top5 == 1
    assert of(six, [[9, 8, 7, 6, 0, 5]], step=0.4).top5 == 0


def test_five_largest_are_of_more_than_five() -> None:
    """Of five all are the largest; of six they are counted, beside samples that have too few."""
    assert of([[1, 2, 3, 4, 5]], [[5, 4, 3, 2, 1]]).top5 is None
    six, five = single([[1, 2, 3, 4, 5, 6]]), single([[1, 2, 3, 4, 5]])
    found = measure([six, five, six], [six, five, six[:, ::-1]])

    assert (found.rows, found.top5) == (3, 1)


def test_five_largest_of_many() -> None:
    """Wherever they are: the same five agree, and with the sixth in place of the fifth they do not."""
    rows = np.random.default_rng(0).permuted(np.tile(np.arange(1000.0), (20, 1)), axis=1)

    assert measure([rows], [rows]).top5 == 20
    assert measure([rows], [np.where(rows == 995, 0, rows)]).top5 == 0
    assert measure([rows], [np.where(rows == 994, 0, rows)]).top5 == 20


def test_the_worst_is_of_what_is_finite() -> None:
    """The first of those that are as far; None where all are equal."""
    assert of([[1, inf, 2], [3, 4, nan]], [[1, -inf, 5], [0, 4, 1]]).worst == (0, (0, 2))
    assert of([1, inf], [1, -inf]).worst is None
    assert measure([single([1]), single([]), single([1])], [single([1]), single([]), single([3])]).worst == (2, (0,))
    assert of([1, 2], [1, 2]).worst is None


def test_values_that_are_added_up_are_wide() -> None:
    """Halves and bytes would overflow."""
    assert of([60000, -60000], [-60000, 60000], np.float16).max_abs == 120_000
