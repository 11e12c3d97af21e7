"""Samples that say what is right: accuracy of both sides, beside how far one is from the other."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from command import tflint
from quantizing import built, quantized
from tflint.parity.accuracy import Accuracy, accuracy
from tflint.parity.gates import DROP, DYNAMIC, HALF, INTEGER
from tflint.parity.metrics import Numbers
from verifying import report

if TYPE_CHECKING:
    from pathlib import Path

EYE = np.eye(4)
SHIFTED = np.roll(EYE, 1, axis=0)  # of each class another is found
SWAPPED = EYE[[0, 1, 3, 2]]


def classifier(weight: Any, *, more: bool = False) -> str:
    """A model whose answer is its input, where the weight is EYE; `more`: with another output of four numbers."""
    numbers = json.dumps(np.asarray(weight).reshape(-1).tolist())
    return (
        f"x: float32[1,4]\nw: float32[4,4] = const {numbers}\ny: float32[1,4] = FULLY_CONNECTED(x, w, -)\n"
        + ("z: float32[1,4] = TANH(y)\n" if more else "")
        + f"signature serve(x=x) -> (y=y{', z=z' if more else ''})\n"
    )


def samples(folder: Path, name: str = "label", classes: tuple[int, ...] = (0, 1, 2, 3) * 5) -> str:
    """Inputs of which the largest element is the label's."""
    rows = [{"x": [(EYE[each % 4] + 0.1 * each).tolist()], name: each} for each in classes]
    (folder / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "samples.jsonl"


def test_rows_that_each_side_has_right_are_counted() -> None:
    """A label for each row; those below zero are not asked."""
    ours, theirs = np.eye(3)[None], np.eye(3)[None, [0, 2, 1]]

    assert accuracy([ours], [theirs], [[[0, 1, -100]]]) == Accuracy(2, 2, 1)
    assert accuracy([ours], [theirs], [[0, 2, 1]]) == Accuracy(3, 1, 3)
    assert accuracy([ours], [theirs], [[-1, -1, -1]]) is None


def test_a_quantized_model_may_lose_a_point() -> None:
    """Of each scheme, and of few rows one; without labels nothing is asked."""
    drops = [(1000, 10), (1000, 11), (10, 1), (10, 2), (10, -3)]
    numbers = [Numbers(1, False, 0, 0, accuracy=Accuracy(rows, 5, 5 - lost)) for rows, lost in drops]

    assert [DROP.holds(each) for each in numbers] == [True, False, True, False, True]
    assert DROP.holds(Numbers(1, False, 0, 0)) is None
    assert all(DROP in gates.every for gates in (HALF, DYNAMIC, INTEGER))


def test_accuracy_is_shown_and_judged(tmp_path: Path) -> None:
    """Both sides in percent, and how much is lost against a limit; saved results keep the labels."""
    given = ("--inputs", samples(tmp_path))
    arguments = (*given, "--metric", "drop:1", "--save", "kept.npz", "--save-inputs", "inputs.npz")
    found = report(tmp_path, classifier(EYE), classifier(SWAPPED), *arguments, rc=1)

    [run] = found["entries"][0]["runs"]
    assert run["outputs"][0]["numbers"]["accuracy"] == {"rows": 20, "reference": 100.0, "candidate": 50.0}
    assert run["outputs"][0]["problem"] == "accuracy drop is 50 points (asked: <= 1 points)"
    again = tflint("verify", "--load", "kept.npz", "--metric", "accuracy:50", cwd=tmp_path)
    assert (again.returncode, again.stderr) == (0, "")
    assert re.search(r"10/20 +.* 100 -> 50 %\n", again.stdout)
    assert "accuracy: rows whose largest" in again.stdout
    markdown = tflint("verify", "--load", "kept.npz", "-f", "markdown", cwd=tmp_path).stdout
    assert re.search(r"\| equal +\| accuracy +\|\n", markdown)
    assert "100 -" in markdown
    report(tmp_path, classifier(EYE), classifier(SWAPPED), "--inputs", "inputs.npz", "--metric", "drop:50", rc=0)
    better = report(tmp_path, classifier(SHIFTED), classifier(EYE), *given, "--metric", "drop:0", rc=0)
    assert better["entries"][0]["runs"][0]["outputs"][0]["numbers"]["accuracy"]["reference"] == 0


@pytest.mark.parametrize(
    ("name", "classes", "more", "told"),
    [
        ("label", (0, 4), False, "the label of the samples fits none of y; it is one integer for each row"),
        ("label", (0, 1), True, "the label of the samples fits y and z: name it as one of them"),
        ("y", (0, 4), True, "under the name of the output 'y' is not one integer for each row"),
    ],
)
def test_a_label_that_fits_nothing_is_one_line(
    tmp_path: Path, name: str, classes: tuple[int, ...], more: bool, told: str
) -> None:
    """Exit code 2, with what is wanted."""
    built(classifier(EYE, more=more), tmp_path)
    done = tflint("verify", "model.tflite", "model.tflite", "--inputs", samples(tmp_path, name, classes), cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert told in done.stderr


def test_a_sample_without_a_label_is_one_line(tmp_path: Path) -> None:
    """Where others have one; an accuracy of a part of them would be another number."""
    built(classifier(EYE), tmp_path)
    rows = [{"x": [[1, 0, 0, 0]], "label": 0}, {"x": [[0, 1, 0, 0]]}]
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    done = tflint("verify", "model.tflite", "model.tflite", "--inputs", "samples.jsonl", cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "sample 2 has no 'label', and others have" in done.stderr


def test_an_output_is_labelled_by_its_name(tmp_path: Path) -> None:
    """Of two outputs that a label could be of, the one that is named has an accuracy."""
    arguments = ("--inputs", samples(tmp_path, "z"), "--metric", "accuracy:100")
    found = report(tmp_path, classifier(EYE, more=True), classifier(EYE, more=True), *arguments, rc=0)

    outputs = found["entries"][0]["runs"][0]["outputs"]
    assert {out["output"]: out["numbers"]["accuracy"] is not None for out in outputs} == {"y": False, "z": True}


def test_the_table_of_schemes_has_accuracies(tmp_path: Path) -> None:
    """Of the float model and of each variant; calibration samples may have labels as well, and need them not."""
    size, random = 64, np.random.default_rng(3)
    weight = json.dumps((np.eye(size) + random.normal(0, 0.01, (size, size))).round(4).reshape(-1).tolist())
    model = built(
        f"x: float32[1,{size}]\nw: float32[{size},{size}] = const {weight}\n"
        f"y: float32[1,{size}] = FULLY_CONNECTED(x, w, -)\nsignature serve(x=x) -> (y=y)\n",
        tmp_path,
    )
    rows = [
        {"x": [(np.eye(size)[each] + random.uniform(-0.2, 0.2, size)).tolist()], "label": each} for each in range(size)
    ]
    (tmp_path / "samples.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    given = ("--inputs", "samples.jsonl", "--calibration", "samples.jsonl", "--out", tmp_path / "out.tflite")

    found = quantized(model, "int8", *given)
    shown = tflint("fix", model, "--quantize", "int8", *given, cwd=tmp_path).stdout

    assert found["float"]["accuracy"] == 100
    assert [variant["accuracy"] for variant in found["variants"]] == [100]
    assert re.search(r"top-1  accuracy +size", shown)
    assert re.search(r"float32 +100 % +[\d,]+ ", shown)
    assert "accuracy drop <= 1 points" in shown
