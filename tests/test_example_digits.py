"""`examples/digits`: its own scripts train and convert; tflint says what was wrong, and makes what is right."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from command import TFLINT, tflint

EXAMPLE = Path(__file__).parents[1] / "examples" / "digits"


def drawn(file: Path) -> None:
    """Images of ten classes, for an environment without scikit-learn: a pattern each, and noise."""
    random = np.random.default_rng(0)
    patterns, target = random.uniform(0, 16, (10, 8, 8)), random.integers(0, 10, 1500)
    images = np.clip(patterns[target] + random.normal(0, 5, (1500, 8, 8)), 0, 16)
    np.savez(file, images=images, target=target)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """An interpreter with TensorFlow, and a copy of the example with what its train.py made."""
    python = os.environ.get("TENSORFLOW_PYTHON")
    if not python:
        pytest.skip("TENSORFLOW_PYTHON names no interpreter")
    folder = tmp_path_factory.mktemp("example") / "digits"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("models", "__pycache__"))
    if subprocess.run([python, "-c", "import sklearn"], capture_output=True, check=False).returncode:
        drawn(folder / "digits.npz")
    subprocess.run([python, "train.py"], cwd=folder, check=True, capture_output=True, timeout=1800)
    return python, folder


def optimized(folder: Path) -> None:
    """Skip where the optimization toolkit is not there."""
    if not (folder / "models" / "qat").exists():
        pytest.skip("no tensorflow-model-optimization")


@pytest.mark.parametrize("source", ["models/float.keras", "sources:digits"])
def test_a_trained_model_keeps_its_accuracy(models: tuple[str, Path], source: str, tmp_path: Path) -> None:
    """From a file of Keras 2, and from a concrete function whose sizes are fixed: one attempt, proved with labels."""
    python, folder = models
    given = ("--inputs", "models/held_out.npz", "--out", tmp_path / "right.tflite", "-f", "json")
    done = tflint("fix", tmp_path / "new.tflite", "--source", source, "--python", python, *given, cwd=folder)

    assert (done.returncode, done.stderr) == (0, "")
    told = json.loads(done.stdout)
    assert len(told["attempts"]) == 1
    [output] = told["parity"]["entries"][0]["runs"][0]["outputs"]
    assert output["numbers"]["accuracy"]["candidate"] == output["numbers"]["accuracy"]["reference"] > 90
    assert 411_000 < (tmp_path / "right.tflite").stat().st_size < 423_000


@pytest.mark.slow
def test_the_check_says_what_is_wrong_with_each(models: tuple[str, Path]) -> None:
    """Simulated quantization, wrappers that were not stripped, and weights that pay in an archive alone."""
    _, folder = models
    optimized(folder)
    names = ("qat", "clustering", "clustered", "pruning", "pruned")
    files = [f"models/{name}.tflite" for name in names]
    done = tflint("check", "--deep", "-f", "json", "--exit-zero", *files, cwd=folder)
    found = {(Path(each["path"]).stem, finding["code"]): finding["message"]
             for each in json.loads(done.stdout)["files"] for finding in each["findings"]}  # fmt: skip

    assert "float weights are rounded to integers and back" in found["qat", "TFL515"]
    assert "strip_clustering was not called" in found["clustering", "TFL207"]
    assert "strip_pruning was not called" in found["pruning", "TFL207"]
    assert "when deflated" in found["clustered", "TFL802"]
    assert "hold zeros for the most part" in found["pruned", "TFL802"]


@pytest.mark.slow
def test_tflint_converts_each_as_it_should_be(models: tuple[str, Path]) -> None:
    """From a SavedModel, files of Keras and a concrete function: sizes, accuracies and parity as in its table."""
    python, folder = models
    place = os.pathsep.join([str(TFLINT.parent), os.environ["PATH"]])
    done = subprocess.run(
        ["sh", "convert.sh", python, "json"],
        cwd=folder, env={**os.environ, "PATH": place}, capture_output=True, text=True, check=False, timeout=3600,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    reports = documents(done.stdout)

    assert all(report["parity"]["holds"] for report in reports.values())
    table = {row["scheme"]: row for row in reports["float"]["quantized"]["variants"]}
    plain = reports["float"]["quantized"]["float"]
    assert 411_000 < plain["size"] < 423_000
    assert 105_000 < table["dynamic"]["size"] < 112_000
    assert 205_000 < table["float16"]["size"] < 214_000
    assert plain["accuracy"] > 90
    assert all(table[scheme]["accuracy"] > plain["accuracy"] - 1 for scheme in ("dynamic", "float16", "int8"))
    for name in ("keras", "keras-3", "function"):
        assert len(reports[name]["attempts"]) == 1
        assert 411_000 < (folder / "models" / f"{name}-right.tflite").stat().st_size < 423_000
    if "qat" in reports:
        assert reports["qat"]["attempts"][0]["recipe"]["settings"] == {"optimizations": ["DEFAULT"]}
        assert accuracy(reports["qat"]) > plain["accuracy"] - 1
        assert (folder / "models" / "qat-right.tflite").stat().st_size < 112_000
        [clustered], [pruned] = (reports[name]["quantized"]["variants"] for name in ("clustering", "pruning"))
        assert reports["clustering"]["quantized"]["float"]["deflated"] < plain["deflated"] / 4
        assert reports["pruning"]["quantized"]["float"]["deflated"] < plain["deflated"] / 3
        assert pruned["deflated"] < clustered["deflated"] < table["int8"]["deflated"]


@pytest.mark.slow
def test_a_quantization_that_loses_accuracy_is_flagged(models: tuple[str, Path]) -> None:
    """Calibrated with images that are darker than those in use: parity fails, and says how many points were lost."""
    _, folder = models
    with np.load(folder / "models" / "calibration.npz") as given:
        np.savez(folder / "dark.npz", **{name: given[name] / 30 for name in given.files})
    model = folder / "models" / "float.tflite"
    before = model.read_bytes()
    done = tflint(
        "fix", model, "--quantize", "int8", "--calibration", "dark.npz", "--inputs", "models/held_out.npz", cwd=folder
    )

    assert done.returncode == 1
    assert "int8 does not hold" in done.stderr
    assert "accuracy drop is " in done.stdout
    assert model.read_bytes() == before


def documents(text: str) -> dict[str, Any]:
    """Reports that stand behind one another, by the names of their models."""
    found, place = {}, 0
    while place < len(text.rstrip()):
        report, place = json.JSONDecoder().raw_decode(text, place)
        found[Path(report["path"]).stem] = report
        place += len(text[place:]) - len(text[place:].lstrip())
    return found


def accuracy(report: Any) -> float:
    """Of the result."""
    [entry] = report["parity"]["entries"]
    return float(entry["runs"][0]["outputs"][0]["numbers"]["accuracy"]["candidate"])
