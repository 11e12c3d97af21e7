"""What no sketch can say: a file that leaves parts out, or whose bytes lie where none should.

Each table here is a sketch's, with one part taken away or put in.
"""

from __future__ import annotations

from typing import Any

import pytest

from tflint import sketch
from tflint.engine import Plan, check_model
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.registry import catalogue, notices
from tflint.runtimes.profile import resolve

RELU = "x: float32[4]\ny: float32[4] = RELU(x)\n"
ADDS = "x: float32[4]\nc: float32[4] = const\ny: float32[4] = ADD(x, c)\n"


def findings(code: str, model: dict[str, Any], target: str = "litert") -> list[str]:
    """What one rule says of a model's tables."""
    plan = Plan((*notices().values(), catalogue()[code]), (resolve(target),))  # with the notice of a rule that fails
    found = check_model(decode(bytes(encode(model))), plan).findings
    return [f"{finding.severity.value}: {finding.message} ({finding.place.label})" for finding in found]


def without(text: str, *parts: str) -> dict[str, Any]:
    """A sketch's tables, its first subgraph without some."""
    model = sketch.parse(text)
    for part in parts:
        del model["subgraphs"][0][part]
    return model


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"version": 3, "buffers": [{}]}, ["error: the model has no subgraph (the model)"]),
        (sketch.parse(RELU) | {"buffers": None}, ["error: the model has no buffers (the model)"]),
        (sketch.parse(RELU) | {"buffers": []}, ["warning: the model has no buffers (the model)"]),
        (
            {"version": 3, "buffers": [{}], "subgraphs": [{"inputs": [], "outputs": [], "operators": []}]},
            ["error: a subgraph has no tensors (subgraph 0)"],
        ),
        (without("x: float32[4]", "operators"), ["warning: a subgraph has no operators (subgraph 0 'main')"]),
        (without(RELU, "inputs"), ["info: a subgraph leaves out its inputs or outputs (subgraph 0 'main')"]),
        (without(RELU, "outputs"), ["info: a subgraph leaves out its inputs or outputs (subgraph 0 'main')"]),
    ],
)
def test_a_model_without_its_parts(model: dict[str, Any], said: list[str]) -> None:
    """TFL901 names each, as bad as runtimes take it; TFL902 and TFL905 have nothing to add."""
    assert findings("TFL901", model) == said
    assert not findings("TFL902", model)
    assert not findings("TFL905", model)


def test_a_long_tail_is_told_as_info() -> None:
    """TFL901: no runtime looks at it."""
    plan = Plan((catalogue()["TFL901"],), (resolve("litert"),))
    (finding,) = check_model(decode(sketch.build(RELU) + b"x" * 64), plan).findings

    assert (finding.severity.value, finding.message) == ("info", "64 bytes behind the model are no zip archive")


def test_bytes_that_are_behind_the_flatbuffer_or_nowhere() -> None:
    """TFL902: an error where the runtime reads offsets, and a warning where it does not know them."""
    model = sketch.parse(ADDS)
    model["buffers"][1] = {"outside": b"\0" * 16}
    assert not findings("TFL902", model)
    assert not findings("TFL902", model, "tflite-2.12")

    model["buffers"][1] = {"offset": 1 << 20, "size": 16}
    assert findings("TFL902", model) == ["error: buffer 1 lies outside the file (tensor 1 'c')"]
    assert findings("TFL902", model, "tflite-2.12") == ["warning: buffer 1 lies outside the file (tensor 1 'c')"]


def test_buffer_0_stands_for_none() -> None:
    """TFL902: data in it are nobody's, and no tensor is measured by them."""
    model = sketch.parse(RELU)
    model["buffers"][0] = {"data": b"\0" * 2000}

    assert findings("TFL902", model) == ["warning: buffer 0, which stands for none, holds 2,000 bytes (the model)"]


def test_an_external_constant_without_any_buffer() -> None:
    """TFL902: there is nothing to measure."""
    model = sketch.parse("x: float32[4]\nc: float32[4] external=1\ny: float32[4] = ADD(x, c)\n") | {"buffers": None}

    assert not findings("TFL902", model)


@pytest.mark.parametrize(("part", "label"), [("inputs", "RELU #0 'y'"), ("outputs", "RELU #0")])
def test_an_operator_without_its_vectors(part: str, label: str) -> None:
    """TFL910: an empty vector is one."""
    model = sketch.parse(RELU)
    (op,) = model["subgraphs"][0]["operators"]
    op[part] = []
    assert not findings("TFL910", model)

    del op[part]
    assert findings("TFL910", model) == [f"error: RELU: no {part} ({label})"]


def test_strings_whose_bytes_are_nowhere_or_many() -> None:
    """TFL910: no count is read outside the file, and of a long table the offsets up to a limit."""
    model = sketch.parse('s: string[1] = const ["a"]\nx: float32[4]\ny: float32[4] = RELU(x)\n')
    model["buffers"][1] = {"offset": 1 << 20, "size": 16}
    assert not findings("TFL910", model)

    words = ",".join('"word"' for _ in range(1100))
    model = sketch.parse(f"s: string[1100] = const [{words}]\nx: float32[4]\ny: float32[4] = RELU(x)\n")
    assert not findings("TFL910", model)
