"""Weights as initializers draw them (TFL707): their distributions, what is taken for one, and whole models."""

from __future__ import annotations

from math import inf, nan, sqrt
from statistics import NormalDist, pstdev
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tflint_rules.hygiene.initializers import SAMPLE, Initializer, candidates, initializer_of
from weighty import deep_findings, with_constants

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAR = (10_000_000, 10_000_000)  # fans whose initializers draw far smaller weights than the fixed ones
FIXED = "a uniform of 0.05"
SPREAD = Initializer(FIXED, "uniform", 0.05).spread


@pytest.mark.parametrize(
    ("kind", "spread", "bounds", "shares"),
    [
        ("uniform", 0.288675, (0.44, 0.5), (0, 0.25, 0.5, 1, 1)),
        ("truncated", 0.439813, (0, 1), (0, 0.299411, 0.5, 0.857617, 1)),
        ("normal", 0.5, (0, 3.5), (0, 0.308538, 0.5, 0.841345, 1)),
    ],
)
def test_a_distribution(kind: str, spread: float, bounds: tuple[float, float], shares: tuple[float, ...]) -> None:
    """Its deviation, where the largest of 100 lies, and the shares up to five values, of a scale of a half."""
    initializer = Initializer("", kind, 0.5)

    assert initializer.spread == pytest.approx(spread, abs=1e-6)
    assert initializer.bounds(100) == pytest.approx(bounds)
    assert [initializer.below(value) for value in (-9, -0.25, 0, 0.5, 9)] == pytest.approx(shares, abs=1e-6)


def test_what_libraries_draw_from() -> None:
    """Of 4 inputs and 12 outputs: variances 1/8, 1/2 and 1/4, and what does not depend on the size."""
    cut = 0.87962566
    wanted = [
        ("glorot_uniform", "uniform", sqrt(3 / 8)),
        ("glorot_normal", "truncated", sqrt(1 / 8) / cut),
        ("glorot_normal", "normal", sqrt(1 / 8)),
        ("he_uniform", "uniform", sqrt(3 / 2)),
        ("he_normal", "truncated", sqrt(1 / 2) / cut),
        ("he_normal", "normal", sqrt(1 / 2)),
        ("lecun_uniform", "uniform", sqrt(3 / 4)),
        ("lecun_normal", "truncated", sqrt(1 / 4) / cut),
        ("lecun_normal", "normal", sqrt(1 / 4)),
        ("PyTorch's kaiming_uniform", "uniform", 0.5),
        ("a truncated normal of 0.02", "truncated", 0.02),
        ("a normal of 0.02", "normal", 0.02),
        ("a truncated normal of 0.01", "truncated", 0.01),
        ("a normal of 0.01", "normal", 0.01),
        ("a truncated normal of 0.05", "truncated", 0.05),
        ("a normal of 0.05", "normal", 0.05),
        (FIXED, "uniform", 0.05),
    ]
    found = list(candidates(4, 12))

    assert [each[:2] for each in found] == [each[:2] for each in wanted]
    assert [each.scale for each in found] == pytest.approx([scale for _, _, scale in wanted])


def even(count: int = 4096, scale: float = 0.05) -> list[float]:
    """As a uniform distribution has them on average."""
    return [scale * ((2 * place + 1) / count - 1) for place in range(count)]


def test_what_fits_is_named() -> None:
    """Wherever in the list of initializers it stands; nothing is said of no weights or of such as are no numbers."""
    he = sqrt(3 / 2)

    assert initializer_of(even(scale=he), he, 4096, (4, 12), 1e-3) == "he_uniform"
    assert initializer_of(even(), 0.05, 4096, FAR, 1e-3) == FIXED
    assert initializer_of([], 0.05, 4096, FAR, 1e-3) == ""
    assert initializer_of([*even(), nan], 0.05, 4096, FAR, 1e-3) == ""
    assert initializer_of([*even(), inf], 0.05, 4096, FAR, 1e-3) == ""


@pytest.mark.parametrize(
    ("peak", "slack", "name"),
    [
        (0.05, 0.0, FIXED),
        (0.05 * (1 - 12 / 4096), 0.0, FIXED),
        (0.05 * 1.005, 0.01, FIXED),
        (0.05 * 1.02, 0.01, ""),
        (0.05 * 0.99, 0.01, FIXED),
        (0.05 * 0.98, 0.01, ""),
    ],
)
def test_the_largest_weight_lies_at_the_border(peak: float, slack: float, name: str) -> None:
    """Of a uniform distribution, as near as its number and the slack say."""
    assert initializer_of(even(), peak, 4096, FAR, slack) == name


@pytest.mark.parametrize(("by", "name"), [(3.3, FIXED), (-3.3, FIXED), (3.5, ""), (-3.5, "")])
def test_the_mean_is_near_zero(by: float, name: str) -> None:
    """Within 3.4 standard errors."""
    sample = even()
    shift = by * pstdev(sample) / 64

    assert initializer_of([value + shift for value in sample], 0.05, 4096, FAR, 1e-3) == name


@pytest.mark.parametrize(
    ("factor", "slack", "name"),
    [(1.035, 1e-3, FIXED), (1.045, 1e-3, ""), (0.965, 1e-3, FIXED), (0.955, 1e-3, ""), (1.045, 1e-2, FIXED)],
)
def test_the_spread_is_the_initializers(factor: float, slack: float, name: str) -> None:
    """Within 2.4/64 and the slack."""
    assert initializer_of(even(scale=0.05 * factor), 0.05, 4096, FAR, slack) == name


def test_the_shape_is_the_initializers() -> None:
    """A normal distribution of the same spread is too far from a uniform one, 1,024 weights of it."""
    normal = NormalDist(0, 0.05 / sqrt(3))
    sample = [normal.inv_cdf((place + 0.5) / 1024) for place in range(1024)]

    assert initializer_of(sample, 0.05, 1024, FAR, 1e-3) == ""


@pytest.mark.parametrize(("count", "name"), [(1770, FIXED), (1780, "")])
def test_equal_weights_count_at_the_middle_of_their_ranks(count: int, name: str) -> None:
    """Two values, half of the weights each, differ by 0.03868 from a uniform distribution: 1.63/sqrt(1775)."""
    value = 0.05 / sqrt(3)

    assert initializer_of([value, -value] * (count // 2), 0.05, count, FAR, 1e-3) == name


@pytest.mark.parametrize(
    ("pair", "fans", "scale", "slack", "name"),
    [
        ((97 / 1024, -63 / 1024), (164, FAR[1]), sqrt(3 / 164), 1e-3, "lecun_uniform"),
        ((0.75 * SPREAD, -0.75 * SPREAD), FAR, 0.05, 0.1, FIXED),
        ((0.70375, -0.70375), (1, FAR[1]), 1.0, 0.1, "PyTorch's kaiming_uniform"),
    ],
)
def test_what_lies_at_a_limit_is_within(
    pair: tuple[float, float], fans: tuple[int, int], scale: float, slack: float, name: str
) -> None:
    """A mean of 3.4 standard errors, a spread off by 2.4/16 and the slack, a distance of 1.63/16."""
    assert initializer_of(pair * 128, scale, 256, fans, slack) == name


BODY = """
x: float32[1,256]
v: float32[256,256] = const
c: float32[256] = const [0.1,...*256]
a: float32[1,256] = FULLY_CONNECTED(x, v, c) fused_activation_function=RELU
"""
TRAINED = np.random.default_rng(707).laplace(0, 0.1, 256 * 256).astype(np.float32)


def head_of(kind: str, values: NDArray[np.float64]) -> tuple[str, NDArray[np.generic]]:
    """What a tensor of some type says of itself, and the bytes that hold the values."""
    if kind == "bfloat16":
        return kind, ((values.astype(np.float32).view(np.uint32) + 0x8000) >> 16).astype(np.uint16)
    if kind not in {"int8", "uint8"}:
        return kind, values.astype(kind)
    step, zero = abs(values).max() / 127, 128 if kind == "uint8" else 0
    return f"{kind} q={step:.12g}+{zero}", (np.round(values / step) + zero).astype(kind)


@pytest.mark.parametrize(
    ("kind", "slack"), [("float32", 1e-3), ("float16", 2e-3), ("bfloat16", 1e-2), ("int8", 1e-2), ("uint8", 1e-2)]
)
def test_weights_are_as_exact_as_their_type(kind: str, slack: float) -> None:
    """A largest weight that is off by half of what the type allows is the initializer's, by half as much again not."""
    found = []
    for part in (0.5, 1.5):
        values = np.array(even(2560, 0.05))
        values[-1] = 0.05 * (1 + part * slack)
        said, stored = head_of(kind, values)
        dtype, _, quant = said.partition(" ")
        text = f"{BODY}w: {dtype}[10,256] {quant} = const\ny: float32[1,10] = FULLY_CONNECTED(a, w, -)\n"
        found.append([hit.data["like"] for hit in deep_findings(with_constants(text, v=TRAINED, w=stored), "TFL707")])

    assert found == [[FIXED], []]


@pytest.mark.parametrize(("inputs", "found"), [(256, 1), (255, 0)])
def test_a_head_has_weights_enough(inputs: int, found: int) -> None:
    """Of fewer than 256 too much could be drawn."""
    text = f"{BODY}u: float32[1,{inputs}]\nw: float32[1,{inputs}] = const\ny: float32[1,1] = FULLY_CONNECTED(u, w, -)\n"
    values = np.array(even(inputs, 0.05), np.float32)

    assert len(deep_findings(with_constants(text, v=TRAINED, w=values), "TFL707")) == found


def test_of_a_large_head_some_weights_are_looked_at() -> None:
    """8,192 of them, evenly spread: of 16,384 every other one, here those that are drawn."""
    text = f"{BODY}w: float32[64,256] = const\ny: float32[1,64] = FULLY_CONNECTED(a, w, -)\n"
    values = np.zeros((8192, 2), np.float32)
    values[:, 0] = even(8192)
    found = [with_constants(text, v=TRAINED, w=each) for each in (values, values[:, ::-1])]

    assert [[hit.data["like"] for hit in deep_findings(data, "TFL707")] for data in found] == [[FIXED], []]


def test_the_fans_of_a_convolution() -> None:
    """Its inputs and its outputs count with the size of the window: a whole fresh model has fresh convolutions."""
    text = """
x: float32[1,8,8,16]
v: float32[32,3,3,16] = const
c: float32[1,8,8,32] = CONV_2D(x, v, -) padding=SAME stride_w=1 stride_h=1
m: int32[2] = const [1,2]
a: float32[1,32] = MEAN(c, m)
w: float32[10,32] = const
y: float32[1,10] = FULLY_CONNECTED(a, w, -)
"""
    kernel = np.array(even(32 * 9 * 16, sqrt(6 / (9 * 16 + 9 * 32))), np.float32)
    head = np.array(even(320, sqrt(6 / 42)), np.float32)
    (found,) = deep_findings(with_constants(text, v=kernel, w=head), "TFL707")

    assert (found.severity, found.data["like"]) == ("info", "glorot_uniform")


HEADED = """
x: float32[1,256]
v: float32[256,256] = const
c: float32[256] = const [0.1,...*256]
a: float32[1,256] = FULLY_CONNECTED(x, v, c) fused_activation_function=RELU
w: float32[10,256] = const
b: float32[10] = const
l: float32[1,10] = FULLY_CONNECTED(a, w, b)
y: float32[1,10] = SOFTMAX(l) beta=1.0
"""


def drawn(random: np.random.Generator, initializer: Initializer, count: int) -> NDArray[np.float32]:
    """What an initializer draws."""
    if initializer.kind == "uniform":
        return random.uniform(-initializer.scale, initializer.scale, count).astype(np.float32)
    values = random.standard_normal(2 * count if initializer.kind == "truncated" else count)
    if initializer.kind == "truncated":
        values = values[abs(values) < 2][:count]
    return (values * initializer.scale).astype(np.float32)


def looked_at(values: NDArray[np.float32], fans: tuple[int, int], slack: float) -> str:
    """The initializer that the weights are taken to be fresh from."""
    count = len(values)
    sample = values[np.arange(min(SAMPLE, count)) * count // min(SAMPLE, count)]
    return initializer_of(sample.tolist(), float(abs(values).max()), count, fans, slack)


@pytest.mark.parametrize("fans", [(768, 2), (64, 10), (1280, 10)])
@pytest.mark.parametrize("quantized", [False, True])
def test_fresh_heads_are_recognized(fans: tuple[int, int], quantized: bool) -> None:
    """Of 20 draws from each common initializer at least 95 in a hundred, as float32 and as int8 alike."""
    random = np.random.default_rng(707)
    found = []
    for initializer in candidates(*fans):
        for _ in range(20):
            values = drawn(random, initializer, fans[0] * fans[1])
            step = abs(values).max() / 127
            values = np.round(values / step) * step if quantized else values
            found.append(bool(looked_at(values, fans, 1e-2 if quantized else 1e-3)))

    assert np.mean(found) >= 0.95


@pytest.mark.parametrize("fans", [(768, 2), (1280, 10)])
def test_trained_heads_are_not_taken_for_fresh(fans: tuple[int, int]) -> None:
    """Heavy tails, and a start that training moved by a third of its spread: at most 5 in a hundred pass."""
    random = np.random.default_rng(708)
    count = fans[0] * fans[1]
    start = next(iter(candidates(*fans)))
    passed = []
    for _ in range(100):
        moved = drawn(random, start, count) + random.standard_normal(count) * start.spread / 3
        heavy = random.laplace(0, np.exp(random.uniform(-5, 0)), count)
        passed += [bool(looked_at(values.astype(np.float32), fans, 1e-3)) for values in (moved, heavy)]

    assert np.mean(passed) <= 0.05


def test_a_fresh_head_is_told_from_a_fresh_model() -> None:
    """A warning behind a trained body, an info where the body is fresh too, nothing when the bias was trained."""
    random = np.random.default_rng(709)
    start = next(iter(candidates(256, 10)))
    body = random.laplace(0, 0.1, 256 * 256).astype(np.float32)
    head = drawn(random, start, 2560)
    (trained,) = deep_findings(with_constants(HEADED, v=body, w=head), "TFL707")
    assert trained.severity == "warning"
    assert trained.message == (
        "the weights of the last layer are as glorot_uniform left them, its bias zero or left out, "
        "while 1 of 1 other layers are trained"
    )
    fresh = {"v": drawn(random, next(iter(candidates(256, 256))), 256 * 256), "c": np.zeros(256, np.float32)}
    (whole,) = deep_findings(with_constants(HEADED, w=head, **fresh), "TFL707")
    assert whole.severity == "info"
    assert whole.message.endswith("as if nothing of the model was trained")
    bias = np.full(10, 1e-6, np.float32)
    assert deep_findings(with_constants(HEADED, v=body, w=head, b=bias), "TFL707") == []
