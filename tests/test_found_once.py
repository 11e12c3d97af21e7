"""A model that several paths lead to is checked once, by the name that comes first; what only looks alike is not it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from archiving import CLEAN, archive
from running import tflint, write_model
from tflint.artifacts.paths import find

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, with a model, an archive of one, and folders."""
    folder = tmp_path / "here"
    write_model(folder / "m.tflite")
    write_model(folder / "sub" / "n.tflite")
    archive(folder / "a.aar", {"x.tflite": CLEAN})
    monkeypatch.chdir(folder)
    return folder


def names(*paths: str | Path) -> list[str]:
    """What a run would check."""
    return [artifact.name for artifact in find(paths, lambda _: False)]


def test_a_model_of_two_paths_is_one(here: Path) -> None:
    """By its absolute path, its folder and a way round, so do members of archives."""
    assert names("m.tflite", here / "m.tflite", "sub/../m.tflite", "../here/m.tflite", "./m.tflite") == ["m.tflite"]
    assert names(here / "m.tflite", "m.tflite") == [str(here / "m.tflite")]
    assert names("m.tflite", here) == ["m.tflite", str(here / "a.aar!/x.tflite"), str(here / "sub" / "n.tflite")]
    assert names("a.aar!/x.tflite", here / "a.aar", here.as_uri() + "/a.aar") == ["a.aar!/x.tflite"]
    assert "1 model:" in tflint(here, "check", "m.tflite", here / "m.tflite", "-f", "concise").stdout


def test_what_is_elsewhere_is_not_lost(here: Path) -> None:
    """A link is a name of its own, and `..` behind a link leads to where the system goes."""
    other = write_model(here.parent / "other" / "m.tflite")
    (other.parent / "deep").mkdir()
    (here / "link").symlink_to(other.parent / "deep")
    (here / "same.tflite").symlink_to("m.tflite")

    assert names("m.tflite", "link/../m.tflite", other) == ["m.tflite", "link/../m.tflite"]
    assert names("m.tflite", "same.tflite") == ["m.tflite", "same.tflite"]
