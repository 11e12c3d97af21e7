"""What the converter quantizes of a source where ai-edge-quantizer cannot: fused LSTM layers, and loops."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tflint.convert.attempt import again
from tflint.convert.diagnosis import diagnose
from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from tflint.convert.attempt import Attempt
    from tflint.convert.environment import Environment
    from tflint.parity.samples import Samples

SETTINGS: dict[str, dict[str, Any]] = {
    "int8": {
        "optimizations": ["DEFAULT"],
        "supported_ops": ["TFLITE_BUILTINS_INT8", "TFLITE_BUILTINS"],  # what has no kernel of int8 stays float
        "inference_input_type": "int8",
        "inference_output_type": "int8",
    },
    "dynamic": {"optimizations": ["DEFAULT"]},
}
"""Scheme -> settings of the converter. Of 16x8 it has no LSTM, and none of weights alone or of 4 bits."""


def requantized(
    scheme: str,
    made: Attempt,
    where: Environment,
    calibration: Mapping[str | None, Samples],
    folder: Path,
    timeout: float,
) -> Path:
    """A quantized model of what the converter was given for a float one. Raises TflintError, which says why not.

    `calibration`: samples of each signature, by what the float model's inputs are.
    """
    recipe = replace(made.recipe, settings={**made.recipe.settings, **SETTINGS[scheme]}, quantize=None)
    samples = calibration if "supported_ops" in SETTINGS[scheme] else {}
    tried = again(made, recipe, where, samples, folder / scheme, timeout)
    diagnosis = diagnose(tried)
    if diagnosis is not None or tried.file is None:
        raise TflintError(diagnosis.told if diagnosis else "no model", 1)
    return tried.file
