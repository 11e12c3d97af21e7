"""Where a mended file is put: what is held, what somebody else did meanwhile, and what keeps the old file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from tflint.errors import TflintError
from tflint.fixer.place import held, put, put_new, write_pieces

if TYPE_CHECKING:
    from pathlib import Path


def test_a_model_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    """Before anything is written."""
    with (
        pytest.raises(TflintError, match=r"gone\.tflite: cannot be read: No such file"),
        held(tmp_path / "gone.tflite"),
    ):
        pass


def test_a_model_that_goes_meanwhile_is_not_made_again(tmp_path: Path) -> None:
    """It is not the file that was opened any more, and so is one that stands in its place."""
    model, candidate = tmp_path / "m.tflite", tmp_path / "new"
    model.write_bytes(b"old")
    candidate.write_bytes(b"new")
    with held(model) as mine:
        assert mine.unchanged()
        model.unlink()
        assert not mine.unchanged()
        with pytest.raises(TflintError, match="left as it is: somebody changed it meanwhile"):
            put(candidate, mine, None, backup=False)
    assert not model.exists()


def test_a_new_file_is_put_over_nothing(tmp_path: Path) -> None:
    """Unless that is asked for, or the folder is not there."""
    target, candidate = tmp_path / "out.tflite", tmp_path / "new"
    candidate.write_bytes(b"new")
    target.write_bytes(b"theirs")
    with pytest.raises(TflintError, match="left as it is: somebody made it meanwhile"):
        put_new(candidate, target)
    assert target.read_bytes() == b"theirs"
    with pytest.raises(TflintError, match=r"cannot write .*: No such file"):
        put_new(candidate, tmp_path / "no" / "out.tflite")
    put_new(candidate, target, over=True)
    assert (target.read_bytes(), candidate.exists()) == (b"new", False)


def test_the_old_file_is_copied_where_it_cannot_be_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems have no hard links: the backup is there all the same."""

    def refused(*_: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(os, "link", refused)
    model, candidate = tmp_path / "m.tflite", tmp_path / "new"
    model.write_bytes(b"old")
    candidate.write_bytes(b"new")
    with held(model) as mine:
        assert put(candidate, mine, None, backup=True) == (model, tmp_path / "m.tflite.bak")
    assert (model.read_bytes(), (tmp_path / "m.tflite.bak").read_bytes()) == (b"new", b"old")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.tflite", "m.tflite.bak"]


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The system's reason beside the path."""
    with pytest.raises(TflintError, match=r"cannot write .*gone: No such file"):
        write_pieces([b"x"], tmp_path / "gone")
