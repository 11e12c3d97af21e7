"""How far one output is from another, in the numbers that people ask for.

All samples of an output count together. Elements that are not finite on either side are left out of the distances and
counted: where only one side has them, or another of them, is a mismatch, which no tolerance covers.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tflint.parity.accuracy import Accuracy

LOGIT = "100 * mean|candidate - reference| / mean|reference|"
FLOOR = 0.1  # close: 1e-5 * max|reference| + 1e-6 is 1e-5 * (max|reference| + 0.1)
TOP = 5


@dataclass(frozen=True, slots=True)
class Numbers:
    """Distances of an output. None: the number has no meaning for values of this kind or shape."""

    elements: int
    same_bits: bool
    differ: int  # elements that differ at all
    nonfinite: int  # NaN or infinity on one side, or not the same of them
    max_abs: float | None = None
    close: float | None = None  # max|c - r| / (max|r| + 0.1)
    logit: float | None = None  # percent
    cosine: float | None = None
    sqnr: float | None = None  # dB
    rows: int = 0  # that have a largest element
    flips: int | None = None  # rows whose largest element is another
    top5: int | None = None  # rows whose five largest are the same ones
    worst: tuple[int, tuple[int, ...]] | None = None  # sample and index of the largest difference
    accuracy: Accuracy | None = None  # where the samples have labels

    @property
    def equal(self) -> float:
        """Percent of the elements that are equal."""
        return 100.0 * (1 - self.differ / self.elements) if self.elements else 100.0

    @property
    def top1(self) -> float | None:
        """Percent of the rows whose largest element is the same."""
        return None if self.flips is None or not self.rows else 100.0 * (1 - self.flips / self.rows)


def measure(reference: Sequence[Any], candidate: Sequence[Any], *, step: float = 0.0) -> Numbers:
    """Measure real values of an output, one array a sample, of the same shapes.

    `step`: the quantization step of the coarser side; elements that are no further apart are ties.
    """
    same = all(_bits(one) == _bits(other) for one, other in zip(reference, candidate, strict=True))
    elements = sum(one.size for one in reference)
    if not elements:
        return Numbers(0, same, 0, 0)
    if any(one.dtype.kind not in "biufc" for one in (*reference, *candidate)):
        differ = sum(int((one != other).sum()) for one, other in zip(reference, candidate, strict=True))
        return Numbers(elements, same, differ, 0)
    first, second = (np.concatenate([_wide(one) for one in side]) for side in (reference, candidate))
    finite = np.isfinite(first) & np.isfinite(second)
    nonfinite = int((~finite & ~_alike(first, second)).sum())
    differ = int((~_alike(first, second)).sum())
    r, c = first[finite], second[finite]
    if not r.size:
        return Numbers(elements, same, differ, nonfinite)
    gap = np.abs(c - r)
    top = _Top(reference, candidate, step)
    return Numbers(
        elements,
        same,
        differ,
        nonfinite,
        max_abs=float(gap.max()),
        close=float(gap.max() / (np.abs(r).max() + FLOOR)),
        logit=_percent(float(gap.mean()), float(np.abs(r).mean())),
        cosine=_cosine(r, c),
        sqnr=_sqnr(r, c),
        rows=top.rows,
        flips=top.flips if top.rows else None,
        top5=top.top5,
        worst=_worst(reference, candidate),
    )


def _bits(value: Any) -> tuple[Any, ...]:
    return value.dtype.str, value.shape, value.tobytes()


def _wide(value: Any) -> Any:
    flat = value.reshape(-1)
    return flat.astype(np.complex128 if flat.dtype.kind == "c" else np.float64)


def _alike(first: Any, second: Any) -> Any:
    """Equal, infinities of one sign and NaN on both sides among them."""
    return (first == second) | (np.isnan(first) & np.isnan(second))


def _percent(part: float, whole: float) -> float:
    """A share; of nothing it is nothing, or without bound."""
    return 100.0 * part / whole if whole else (inf if part else 0.0)


def _cosine(r: Any, c: Any) -> float:
    """Of the two as vectors. A zero vector is like another zero vector, and unlike all else."""
    scale = max(float(np.abs(r).max()), float(np.abs(c).max())) or 1.0  # so that squares neither overflow nor vanish
    r, c = r / scale, c / scale
    lengths = float(np.linalg.norm(r)) * float(np.linalg.norm(c))
    if not lengths:
        return 1.0 if not r.any() and not c.any() else 0.0
    return float(np.vdot(r, c).real) / lengths


def _sqnr(r: Any, c: Any) -> float:
    """Signal to noise in dB: 10 log10(sum r^2 / sum (c - r)^2)."""
    scale = float(np.abs(r).max()) or 1.0
    signal, noise = float((np.abs(r / scale) ** 2).sum()), float((np.abs((c - r) / scale) ** 2).sum())
    if not noise:
        return inf
    return 10 * float(np.log10(signal / noise)) if signal else -inf


class _Top:
    """Agreement on the largest elements along the last axis.

    A tie is no disagreement: the candidate's choice counts when the reference holds it for as large as its own, to the
    quantization step, or to a millionth of its largest value.
    """

    def __init__(self, reference: Sequence[Any], candidate: Sequence[Any], step: float) -> None:
        self.rows = self.flips = 0
        self.top5: int | None = None
        for r, c in zip(reference, candidate, strict=True):
            if r.ndim < 1 or r.dtype.kind != "f" or r.shape[-1] < 2:
                continue
            self._count(r.reshape(-1, r.shape[-1]).astype(np.float64), c.reshape(-1, r.shape[-1]), step)

    def _count(self, r: Any, c: Any, step: float) -> None:
        sound = np.isfinite(r).all(axis=1) & np.isfinite(c).all(axis=1)
        r, c = r[sound], c[sound]
        tie = np.maximum(step, 1e-6 * np.abs(r).max(axis=1)) if r.size else 0.0
        chosen = np.take_along_axis(r, c.argmax(axis=1)[:, None], axis=1)[:, 0]
        self.rows += len(r)
        self.flips += int((chosen < r.max(axis=1) - tie).sum()) if r.size else 0
        if r.shape[1] > TOP:
            least = np.partition(r, -TOP, axis=1)[:, -TOP]  # of the reference's five largest
            best = np.take_along_axis(r, np.argpartition(c, -TOP, axis=1)[:, -TOP:], axis=1)
            self.top5 = (self.top5 or 0) + int((best >= (least - tie)[:, None]).all(axis=1).sum())


def _worst(reference: Sequence[Any], candidate: Sequence[Any]) -> tuple[int, tuple[int, ...]] | None:
    """Where the difference is largest, of what is finite; None when there is none."""
    found, largest = None, 0.0
    for index, (r, c) in enumerate(zip(reference, candidate, strict=True)):
        if r.size:
            with np.errstate(invalid="ignore"):  # infinity less infinity
                gap = np.abs(_wide(c) - _wide(r))
            gap[~np.isfinite(gap)] = 0
            place = int(gap.argmax())
            if gap[place] > largest:
                found, largest = (index, tuple(map(int, np.unravel_index(place, r.shape)))), float(gap[place])
    return found
