"""`examples/tokenizer`: a tokenizer in the graph, converted by tflint and compared with the one in Python."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from command import TFLINT

EXAMPLE = Path(__file__).parents[1] / "examples" / "tokenizer"
OPS = ("--registerer", "tensorflow_text:tflite_registrar.SELECT_TFTEXT_OPS")
pytestmark = pytest.mark.slow


def tflint(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """The command, which has time to import TensorFlow."""
    return subprocess.run(
        [TFLINT, *arguments],
        cwd=cwd,
        check=False,
        capture_output=True,
        text=True,
        timeout=1800,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path, dict[str, Any]]:
    """An interpreter with tensorflow-text and transformers, a copy of the example, and the report of its conversion."""
    python = os.environ.get("TENSORFLOW_PYTHON")
    wanted = "import importlib.util as u, sys; sys.exit(None in map(u.find_spec, ('tensorflow_text', 'transformers')))"
    if not python or subprocess.run([python, "-c", wanted], check=False).returncode:
        pytest.skip("TENSORFLOW_PYTHON names no interpreter with tensorflow-text and transformers")
    folder = tmp_path_factory.mktemp("example") / "tokenizer"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    arguments = ("--python", python, *OPS, "--inputs", "texts.jsonl", "-f", "json")
    done = tflint("fix", "tokenizer.tflite", "--source", "tokenizer:build", *arguments, cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    return python, folder, json.loads(done.stdout)


def test_custom_ops_are_converted_named_and_run(made: tuple[str, Path, dict[str, Any]]) -> None:
    """In one attempt; the findings name what registers them, and the ids are those of the graph in TensorFlow."""
    _, _, told = made
    [attempt] = told["attempts"]

    assert [finding["code"] for finding in attempt["findings"]] == ["TFL303", "TFL303"]
    assert all("SELECT_TFTEXT_OPS in custom_op_registerers" in each["message"] for each in attempt["findings"])
    outputs = [out for run in told["parity"]["entries"][0]["runs"] for out in run["outputs"]]
    assert {out["output"] for out in outputs} == {"input_ids", "attention_mask"}
    assert all(out["numbers"]["same_bits"] for out in outputs)
    assert told["recipe"]["registerers"] == [OPS[1]]


def test_its_ids_are_held_against_the_python_tokenizer(made: tuple[str, Path, dict[str, Any]]) -> None:
    """Three texts of 24 differ: case is folded in the graph, and made small in Python. Folded, all are equal."""
    python, folder, _ = made
    arguments = ("tokenizer.tflite", "--python", python, *OPS, "--inputs", "texts.jsonl", "--delegates", "none")
    with (folder / "ids.jsonl").open("w") as file:
        subprocess.run([python, "reference.py"], cwd=folder, check=True, stdout=file, timeout=300)

    lowered = tflint("verify", "ids.jsonl", *arguments, cwd=folder)
    folded = tflint("verify", "reference:folded", *arguments, cwd=folder)

    assert (lowered.returncode, lowered.stderr) == (1, "")
    assert "3 of 24 samples differ, sample 5 first at [0,17]: " in lowered.stdout
    assert (folded.returncode, folded.stderr) == (0, "")
