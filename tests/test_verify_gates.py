"""`tflint verify`: what is close enough, told by flags, by the configuration, by functions, and of saved results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from command import tflint
from tflint import sketch
from verifying import WEIGHT, report, two

if TYPE_CHECKING:
    from pathlib import Path


def test_results_are_judged_again(tmp_path: Path) -> None:
    """What both answered is kept, and other gates give another verdict without a run."""
    report(tmp_path, two(), two(WEIGHT.T), "--save", "kept.npz", rc=1)
    for name in ("old", "new"):
        (tmp_path / f"{name}.tflite").unlink()

    assert tflint("verify", "--load", "kept.npz", cwd=tmp_path).returncode == 1
    done = tflint("verify", "--load", "kept.npz", "--metric", "atol:9", cwd=tmp_path)
    assert done.returncode == 0
    assert "parity holds (gates: given)" in done.stdout


def test_a_metric_of_ones_own(tmp_path: Path) -> None:
    """A function of the outputs of both sides; a number needs a limit."""
    (tmp_path / "mine.py").write_text(
        "def worst(reference, candidate):\n"
        "    return max(abs(a - b).max() for n in reference for a, b in zip(reference[n], candidate[n]))\n"
    )
    arguments = "--metric", "atol:9", "--metric"
    report(tmp_path, two(), two(WEIGHT.T), *arguments, "mine:worst:5", rc=0)
    found = report(tmp_path, two(), two(WEIGHT.T), *arguments, "mine:worst:0.5", rc=1)

    assert found["reasons"][0].startswith("signature 'serve': with builtin kernels: mine:worst is ")


def test_the_configuration_sets_gates(tmp_path: Path) -> None:
    """With the reason, which is printed beside the verdict."""
    (tmp_path / "tflint.toml").write_text(
        '[models."new.tflite".parity]\nsamples = 2\nranges = { x = [0, 3] }\n'
        'metrics = [{ metric = "atol:9", output = "first", reason = "first is not used" }]\n'
    )
    found = report(tmp_path, two(), two(WEIGHT.T), rc=1)
    assert [reason.split("'")[3] for reason in found["reasons"]] == ["second"]
    assert found["gates"] == {"name": "float32", "reason": "first is not used"}
    assert found["entries"][0]["samples"]["notes"] == ["x: float32[1,4], 0 to 3 as told"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("old.tflite",), "write tflint verify REFERENCE CANDIDATE"),
        (("old.tflite", "gone.tflite"), "no such file: gone.tflite"),
        (("gone.keras", "old.tflite"), "no such file: gone.keras"),
        (("gone.npz", "old.tflite", "--inputs", "zero.npz"), "gone.npz: No such file"),
        (("old.tflite", "gone.keras"), "gone.keras: the candidate is a .tflite model, or saved outputs"),
        (("old.tflite", "old.tflite", "--metric", "cosin:1"), "no metric 'cosin' (did you mean 'cosine'?)"),
        (("old.tflite", "old.tflite", "--metric", "cosine"), "write METRIC:LIMIT"),
        (("old.tflite", "old.tflite", "--range", "y=0:1"), "--range: no input 'y'"),
        (("old.tflite", "old.tflite", "--range", "x=1"), "--range x=1: the least and the largest value"),
        (("old.tflite", "old.tflite", "--inputs", "gone.npz"), "no such file: gone.npz"),
        (("old.tflite", "old.tflite", "--inputs", "old.tflite"), "old.tflite: not a .npz file"),
        (("old.tflite", "old.tflite", "--inputs", "bad.npz"), "sample 1: input 'x' takes float32[1,4]"),
        (("old.tflite", "old.tflite", "--inputs", "nan.npz"), "has NaN or infinities"),
        (("old.tflite", "old.tflite", "--signature", "serv"), "no signature 'serv' (did you mean 'serve'?)"),
        (("--load", "bad.npz"), "bad.npz: not written by tflint verify --save"),
        (("old.tflite", "old.tflite", "-f", "xml"), "--output-format is one of text, json, markdown"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """What is wrong and what may have been meant; exit code 2."""
    (tmp_path / "old.tflite").write_bytes(sketch.build(two()))
    np.savez(tmp_path / "bad.npz", x=np.zeros(3))
    np.savez(tmp_path / "zero.npz", x=np.zeros((1, 4)))
    np.savez(tmp_path / "nan.npz", x=np.full((1, 4), np.nan))
    done = tflint("verify", *arguments, cwd=tmp_path)

    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr
