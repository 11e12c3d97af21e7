"""Which initializer, if any, a layer's weights still look like: a test on their spread, their bounds and their shape.

The parameters are what the initializer would have used, never fitted to the weights. Sources: Keras
src/initializers/random_initializers.py (Dense starts from glorot_uniform and a bias of zeros; a truncated normal is cut
at two standard deviations), PyTorch torch/nn/init.py, and the models of transformers (initializer_range 0.02: a
truncated normal in TensorFlow, a normal one in PyTorch).
"""

from __future__ import annotations

from itertools import groupby
from math import inf, isfinite, sqrt
from statistics import NormalDist, fmean, pstdev
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LEAST = 256  # weights of a layer: of fewer, too many distributions are possible
SAMPLE = 8192  # weights of a layer that are looked at
# relative error of weights stored in a type; a folded BatchNorm adds 1e-3
SLACK = {"float32": 1e-3, "float16": 2e-3, "bfloat16": 1e-2, "int8": 1e-2, "uint8": 1e-2}
WIDE = 2.4  # standard errors times sqrt(n) that the spread may be off, of a normal distribution: 3.4 of them
CRITICAL = 1.63  # Kolmogorov-Smirnov distance times sqrt(n) that chance exceeds once in a hundred
CUT = 2.0  # standard deviations where a truncated normal ends
CUT_SPREAD = 0.87962566103423978  # standard deviation of a standard normal cut there
EDGE = 12  # chance leaves the outermost EDGE/n of a uniform range empty once in 160,000

_NORMAL = NormalDist()
_BELOW = _NORMAL.cdf(-CUT)


class Initializer(NamedTuple):
    """A distribution around 0: `uniform` up to `scale`, or `normal` or `truncated` at a deviation of `scale`."""

    name: str
    kind: str
    scale: float

    @property
    def spread(self) -> float:
        """Its standard deviation."""
        return self.scale * {"uniform": 1 / sqrt(3), "truncated": CUT_SPREAD, "normal": 1.0}[self.kind]

    def bounds(self, count: int) -> tuple[float, float]:
        """Between what the largest of `count` magnitudes lies."""
        if self.kind == "uniform":
            return self.scale * (1 - EDGE / count), self.scale
        return 0.0, self.scale * (CUT if self.kind == "truncated" else 7.0)

    def below(self, value: float) -> float:
        """The share of values up to `value`."""
        x = value / self.scale
        if self.kind == "uniform":
            return min(1.0, max(0.0, (x + 1) / 2))
        share = _NORMAL.cdf(x)
        return share if self.kind == "normal" else min(1.0, max(0.0, (share - _BELOW) / (1 - 2 * _BELOW)))


def candidates(fan_in: int, fan_out: int) -> Iterator[Initializer]:
    """The initializers that libraries use for a layer of this size, the defaults first."""
    variance = {"glorot": 2 / (fan_in + fan_out), "he": 2 / fan_in, "lecun": 1 / fan_in}
    for name, value in variance.items():
        yield Initializer(f"{name}_uniform", "uniform", sqrt(3 * value))
        yield Initializer(f"{name}_normal", "truncated", sqrt(value) / CUT_SPREAD)
        yield Initializer(f"{name}_normal", "normal", sqrt(value))
    yield Initializer("PyTorch's kaiming_uniform", "uniform", 1 / sqrt(fan_in))
    for deviation in (0.02, 0.01, 0.05):
        yield Initializer(f"a truncated normal of {deviation}", "truncated", deviation)
        yield Initializer(f"a normal of {deviation}", "normal", deviation)
    yield Initializer("a uniform of 0.05", "uniform", 0.05)


def initializer_of(sample: Sequence[float], peak: float, count: int, fans: tuple[int, int], slack: float) -> str:
    """The name of the initializer that the weights best look fresh from, "" when there is none.

    `sample` is a part of `count` weights, `peak` the largest magnitude of all of them, `slack` the relative error that
    their type adds.
    """
    number = len(sample)
    if not number or not all(map(isfinite, sample)):
        return ""
    mean, spread = fmean(sample), pstdev(sample)
    if abs(mean) * sqrt(number) > 3.4 * spread:
        return ""
    ordered = sorted(sample)
    fitting: dict[float, str] = {}
    for candidate in candidates(*fans):
        low, high = candidate.bounds(count)
        if not low * (1 - slack) <= peak <= high * (1 + slack):
            continue
        if abs(spread / candidate.spread - 1) > WIDE / sqrt(number) + slack:
            continue
        fitting[_distance(ordered, candidate)] = candidate.name
    best = min(fitting, default=inf)
    return fitting[best] if best <= CRITICAL / sqrt(number) else ""


def _distance(ordered: Sequence[float], candidate: Initializer) -> float:
    """The largest difference of shares; equal values, as in integers, count at the middle of their ranks."""
    worst, before = 0.0, 0
    for value, equal in groupby(ordered):
        here = sum(1 for _ in equal)
        worst = max(worst, abs(candidate.below(value) - (before + here / 2) / len(ordered)))
        before += here
    return worst
