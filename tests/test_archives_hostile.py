"""Archives that lie or attack: each is a finding, nothing is written, and no more is read than the limits say."""

from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from archiving import CLEAN, FLAWED, archive
from running import findings, tflint
from tflint.artifacts import archives
from tflint.artifacts.artifact import Artifact, Part
from tflint.artifacts.paths import find
from tflint.model.flatbuf import MalformedModelError
from tflint.model.opened import inside, opened

if TYPE_CHECKING:
    from pathlib import Path

DIRECTORY = b"PK\x01\x02"


def problems(path: Path) -> list[str]:
    """What is told of an archive's members."""
    return [artifact.problem for artifact in find([path], lambda _: False)]


def patched(path: Path, at: int, value: bytes) -> Path:
    """The archive with other bytes behind the first entry of its directory."""
    data = bytearray(path.read_bytes())
    start = data.index(DIRECTORY) + at
    data[start : start + len(value)] = value
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("at", "value", "words"),
    [
        (8, b"\x01\x00", "encrypted"),
        (10, b"\x0c\x00", "packed by method 12"),
        (20, b"\x05\x00\x00\x00", "declares"),
        (24, b"\xff\xff\xff\x7f", "declares 2,147,483,647 bytes"),
        (42, b"\x07\x00\x00\x00", "damaged"),
    ],
)
def test_a_member_that_lies_is_told(tmp_path: Path, at: int, value: bytes, words: str) -> None:
    """Of an encrypted member, one of another packing, of wrong sizes or of a wrong place: what is wrong."""
    path = patched(archive(tmp_path / "a.zip", {"m.tflite": CLEAN}), at, value)

    assert [words in problem for problem in problems(path)] == [True], problems(path)
    assert tflint(tmp_path, "check", "a.zip").returncode == 1


def test_what_holds_more_than_it_declares_is_not_inflated(tmp_path: Path) -> None:
    """Not a byte more than declared is taken, and one less is told too."""
    path = archive(tmp_path / "a.zip", {"m.tflite": CLEAN + bytes(10_000_000)}, zipfile.ZIP_DEFLATED)
    [artifact] = find([path], lambda _: False)
    [part] = artifact.parts

    for size, words in ((1000, "holds more"), (part.size + 1, f"holds {part.size:,}")):
        with pytest.raises(MalformedModelError, match=words):
            inside(path.read_bytes(), part._replace(size=size))


def test_a_bomb_is_not_inflated(tmp_path: Path) -> None:
    """A member that says it is larger than the limit is told, and costs nothing."""
    with pytest.raises(MalformedModelError, match="unpack it first"):
        inside(bytes(100), Part(0, 100, 1 << 40, "deflate"))
    with pytest.raises(MalformedModelError, match="cut off"):
        inside(bytes(100), Part(90, 20, 20))
    path = archive(tmp_path / "a.zip", {"m.tflite": CLEAN})
    with pytest.raises(MalformedModelError, match="cut off"):
        opened(Artifact(str(path), "m.tflite", (Part(10, 1 << 40, 1 << 40),)))


def test_archives_inflate_to_a_sum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is beyond it is told, and what is before it is checked."""
    monkeypatch.setattr(archives, "MAX_TOTAL", 2 * len(CLEAN))
    path = archive(tmp_path / "a.zip", {f"{n}.tflite": CLEAN for n in range(3)}, zipfile.ZIP_DEFLATED)

    assert [bool(problem) for problem in problems(path)] == [False, False, True]


def test_archives_in_one_another_end(tmp_path: Path) -> None:
    """Three deep, and no deeper."""
    data = CLEAN
    for depth in range(4):
        data = archive(tmp_path / f"{depth}.zip", {"m.tflite" if depth == 0 else "a.zip": data}).read_bytes()

    assert problems(tmp_path / "2.zip") == [""]
    assert problems(tmp_path / "3.zip") == ["not looked into: more than 3 archives in one another"]


def test_members_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """A thousand names for one model would be a thousand checks of it."""
    path = archive(tmp_path / "a.zip", {f"{n}.tflite": CLEAN for n in range(3)})
    data = path.read_bytes()
    start = data.index(DIRECTORY)
    entry = data[start : data.index(DIRECTORY, start + 1)]
    end = struct.pack("<4s4xHHIIH", b"PK\x05\x06", 9, 9, 9 * len(entry), start, 0)
    path.write_bytes(data[:start] + 9 * entry + end)

    assert problems(path) == ["a zip archive whose members overlap"]


def test_a_member_without_a_name_is_looked_at(tmp_path: Path) -> None:
    """An empty name, or one that begins with a NUL, is one too."""
    path = patched(archive(tmp_path / "a.zip", {"m": CLEAN}), 46, b"\0")

    assert problems(path) == [""]


def test_a_damaged_directory_is_told(tmp_path: Path) -> None:
    """Wherever an archive is cut off, that is a finding and no traceback."""
    whole = archive(tmp_path / "a.zip", {"m.tflite": CLEAN, "n.tflite": FLAWED}).read_bytes()
    for length in range(len(whole) - 200, len(whole)):
        (tmp_path / "a.zip").write_bytes(whole[:length])
        assert [bool(problem) for problem in problems(tmp_path / "a.zip")] == [True]


SETTINGS = """
[per-file-ignores]
"/etc/*" = ["TFL510"]
[[suppress]]
rule = "TFL510"
reason = "known"
path = "../project/up.tflite"
"""


def test_a_name_is_only_a_name(tmp_path: Path) -> None:
    """Whatever a member is called: nothing is written, no file is meant by it, and it prints as text."""
    project = tmp_path / "project"
    members = {"../up.tflite": FLAWED, "/etc/abs.tflite": FLAWED, "\x1b[31m\n::error::x.tflite": CLEAN}
    archive(project / "a.zip", members)
    (project / "tflint.toml").write_text(SETTINGS)
    (project / "up.tflite.toml").write_text('[[suppress]]\nrule = "TFL510"\nreason = "beside"\n')
    before = sorted(tmp_path.rglob("*"))

    done = tflint(project, "check", "a.zip", "-f", "concise", "-v")

    assert sorted(tmp_path.rglob("*")) == before
    assert done.stdout.count("error TFL510") == 2, done.stdout
    assert "\x1b" not in done.stdout
    assert not any(line.startswith("::") for line in done.stdout.splitlines())
    assert {f["suppressed"] for f in findings(project, "a.zip")} == {None}
