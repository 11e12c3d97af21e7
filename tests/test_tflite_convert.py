"""The table of docs/convert.md for those who come from a `tflite_convert` command, against that program and ours."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from command import TFLINT
from tflint.convert.recipe import Recipe
from tflint.convert.settings import SETTINGS

PAGE = Path(__file__).parents[1] / "docs" / "convert.md"
SECTION = PAGE.read_text(encoding="utf-8").split("## From a tflite_convert command")[1].split("\n## ")[0]
ROWS = [line.strip("| ").split(" | ") for line in SECTION.splitlines() if line.startswith("| `--")]
PYTHON = os.environ.get("TENSORFLOW_PYTHON", "")


@pytest.mark.skipif(not PYTHON, reason="TENSORFLOW_PYTHON names an interpreter with TensorFlow")
def test_each_flag_of_the_program_is_in_the_table() -> None:
    """No flag of tflite_convert is missing, and none is made up."""
    (program,) = Path(PYTHON).parents[1].glob("lib/python3*/site-packages/tensorflow/lite/python/tflite_convert.py")
    has = set(re.findall(r'^ {6}"(--[a-z_0-9]+)",$', program.read_text(encoding="utf-8"), re.MULTILINE))

    told = {flag for flags, _ in ROWS for flag in re.findall(r"--[a-z_0-9]+", flags)}

    assert told == has


def test_what_the_table_names_is_there() -> None:
    """Each flag, each field and each setting of the right column is one that `tflint fix` takes."""
    help_text = subprocess.run([TFLINT, "fix", "--help"], capture_output=True, text=True, check=True).stdout
    told = " ".join(here for _, here in ROWS)

    assert {flag for flag in re.findall(r"--[a-z-]+", told) if f" {flag} " not in help_text} == set()
    assert set(re.findall(r"settings\.(\w+)", told)) <= SETTINGS.keys()
    assert {"source_signature", "calibration"} <= Recipe.__annotations__.keys()
    (by_name,) = [flags for flags, here in ROWS if "by these names" in here]
    assert {flag.strip("` ").removeprefix("--") for flag in by_name.split(",")} <= SETTINGS.keys()
