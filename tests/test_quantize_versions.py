"""Operator versions of what ai-edge-quantizer makes, and what is said of the runtimes that take it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command import tflint
from quantizing import CORPUS, corpus, quantized, recorded
from tflint.fixer import quantizer
from tflint.fixer.calibration import by_entry
from tflint.fixer.versions import version_of
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import read_model
from tflint.parity.entry import entries
from tflint.parity.process import Children
from tflint.parity.samples import load

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.model.view import Model

CLASSIFIER = "5ee0d849bd25__model.tflite"  # two convolutions, two dense layers, a softmax
# Versions left too low by whoever made them: ai-edge-quantizer, and the converter's quantizer of int16 before 2.15.
TOO_LOW = (
    "509577e28083__qwen_fc_blockwise_quantized.tflite",
    "8874da14a426__no_norm_model_int16_1.tflite",
    "9a7fb755c1ac__no_norm_model_int16_2.tflite",
    "9fd40288aacf__static_w8_a16_quantized_v_einsum.tflite",
    "fc2b2a0e6073__static_w8_a16_quantized_k_einsum.tflite",
)
MADE = {
    "dynamic": ({"CONV_2D": 5, "FULLY_CONNECTED": 12}, "2.17.0"),
    "int4": ({"CONV_2D": 7, "FULLY_CONNECTED": 12}, "2.17.0"),
    "weight-only-int8": ({"DEQUANTIZE": 5, "CONV_2D": 1, "FULLY_CONNECTED": 1}, "2.7.0"),
    "int8": ({"CONV_2D": 3, "FULLY_CONNECTED": 4, "SOFTMAX": 2, "DEQUANTIZE": 2}, "1.14.0"),
    "int16x8": ({"CONV_2D": 4, "FULLY_CONNECTED": 7, "SOFTMAX": 3, "DEQUANTIZE": 3, "QUANTIZE": 2}, "2.3.0"),
}


def versions(model: Model) -> dict[str, int]:
    """Operator -> version."""
    return {code.name: code.version for code in model.operator_codes}


def test_versions_are_those_of_the_converter() -> None:
    """Of 300 quantized operators that TFLite's converter versioned, none asks for more than it has."""
    if not CORPUS.exists():
        pytest.skip("no corpus here")
    equal, above = 0, set()
    for path in CORPUS.iterdir():
        try:
            model = read_model(path)
        except MalformedModelError:
            continue
        needed: dict[int, int] = {}
        for op in model.ops:
            needed[op.opcode_index] = max(needed.get(op.opcode_index, 1), version_of(op))
        for code in model.operator_codes:
            equal += 1 < needed.get(code.index, 1) == code.version
            if needed.get(code.index, 1) > code.version:
                above.add(path.name)
    assert equal > 300
    assert sorted(above) == sorted(TOO_LOW)


def test_each_scheme_states_what_its_kernels_need(tmp_path: Path) -> None:
    """Operators that the library left at version 1 have the version of their types, and the metadata follows."""
    path = corpus(CLASSIFIER, tmp_path)
    model = read_model(path)
    assert set(versions(model).values()) == {1}
    samples = by_entry(load(recorded(path)), entries(model))

    made = quantizer.make(
        path, model, [quantizer.Order(name, name) for name in MADE], samples, tmp_path, 200, Children()
    )

    assert not made.failures
    for name, (expected, runtime) in MADE.items():
        found = read_model(made.files[name][0][0])
        assert expected.items() <= versions(found).items(), name
        stated = (found.metadata_bytes("min_runtime_version") or b"").rstrip(b"\0").decode()
        assert stated == runtime, name


def test_a_check_judges_old_runtimes_by_them(tmp_path: Path) -> None:
    """The dense layers of a dynamic-range model are refused for TFLite 2.16 and taken by 2.17."""
    model = corpus(CLASSIFIER, tmp_path)
    quantized(model, "dynamic", "--metric", "logit:1e9")

    old, new = (
        tflint("check", model, "--target", target, "--select", "TFL201,TFL203", "-f", "json", cwd=tmp_path)
        for target in ("tflite-2.16", "tflite-2.17")
    )

    [finding] = json.loads(old.stdout)["files"][0]["findings"]
    assert old.returncode == 1
    assert "FULLY_CONNECTED version 12" in finding["message"]
    assert (new.returncode, json.loads(new.stdout)["files"][0]["findings"]) == (0, [])
