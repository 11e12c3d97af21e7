"""What a rule's page cannot say: how bad a place is, which targets it concerns, and files that are no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tflint import sketch
from tflint.engine import Plan, check_file, check_model
from tflint.model.read import decode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.findings import Finding

RELU = "x: float32[4]\ny: float32[4] = RELU(x)\n"
DENSE = """
x: int8[1,4] q=0.5+0
w: int8[2,4] q={w} = const
b: int32[2] q={b} = const
y: int8[1,2] q=1+0 = FULLY_CONNECTED.v4(x, w, b)
"""
LATE = """
x: float32[4]
s: int32[1]
b: float32[3] = const
c: float32[4] = const
r: float32[4] = RESHAPE(x, s)
y: float32[4] = ADD(b, c)
"""
CASES = [
    ("TFL203", RELU, "litert", "info"),
    ("TFL203", RELU + 'unused GELU.v1\nmetadata min_runtime_version = "1.5.0" 16\n', "litert", "warning"),
    ("TFL211", "x: float32[4]\nn: float32[] = const [nan]\ny: float32[4] = ADD(x, n)\n", "litert", "error"),
    ("TFL211", "x: float32[4]\nn: float32[] = const [inf]\ny: float32[4] = MUL(x, n)\n", "litert", "warning"),
    ("TFL212", "x: float32[4]\nb: float32[3] = const\ny: float32[4] = ADD(x, b)\n", "litert", "error"),
    ("TFL212", LATE, "litert", "warning"),
    ("TFL501", "x: int64[4]\ny: float32[4] = CAST(x)\n", "litert", "warning"),
    (
        "TFL501",
        "x: float32[4]\na: int32[] = const [0]\ny: int64[] = ARG_MAX(x, a) output_type=INT64\n",
        "litert",
        "info",
    ),
    ("TFL507", "x: int8[4] q=0+0\n", "litert", "error"),
    ("TFL507", "x: int8[4] q=1e-9+0\n", "litert", "warning"),
    ("TFL507", "w: int8[2,4] q=[1,0]+[0,0]@0 = const\n", "litert", "info"),
    ("TFL508", DENSE.format(w="0.5+0", b="0.5+0"), "litert", "error"),
    ("TFL508", DENSE.format(w="0.5+0", b="0.26+0"), "litert", "warning"),
    ("TFL508", DENSE.format(w="[0.5,0.5]+[0,0]@0", b="[0.25,0.5]+[0,0]@0"), "litert", "warning"),
    ("TFL901", "version 2\n", "litert", "error"),
    ("TFL902", "x: float32[1]\nc: float32[1] = raw 0x0000803f00000000\n", "litert", "info"),
    ("TFL902", "x: float32[1]\nc: float32[1] = raw 0x0000803f00000000\n", "tflite-2.12", "error"),
    ("TFL902", RELU + "metadata notes = ?9\n", "litert", "warning"),
    ("TFL910", "x: float32[4]\ny: float32[4] = ADD(x, x) options=Conv2DOptions stride_w=1\n", "litert", "warning"),
    ("TFL910", "s: string[1] = raw 0x0000\n", "litert", "error"),
]


def findings(code: str, text: str, *targets: str, assumed: bool = False) -> list[Finding]:
    """What one rule says."""
    plan = Plan((catalogue()[code],), tuple(map(resolve, targets)), assumed)
    return list(check_model(decode(sketch.build(text)), plan).findings)


@pytest.mark.parametrize(("code", "text", "target", "severity"), CASES)
def test_severity_varies_with_the_place(code: str, text: str, target: str, severity: str) -> None:
    """As the rule's page says under Exceptions."""
    (found,) = findings(code, text, target)

    assert found.severity.value == severity


def test_targets_that_agree_share_a_finding() -> None:
    """What each target has is a reason of its own."""
    text = "x: float32[4]\ny: float32[4] = GELU(x)\n"
    found = findings("TFL201", text, "tflite-2.3", "tflite-2.4", "litert")

    assert [f.targets for f in found] == [("tflite-2.3", "tflite-2.4")]


def test_an_assumed_target_tells_the_minimum_of_new_ops() -> None:
    """Nobody asked for older runtimes, so it is info, and only for what many of them lack."""
    text = "x: float32[1,4]\nw: int8[2,4] q=[1,2]+[0,0] = const\ny: float32[1,2] = FULLY_CONNECTED.v12(x, w, -)\n"
    (found,) = findings("TFL201", text, "litert", assumed=True)

    assert found.severity.value == "info"
    assert "TFLite 2.17.0" in found.message
    assert "_experimental_disable_per_channel_quantization_for_dense_layers" in found.message
    assert not findings("TFL201", text, "litert")
    assert not findings("TFL201", RELU, "litert", assumed=True)


def test_float_borders_break_a_target_without_float(tmp_path: Path) -> None:
    """The profile's `io_dtypes` makes an error of it."""
    board = tmp_path / "board.toml"
    board.write_text('extends = "litert-2.3.0"\nio_dtypes = ["int8"]\n')
    text = "x: float32[4]\na: int8[4] q=0.1+0 = QUANTIZE(x)\ny: int8[4] q=0.1+0 = RELU.v2(a)\n"

    assert [f.severity.value for f in findings("TFL505", text, str(board))] == ["error"]
    assert [f.severity.value for f in findings("TFL505", text, "litert")] == ["info"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS"),
        (b"\0" * 8, "identifier"),
        (sketch.build(RELU)[:60], "file"),
    ],
)
def test_a_file_that_is_no_model_is_a_finding(data: bytes, words: str, tmp_path: Path) -> None:
    """And unsupported everywhere."""
    path = tmp_path / "m.tflite"
    path.write_bytes(data)
    report = check_file(path, Plan((catalogue()["TFL901"],), (resolve("litert"),)))

    assert [f.rule.code for f in report.findings] == ["TFL901"]
    assert words in report.findings[0].message
    assert [v.value for v in report.verdicts] == ["unsupported"]


@pytest.mark.parametrize(
    ("tail", "found"), [(b"x" * 64, 1), (b"x" * 63, 0), (b"PK\3\4" + b"x" * 99, 0), (b"\0" * 16, 0)]
)
def test_a_tail_is_an_archive_or_info(tail: bytes, found: int) -> None:
    """Metadata writers append a zip; a few bytes are what editors leave."""
    plan = Plan((catalogue()["TFL901"],), (resolve("litert"),))

    assert len(check_model(decode(sketch.build(RELU) + tail), plan).findings) == found
