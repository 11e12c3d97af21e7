"""What archives may hold at most, and members that are not whole."""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from archiving import CLEAN, archive
from models import EXAMPLES
from tflint.artifacts import archives
from tflint.artifacts.artifact import GZIP, Part
from tflint.artifacts.paths import find
from tflint.model import tarred, zipped
from tflint.model.flatbuf import MalformedModelError
from tflint.model.opened import inside, opened

if TYPE_CHECKING:
    from pathlib import Path

DIRECTORY = b"PK\x01\x02"


def problems(path: Path) -> list[str]:
    """What is told of an archive's members."""
    return [artifact.problem for artifact in find([path], lambda _: False)]


def tarred_up(path: Path, count: int, **headers: str) -> Path:
    """A .tar.gz of so many models."""
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT, pax_headers=headers) as tar:
        for number in range(count):
            tar.add(EXAMPLES / "clean.tflite", f"{number}.tflite")
    return path


def test_members_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one archive of either kind, and in archives in one another together."""
    inner = archive(tmp_path / "in.zip", {f"{n}.tflite": CLEAN for n in range(3)})
    outer = archive(tmp_path / "out.zip", {"a.zip": inner.read_bytes(), "b.zip": inner.read_bytes()})
    stream = tarred_up(tmp_path / "m.tar.gz", 3)
    for path, count in ((inner, 3), (outer, 6), (stream, 3)):
        assert problems(path) == [""] * count

    monkeypatch.setattr(archives, "MAX_MEMBERS", 5)
    assert problems(outer)[-1] == "the archives in one another have more than 5 members"
    monkeypatch.setattr(zipped, "MAX_MEMBERS", 2)
    monkeypatch.setattr(tarred, "MAX_MEMBERS", 2)
    assert problems(inner) == ["a zip archive of 3 members: more than 2"]
    assert problems(stream) == ["a tar archive of more than 2 members"]


def test_a_damaged_archive_in_an_archive_is_told(tmp_path: Path) -> None:
    """By its name, and what is beside it is checked."""
    path = archive(tmp_path / "a.zip", {"in.zip": b"PK\x03\x04 and nothing else", "m.tflite": CLEAN})
    found = list(find([path], lambda _: False))

    assert [(artifact.member, artifact.problem[:15]) for artifact in found] == [
        ("in.zip", "no zip archive "),
        ("m.tflite", ""),
    ]


def test_a_member_that_ends_behind_the_archive_is_told(tmp_path: Path) -> None:
    """As large as the archive, it does not fit behind its own header."""
    path = archive(tmp_path / "a.zip", {"m.tflite": CLEAN})
    data = bytearray(path.read_bytes())
    struct.pack_into("<II", data, data.index(DIRECTORY) + 20, len(data), len(data))
    path.write_bytes(data)

    assert problems(path) == ["the archive is cut off: the member lies outside of it"]


def test_a_member_that_does_not_inflate_is_damaged(tmp_path: Path) -> None:
    """It is still known by its name, and no byte of it is taken."""
    path = archive(tmp_path / "a.zip", {"m.tflite": CLEAN}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    start = data.index(b"m.tflite") + len(b"m.tflite")
    data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)

    [artifact] = find([path], lambda _: False)
    with pytest.raises(MalformedModelError, match="the archive is damaged: "):
        opened(artifact)


def test_a_directory_that_is_too_long_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit keeps an archive from having its directory read into memory; one before the start is none either."""
    path = archive(tmp_path / "a.zip", {f"{n}.tflite": CLEAN for n in range(3)})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, len(data) - 10, 1 << 30)
    (tmp_path / "b.zip").write_bytes(data)
    assert problems(tmp_path / "b.zip")[0].startswith("no zip archive that can be read: ")

    monkeypatch.setattr(zipped, "MAX_DIRECTORY", 100)
    assert problems(path) == ["no zip archive that can be read: its directory has 162 bytes"]


def test_a_stream_is_read_within_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No header is longer than a limit, nothing inflates to more than another, and members are whole."""
    long = tarred_up(tmp_path / "long.tar.gz", 1, comment="x" * (2 << 20))
    assert problems(long)[0].startswith("no tar.gz archive that can be read: a header of 2,0")

    path = tarred_up(tmp_path / "m.tar.gz", 2)
    second = list(find([path], lambda _: False))[1].parts[0]
    stream = tarred.Stream(path.read_bytes())
    assert inside(stream, second) == CLEAN
    with pytest.raises(MalformedModelError, match="the member lies outside of it"):
        inside(stream, Part(second.start, 1 << 20, 1 << 20, GZIP))
    monkeypatch.setattr(tarred, "MAX_STREAM", 1000)
    assert problems(path) == [f"no tar.gz archive that can be read: {tarred.TOO_LONG}"]


def test_sections_of_a_litertlm_file_lie_inside_and_apart(tmp_path: Path) -> None:
    """A section behind the end is told, sections that share bytes are refused, and what is no model is passed over."""
    builder = pytest.importorskip("litert_lm_builder.litertlm_builder")
    (tmp_path / "words.txt").write_text("a\n")
    made = builder.LitertLmFileBuilder()
    made.add_system_metadata(builder.Metadata(key="Authors", value="tflint", dtype=builder.DType.STRING))
    made.add_sentencepiece_tokenizer(str(tmp_path / "words.txt"))
    for kind in (builder.TfLiteModelType.PREFILL_DECODE, builder.TfLiteModelType.EMBEDDER):
        made.add_tflite_model(str(EXAMPLES / "clean.tflite"), kind)
    whole = io.BytesIO()
    made.build(whole)
    path = tmp_path / "llm.litertlm"
    path.write_bytes(whole.getvalue())
    found = [artifact.parts[0] for artifact in find([path], lambda _: False)]
    assert len(found) == 2  # the tokenizer is no model

    data = whole.getvalue()
    first, second = (struct.pack("<Q", part.start) for part in found)
    path.write_bytes(
        data.replace(struct.pack("<Q", found[1].start + found[1].size), struct.pack("<Q", len(data) + 1), 1)
    )
    assert problems(path) == ["", "the archive is cut off: the section lies outside of it"]
    start = struct.pack("<Q", 0)
    path.write_bytes(data.replace(first, start, 1).replace(second, start, 1))
    assert problems(path) == ["a .litertlm file whose sections overlap"]
