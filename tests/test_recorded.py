"""Recorded samples, and where they are not what they are given for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from tflint.commands.verify import pairs, spans
from tflint.errors import TflintError
from tflint.parity.entry import Port
from tflint.parity.recorded import recorded
from tflint.parity.samples import load
from tflint.parity.values import fed, parted

if TYPE_CHECKING:
    from pathlib import Path

MODULE = """
import numpy
number = 3
def fails(): raise ValueError("no disk")
def stops():
    yield {"x": 1}
    raise KeyError("second")
def none(): return []
def no_rows(): return 7
def ragged(): return [{"x": [[1], [1, 2]]}]
def plain(): return [numpy.zeros(2), (numpy.ones(1), 5)]
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a module of a user's."""
    (tmp_path / "mine_rows.py").write_text(MODULE)
    (tmp_path / "mine_broken.py").write_text("import nothing_of_this_name\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "mine_rows", raising=False)
    return tmp_path


def test_values_without_names_stand_by_position(folder: Path) -> None:
    """One value, or several in the order of the inputs; the folder of the user is where modules are looked for."""
    assert str(folder) not in sys.path
    rows = recorded("mine_rows:plain").rows

    assert [list(row) for row in rows] == [["position 0"], ["position 0", "position 1"]]
    assert rows[1]["position 1"] == 5


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("mine_rows:fails", "mine_rows:fails: ValueError: no disk"),
        ("mine_rows:stops", "mine_rows:stops: KeyError: 'second'"),
        ("mine_rows:none", "mine_rows:none: no samples"),
        ("mine_rows:no_rows", "mine_rows:no_rows: TypeError: 'int' object is not iterable"),
        ("mine_rows:ragged", "mine_rows:ragged: sample 1: setting an array element with a sequence"),
        ("mine_rows:number", "mine_rows:number: not a function"),
        ("mine_rows:gone", "mine_rows:gone: AttributeError: module 'mine_rows' has no attribute 'gone'"),
        ("mine_broken:f", "mine_broken:f: ModuleNotFoundError: No module named 'nothing_of_this_name'"),
        ("list.jsonl", "list.jsonl:2: an object {input: value} is wanted"),
        ("empty.jsonl", "empty.jsonl: no samples"),
        ("half.jsonl", "half.jsonl: not JSON lines: "),
        ("folder", "folder: no .npz file in it"),
    ],
)
def test_samples_that_are_none(folder: Path, spec: str, words: str) -> None:
    """One line names the place and what is wrong there, whatever the user's code raises."""
    (folder / "list.jsonl").write_text('{"x": [1]}\n[1]\n')
    (folder / "empty.jsonl").write_text("\n")
    (folder / "half.jsonl").write_text('{"x": [1')
    (folder / "folder").mkdir()
    with pytest.raises(TflintError) as caught:
        recorded(spec)
    assert caught.value.message.startswith(words)


def test_a_folder_is_a_sample_a_file(folder: Path) -> None:
    """In the order of the names."""
    for number in (2, 1):
        np.savez(folder / f"{number}.npz", x=np.array(number))

    assert [int(row["x"]) for row in load(folder).rows] == [1, 2]


def test_what_numpy_has_no_type_for_is_refused() -> None:
    """A value for a tensor of such a type cannot be made."""
    with pytest.raises(TflintError, match="input 'x' is bfloat16, which numpy has not"):
        fed([1.0], Port("x", "bfloat16", (1,)))
    assert fed([[0.5, -3.0]], Port("x", "int8", (1, 2), (0.0, 7))).tolist() == [[7, 7]]  # a scale of zero


def test_where_integers_part_is_told() -> None:
    """The first place of the first sample that differs; nothing where none does."""
    one, other = np.array([[1, 2]]), np.array([[1, 3]])

    assert parted([(one, one)], [0]) == ""
    assert parted([(one, one), (one, other)], [0, 4]) == (
        "1 of 2 samples differ, sample 5 first at [0,1]: 3, the reference's is 2"
    )


def test_flags_of_another_form() -> None:
    """`--bind` and `--range` say how they are written."""
    assert pairs(["a=b", "c=d=e"], "--bind") == {"a": "b", "c": "d=e"}
    assert spans(["ids=0:9", "a=b=-1:1"], "--range") == {"ids": (0, 9), "a=b": (-1, 1)}
    for text in ("a", "a=", "=b"):
        with pytest.raises(TflintError, match=f"--bind {text}: write OURS=THEIRS"):
            pairs([text], "--bind")
    for text in ("ids=0:x", "ids=", "ids"):
        with pytest.raises(TflintError, match=f"--range {text}: write INPUT=LOW:HIGH"):
            spans([text], "--range")
    for text in ("ids=1", "ids=2:1", "=0:1", "ids=0:inf", "ids=nan:1"):
        with pytest.raises(TflintError, match=f"--range {text}: the least and the largest value of an input"):
            spans([text], "--range")
