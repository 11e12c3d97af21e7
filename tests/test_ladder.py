"""Each failure of a conversion, provoked with the real converter, and how far the ladder gets with it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from command import tflint
from failing import CASES, INT8, climbed, hide, interpreter, prepared
from tflint.convert.attempt import attempt
from tflint.convert.environment import Environment
from tflint.convert.recipe import Recipe
from tflint.errors import TflintError
from tflint.model.read import decode
from tflint.model.scheme import schemes

if TYPE_CHECKING:
    import subprocess

pytestmark = pytest.mark.slow
PYTHON = os.environ.get("TENSORFLOW_PYTHON")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources and files of all cases."""
    if PYTHON is None:
        pytest.skip("TENSORFLOW_PYTHON names no interpreter")
    made = tmp_path_factory.mktemp("failing")
    prepared(made, PYTHON)
    return made


@pytest.mark.parametrize("name", CASES)
def test_a_failure_is_climbed(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The diagnoses on the way up are those of the table, and a model comes of it where one can."""
    case = CASES[name]
    python = interpreter(case)
    if python is None:
        pytest.skip("no variable names its interpreter")
    monkeypatch.chdir(folder)
    if case.hidden:
        monkeypatch.setenv("PYTHONPATH", hide(case.hidden, folder))
    found = climbed(case, folder, python)

    assert tuple(diagnosis and diagnosis.kind for _, diagnosis in found) == case.kinds
    assert case.kinds[-1] is not None or found[-1][0].file is not None


def fixed(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    """What `tflint fix` says of it."""
    return tflint("fix", "new.tflite", "--source", source, "--python", PYTHON, "-f", "json", cwd=folder)


def test_a_failure_is_one_line(folder: Path) -> None:
    """Exit code 1, the diagnosis with the user's line and the advice, no traceback, and no file."""
    done = fixed(folder, "failing_sources:flex")

    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert re.search(r"not made: tf\.MatrixInverse: .*failing_sources\.py:\d+\); write it with other", done.stderr)
    assert json.loads(done.stdout)["attempts"][0]["kind"] == "flex"
    assert not (folder / "new.tflite").exists()


def test_the_next_rung_is_proved(folder: Path) -> None:
    """A module that switches eager execution off gives a model that answers as it does."""
    done = fixed(folder, "failing_eager:model")
    told = json.loads(done.stdout)

    assert (done.returncode, done.stderr) == (0, "")
    assert [each["kind"] for each in told["attempts"]] == ["eager", None]
    assert told["recipe"]["steps"] == ["eager"]
    assert told["parity"]["holds"] is True
    assert (folder / "new.tflite").exists()


def test_one_of_several_signatures_is_proved(folder: Path) -> None:
    """A recipe names the signature of a SavedModel that is converted, and that one is compared."""
    recipe = Recipe("two", source_signature="two")
    (folder / "two.json").write_text(json.dumps(recipe.plain))
    done = tflint("fix", "two.tflite", "--recipe", "two.json", "--python", PYTHON, "-f", "json", cwd=folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["parity"]["holds"] is True


def test_a_converters_own_integers_are_calibrated(folder: Path) -> None:
    """A recipe with samples gives a model whose weights are integers, proved against the float source."""
    recipe = Recipe("failing_sources:dense", batch=1, settings=INT8, calibration=str(folder / "x14.npz"))
    (folder / "recipe.json").write_text(json.dumps(recipe.plain))
    done = tflint("fix", "int8.tflite", "--recipe", "recipe.json", "--python", PYTHON, cwd=folder)

    assert (done.returncode, done.stderr) == (0, "")
    assert "int8" in schemes(decode((folder / "int8.tflite").read_bytes()))


BAD: dict[str, tuple[list[dict[str, np.ndarray]], str]] = {
    "nan": ([{"x": np.full((1, 4), np.nan)}], "nan"),
    "name": ([{"z": np.ones((1, 4))}], "no input 'z'"),
    "shape": ([{"x": np.ones((1, 5))}], "[1,5]"),
    "same": ([{"x": np.ones((1, 4))}], "every value"),
}


@pytest.mark.parametrize("name", BAD)
def test_samples_are_looked_at_before(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The converter takes these in silence or dies of them: they are refused by name."""
    rows, told = BAD[name]
    monkeypatch.chdir(folder)
    np.savez(tmp_path / "bad.npz", allow_pickle=False, **{f"0/{key}": value for key, value in rows[0].items()})
    recipe = Recipe("failing_sources:dense", settings=INT8, calibration=str(tmp_path / "bad.npz"))

    there = Environment(Path(PYTHON or ""), "there", built=False)

    with pytest.raises(TflintError, match=r"calibration") as raised:
        attempt(recipe, there, there, tmp_path / "a")
    assert told in raised.value.message.lower()
