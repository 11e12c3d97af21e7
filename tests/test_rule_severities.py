"""What a rule's page cannot say: which targets it concerns, what an assumed one hears, and files that are no model."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tflint import sketch
from tflint.engine import Plan, check_file, check_model
from tflint.model.read import decode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve
from tflint.testing import cases

if TYPE_CHECKING:
    from tflint.findings import Finding

PAGES = Path(__file__).parent / "rules"
RELU = "x: float32[4]\ny: float32[4] = RELU(x)\n"


def findings(code: str, text: str, *targets: str, assumed: bool = False) -> list[Finding]:
    """What one rule says."""
    plan = Plan((catalogue()[code],), tuple(map(resolve, targets)), assumed)
    return list(check_model(decode(sketch.build(text)), plan).findings)


def test_targets_that_agree_share_a_finding() -> None:
    """What each target has is a reason of its own."""
    text = "x: float32[4]\ny: float32[4] = GELU(x)\n"
    found = findings("TFL201", text, "tflite-2.3", "tflite-2.4", "litert")

    assert [f.targets for f in found] == [("tflite-2.3", "tflite-2.4")]


def test_an_assumed_target_tells_the_minimum_of_new_ops() -> None:
    """Nobody asked for older runtimes, so it is info, and only for what many of them lack."""
    text = "x: float32[1,4]\nw: int8[2,4] q=[1,2]+[0,0] = const\ny: float32[1,2] = FULLY_CONNECTED.v12(x, w, -)\n"
    (found,) = findings("TFL201", text, "litert", assumed=True)

    assert (found.severity.value, found.place.path) == ("info", "/subgraphs/0/operators/0")
    assert "TFLite 2.17.0" in found.message
    assert "_experimental_disable_per_channel_quantization_for_dense_layers" in found.message
    assert not findings("TFL201", text, "litert")
    assert not findings("TFL201", RELU, "litert", assumed=True)


@pytest.mark.parametrize(
    ("op", "said"),
    [
        ("CONCATENATION.v4(x)", []),  # TFLite 2.14, the last that was a wheel of its own
        ("CAST.v6(x)", ["info"]),  # 2.15
        ("ADD.v6(x, x)", ["info"]),  # LiteRT 2.1.6, and no TFLite
        ("STABLEHLO_CBRT(x)", []),  # none, which TFL204 says
    ],
)
def test_an_assumed_target_tells_what_is_news(op: str, said: list[str]) -> None:
    """TFL201: what the last tflite-runtime lacks, and some runtime has."""
    text = f"x: float32[4]\ny: float32[4] = {op}\n"

    assert [f.severity.value for f in findings("TFL201", text, "litert", assumed=True)] == said


def test_an_assumed_target_hears_of_maps_that_others_refuse() -> None:
    """TFL104: the runtime that was assumed takes it."""
    text = "graph main() -> (y)\ny: float32[2] = const [1.0,2.0]\nsignature constant - -> (y=y)\n"
    (found,) = findings("TFL104", text, "litert", assumed=True)

    assert found.severity.value == "info"
    assert not findings("TFL104", text, "litert")
    assert not findings("TFL104", f"{RELU}signature s(x=x) -> (y=y)\n", "litert", assumed=True)
    (other,) = findings("TFL104", text.replace(" constant", ' ""'), "litert", assumed=True)
    assert other.message == "empty key: signature 0 is called ''"


def test_an_assumed_target_is_no_older_than_its_converter() -> None:
    """TFL854: nobody asked for that runtime."""
    text = next(case.text for case in cases((PAGES / "TFL854.md").read_text(encoding="utf-8")))

    assert [f.rule.code for f in findings("TFL854", text, "tflite-2.12")] == ["TFL854"]
    assert not findings("TFL854", text, "tflite-2.12", assumed=True)


def test_an_assumed_target_may_get_flex() -> None:
    """TFL604: an error on a target that was named, for it has none; a warning where any might be meant."""
    text = "l: variant[] = CUSTOM:FlexTensorListReserve()\n"

    assert [f.severity.value for f in findings("TFL604", text, "litert")] == ["error"]
    assert [f.severity.value for f in findings("TFL604", text, "litert", assumed=True)] == ["warning"]


def test_float_borders_break_a_target_without_float(tmp_path: Path) -> None:
    """The profile's `io_dtypes` makes an error of it."""
    board = tmp_path / "board.toml"
    board.write_text('extends = "litert-2.3.0"\nio_dtypes = ["int8"]\n')
    text = "x: float32[4]\na: int8[4] q=0.1+0 = QUANTIZE(x)\ny: int8[4] q=0.1+0 = RELU.v2(a)\n"

    assert [f.severity.value for f in findings("TFL505", text, str(board))] == ["error"]
    assert [f.severity.value for f in findings("TFL505", text, "litert")] == ["info"]
    board.write_text('extends = "litert-2.3.0"\nio_dtypes = ["int8", "float32"]\n')
    assert [f.severity.value for f in findings("TFL505", text, str(board))] == ["info"]


@pytest.mark.parametrize(
    ("batch", "said"),
    [
        ("fixed", ["warning: input shape [-1, 4]: the target wants a fixed batch"]),
        ("one", ["warning: input shape [-1, 4]: the target wants a fixed batch"]),
        ("dynamic", []),
    ],
)
def test_an_open_batch_is_as_bad_as_the_target_says(batch: str, said: list[str], tmp_path: Path) -> None:
    """TFL401: by the profile's `batch`."""
    board = tmp_path / "board.toml"
    board.write_text(f'extends = "litert-2.3.0"\nbatch = "{batch}"\n')
    text = "x: float32[1,4] sig=[-1,4]\ny: float32[1,4] sig=[-1,4] = RELU(x)\n"

    assert [f"{f.severity.value}: {f.message}" for f in findings("TFL401", text, str(board))] == said


def test_a_profile_that_takes_few_types_is_told_apart_from_its_runtime(tmp_path: Path) -> None:
    """TFL516: what would have to be newer is the runtime, or the profile's `dtypes`."""
    board = tmp_path / "board.toml"
    board.write_text('extends = "tflite-2.9"\ndtypes = ["float32", "int4"]\n')
    text = "x: float32[4]\nw: int4[4] q=0.1+0 = const\nu: int8[4] = const\ny: float32[4] = RELU(x)\n"

    assert [f.message.partition("; ")[2] for f in findings("TFL516", text, str(board))] == [
        "it needs TFLite 2.11",
        "it needs a profile whose `dtypes` allow it",
    ]


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


@pytest.mark.parametrize(("code", "scale"), [("TFL507", "0+0"), ("TFL509", "0.1+200")])
def test_scales_are_read_up_to_a_limit(code: str, scale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bound on work, here two of them: the third tensor is not looked at."""
    monkeypatch.setattr(sys.modules[catalogue()[code].load().check.__module__], "BUDGET", 2)
    text = "".join(f"{name}: int8[4] q={scale}\n" for name in "abc")
    (found,) = findings(code, text, "litert")

    assert [place.label for place in found.places] == ["tensor 0 'a'", "tensor 1 'b'"]


def test_a_later_release_of_an_old_runtime_is_old(tmp_path: Path) -> None:
    """TFL403: 2.14.1 loses its delegate as 2.14 does."""
    board = tmp_path / "board.toml"
    board.write_text('extends = "tflite-2.14"\ngeneration = [2, 14, 1]\n')
    text = "x: float32[1,4]\nc: bool[4]\nw: float32[4,4] = const\ny: float32[1,4] = FULLY_CONNECTED(x, w, -)\n"
    (found,) = findings("TFL403", text + "i: int64[-1,1] = WHERE(c)\n", str(board))

    assert found.severity.value == "warning"
