"""The command with and without --deep, and rules whose models are too large or too random for a sketch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from test_cli import tflint
from tflint import sketch, testing
from tflint.engine import Plan, check_model
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve
from tflint_rules.hygiene.initializers import SAMPLE, Initializer, candidates, initializer_of

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from tflint.findings import Finding

TWICE = """
x: float32[1,64]
v: float32[64,64] = const
a: float32[1,64] = FULLY_CONNECTED(x, v, -)
w: float32[64,64] = const
y: float32[1,64] = FULLY_CONNECTED(a, w, -)
"""


def written(folder: Path, text: str) -> Path:
    """A model file."""
    path = folder / "model.tflite"
    path.write_bytes(sketch.build(text))
    return path


def codes(output: str) -> list[str]:
    """Codes of the findings of a JSON report."""
    return [finding["code"] for file in json.loads(output)["files"] for finding in file["findings"]]


def test_weights_are_read_with_deep_only(tmp_path: Path) -> None:
    """A rule that reads weights finds nothing without --deep, and what there is with it."""
    path = written(tmp_path, TWICE)

    assert "TFL702" not in codes(tflint("check", path, "-f", "json").stdout)
    assert "TFL702" in codes(tflint("check", path, "-f", "json", "--deep").stdout)


def test_a_rule_that_is_asked_for_by_name_says_what_it_takes(tmp_path: Path) -> None:
    """One note without --deep, by code or by name; none with it, and none where a prefix selects it among others."""
    path = written(tmp_path, TWICE)
    note = "tflint: note: TFL702: not run, for it takes --deep to read weights\n"

    for selector in ("TFL702", "duplicate-buffers"):
        done = tflint("check", path, "--select", selector)
        assert (done.returncode, done.stderr) == (0, note)
        done = tflint("check", path, "--select", selector, "--deep")
        assert (done.returncode, done.stderr) == (1, "")
    assert tflint("check", path, "--select", "TFL7").stderr == ""
    assert tflint("check", path, "--select", "TFL702", "--ignore", "TFL702").stderr == ""


def test_pages_say_what_needs_deep() -> None:
    """In text and in JSON; a rule that can do without does not say so."""
    assert "runs under --deep" in tflint("rule", "TFL702").stdout
    assert "runs under --deep" not in tflint("rule", "TFL211").stdout
    rules = {rule["code"]: rule["reads"] for rule in json.loads(tflint("rule", "--all", "-f", "json").stdout)}
    assert (rules["TFL702"], rules["TFL211"]) == ("weights", "graph")


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


def with_constants(text: str, **constants: NDArray[np.float32]) -> bytes:
    """A sketch's model with the bytes of some constants, by their tensors' names."""
    tables = sketch.parse(text)
    for tensor in tables["subgraphs"][0]["tensors"]:
        if tensor["name"] in constants:
            tables["buffers"][tensor["buffer"]] = {"data": constants[tensor["name"]].tobytes()}
    return bytes(encode(tables))


def deep_findings(data: bytes, *wanted: str) -> list[Finding]:
    """What rules say under --deep of a model."""
    known = catalogue()
    plan = Plan(tuple(known[code] for code in wanted), (resolve(testing.NEWEST),), deep=True)
    return list(check_model(decode(data), plan).findings)


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


def test_constants_that_differ_in_the_middle_are_no_duplicates() -> None:
    """The ends are compared first, and all bytes before anything is said."""
    first = np.zeros(4096, np.float32)
    second = first.copy()
    second[2048] = 1

    assert deep_findings(with_constants(TWICE, v=first, w=second), "TFL702") == []
    (found,) = deep_findings(with_constants(TWICE, v=second, w=second), "TFL702")
    assert found.data["saved"] == "16,384"


def test_a_buffer_that_nothing_refers_to_is_dead() -> None:
    """With its bytes; an empty one costs nothing."""
    tables = sketch.parse("x: float32[4]\ny: float32[4] = ABS(x)\n")
    tables["buffers"] += [{}, {"data": bytes(100)}]
    (found,) = deep_findings(bytes(encode(tables)), "TFL701")

    assert found.message == "buffers that nothing refers to: 1, of 100 bytes"


def test_deflated_size_of_much_is_an_estimate() -> None:
    """Up to 4 MB are deflated whole; of more, pieces are, and the estimate is within a tenth of the truth."""
    random = np.random.default_rng(802)
    text = "x: float32[1,1024]\nw: float32[2048,1024] = const\ny: float32[1,2048] = FULLY_CONNECTED(x, w, -)\n"
    values = random.choice(random.standard_normal(16).astype(np.float32), 2048 * 1024)
    (found,) = deep_findings(with_constants(text, w=values), "TFL802")
    about, size, *_ = found.data["then"].split()
    (whole,) = deep_findings(
        with_constants(text.replace("2048", "1024"), w=values[: 1024 * 1024]),
        "TFL802",
    )

    assert about == "about"
    exact = int(whole.data["then"].split()[0].replace(",", ""))
    assert abs(int(size.replace(",", "")) / (2 * exact) - 1) < 0.1
