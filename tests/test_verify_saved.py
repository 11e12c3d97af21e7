"""`tflint verify` of outputs that were saved, on one side or on both."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from command import tflint
from tflint import sketch
from tflint.errors import TflintError
from tflint.parity.verify import verify
from verifying import BOTH, report, two

if TYPE_CHECKING:
    from pathlib import Path

ROW = np.array([[1, 2]], np.float32)


def test_both_sides_are_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of a file a sample, a file of them all and lines of JSON are compared, and nothing is run."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "many").mkdir()
    for place in range(2):
        np.savez(tmp_path / "many" / f"{place}.npz", y=ROW + place)
    rows: dict[str, Any] = {f"{place}/y": ROW + place for place in range(2)}
    np.savez(tmp_path / "all.npz", **rows)
    (tmp_path / "all.jsonl").write_text("".join(json.dumps({"y": (ROW + n).tolist()}) + "\n" for n in range(2)))
    for name in ("all.npz", "all.jsonl"):
        found = verify("many", name)
        assert found.holds, found.reasons
        assert found.parts[0].judgements[0].compared == 2

    np.savez(tmp_path / "all.npz", **{**rows, "1/y": ROW + 2})
    done = tflint("verify", "many", "all.npz", cwd=tmp_path)
    assert done.returncode == 1
    assert "max abs / (max|reference| + 0.1) is 0.3226 (asked: <= 1e-05)" in done.stdout


def test_a_renamed_output_is_shown_with_both_names(tmp_path: Path) -> None:
    """In the table, for who reads it; so is one that cannot be compared at all."""
    np.savez(tmp_path / "old.npz", y=ROW)
    np.savez(tmp_path / "new.npz", z=ROW)
    done = tflint("verify", "old.npz", "new.npz", cwd=tmp_path)
    assert done.returncode == 0
    assert "y = z" in done.stdout

    np.savez(tmp_path / "new.npz", z=ROW.T)
    done = tflint("verify", "old.npz", "new.npz", "-f", "markdown", cwd=tmp_path)
    assert done.returncode == 1
    assert "| FAIL | y = z | saved | - | - | - | - | - | - |" in done.stdout
    assert r"its shape is \[2,1\], the reference's \[1,2\]" in done.stdout


@pytest.mark.parametrize(
    ("reference", "candidate", "words"),
    [
        ("mixed", "y.npz", "mixed: .npz files with the same outputs are wanted, one a sample"),
        ("uneven.jsonl", "y.npz", "uneven.jsonl: its samples have different outputs"),
        ("m.keras", "y.npz", "one side is a .tflite model: it tells what the inputs are"),
    ],
)
def test_what_is_no_saved_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str, candidate: str, words: str
) -> None:
    """One line says what was wanted."""
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "y.npz", y=ROW)
    (tmp_path / "mixed").mkdir()
    np.savez(tmp_path / "mixed" / "0.npz", y=ROW)
    np.savez(tmp_path / "mixed" / "1.npz", z=ROW)
    (tmp_path / "uneven.jsonl").write_text('{"y": [1]}\n{"z": [1]}\n')
    (tmp_path / "m.keras").write_bytes(b"PK")
    with pytest.raises(TflintError) as caught:
        verify(reference, candidate)
    assert caught.value.message == words


def test_what_both_sides_answered_is_neither_samples_nor_one_side(tmp_path: Path) -> None:
    """A file of `--save` is for `--load` alone, and a damaged one is told."""
    report(tmp_path, two(), two(), "--save", "kept.npz", rc=0)
    for arguments, words in (
        (("old.tflite", "new.tflite", "--inputs", "kept.npz"), "results of a run, where samples are wanted"),
        (("kept.npz", "new.tflite", "--inputs", "kept.npz"), "results of a run, where samples are wanted"),
        (("kept.npz", "kept.npz"), "results of both sides: `tflint verify --load` judges them"),
        (("old.tflite", "--load", "kept.npz"), "--load judges what was saved: it takes no models"),
    ):
        done = tflint("verify", *arguments, cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1), done
        assert words in done.stderr

    with np.load(tmp_path / "kept.npz") as archive:
        arrays = {key: archive[key] for key in archive.files}
    gone = next(key for key in arrays if key.startswith("0/0/reference/"))
    np.savez(tmp_path / "kept.npz", **{key: value for key, value in arrays.items() if key != gone})
    done = tflint("verify", "--load", "kept.npz", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"tflint: error: kept.npz: damaged: KeyError '{gone}'\n")


def test_a_report_goes_to_a_file(tmp_path: Path) -> None:
    """With -o nothing is printed, and the exit code is the verdict's."""
    np.savez(tmp_path / "y.npz", y=ROW)
    np.savez(tmp_path / "z.npz", y=ROW + 1)
    for name, code in (("y.npz", 0), ("z.npz", 1)):
        done = tflint("verify", "y.npz", name, "-o", "out.md", "-f", "markdown", cwd=tmp_path)
        assert (done.returncode, done.stdout) == (code, "")
        assert f"### y.npz → {name}" in (tmp_path / "out.md").read_text(encoding="utf-8")


def test_the_samples_of_several_signatures_are_not_one_file(tmp_path: Path) -> None:
    """--save-inputs asks for one signature."""
    (tmp_path / "m.tflite").write_bytes(sketch.build(BOTH))
    arguments = "verify", "m.tflite", "m.tflite", "--delegates", "none", "--samples", "1", "--save-inputs", "in.npz"
    done = tflint(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "tflint: error: --save-inputs takes the samples of one signature: say which with --signature\n",
    )
    assert tflint(*arguments, "--signature", "decode", cwd=tmp_path).returncode == 0
    with np.load(tmp_path / "in.npz") as archive:
        assert "0/u" in archive.files
