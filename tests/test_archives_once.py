"""What an archive inflates to is inflated once for all its members, and is in memory once."""

from __future__ import annotations

import io
import random
import tarfile
import tracemalloc
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from archiving import CLEAN, FLAWED, archive
from tflint.__main__ import run
from tflint.artifacts import archives
from tflint.artifacts.paths import find
from tflint.model import opened, tarred
from tflint.model.opened import Kept, inside
from tflint.model.zipped import Window

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.artifacts.artifact import Part

MODELS = {f"{number}.tflite": FLAWED if number % 2 else CLEAN for number in range(6)}


def tar_gz(path: Path, members: dict[str, bytes]) -> Path:
    """A .tar.gz archive of members by name."""
    with tarfile.open(path, "w:gz") as tar:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return path


def nested(folder: Path, models: dict[str, bytes]) -> Path:
    """A zip archive that holds, deflated, one in which models lie as they are."""
    inner = archive(folder / "in.zip", models).read_bytes()
    return archive(folder / "out.zip", {"in.zip": inner}, zipfile.ZIP_DEFLATED)


def test_an_archive_in_an_archive_is_inflated_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To be looked into, and once more for the check of all that is in it; by each model, it would take hours."""
    path = nested(tmp_path, MODELS)
    sizes = []
    inflated = opened._inflated

    def counted(data: Any, part: Part) -> memoryview:
        sizes.append(part.size)
        return inflated(data, part)

    monkeypatch.setattr(opened, "_inflated", counted)

    assert run(["check", str(path), "-j", "1", "-q", "--isolated"]) == 1
    assert sizes == [(tmp_path / "in.zip").stat().st_size] * 2


def test_what_is_kept_is_never_mixed_up(tmp_path: Path) -> None:
    """Whatever the order in which members of several archives are taken, each has its own bytes."""
    several = archive(
        tmp_path / "all.zip",
        {
            "a.zip": nested(tmp_path, MODELS).read_bytes(),
            "m.tflite": CLEAN,
            "b.zip": (tmp_path / "in.zip").read_bytes(),
        },
        zipfile.ZIP_DEFLATED,
    )
    stream = tar_gz(tmp_path / "m.tar.gz", {**MODELS, "in.zip": (tmp_path / "in.zip").read_bytes()})
    found = find([several, stream], lambda _: False)
    assert len(found) == 25
    kept = Kept()
    for artifact in (*found, *random.Random(0).sample(found, len(found))):  # noqa: S311 - an order
        wanted = MODELS.get(artifact.member.rpartition("/")[2], CLEAN)
        assert opened.opened(artifact, kept=kept) == wanted, artifact.name


def test_what_is_inflated_is_in_memory_once(tmp_path: Path) -> None:
    """Pieces of it are not joined."""
    size = 1 << 25
    path = archive(tmp_path / "a.zip", {"m.tflite": CLEAN + bytes(size)}, zipfile.ZIP_DEFLATED)
    data = path.read_bytes()
    [artifact] = find([path], lambda _: False)
    tracemalloc.start()
    try:
        inside(data, artifact.parts[0])
        assert tracemalloc.get_traced_memory()[1] < 1.2 * size
    finally:
        tracemalloc.stop()


def test_a_stream_is_gone_through_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To list it, for the archives in it, and for the check of all its members: not from its start for each of them."""
    pads = random.Random(0)  # noqa: S311 - bytes that do not pack
    members: dict[str, bytes] = {}
    for name, model in MODELS.items():
        zipped = archive(tmp_path / "in.zip", {name: model}).read_bytes()
        members |= {f"{name}.bin": pads.randbytes(1 << 20), name: model, f"{name}.zip": zipped}
    path = tar_gz(tmp_path / "m.tar.gz", members)
    read = []

    class Counted(Window):
        """Says how much is read."""

        def read(self, size: int = -1) -> bytes:
            data = super().read(size)
            read.append(len(data))
            return data

    monkeypatch.setattr(tarred, "Window", Counted)

    assert run(["check", str(path), "-j", "1", "-q", "--isolated"]) == 1
    assert 2.5 < sum(read) / path.stat().st_size < 3.1


def test_a_stream_counts_what_it_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not what is before each of its members: an honest archive of many is not said to inflate to more than it does."""
    path = tar_gz(tmp_path / "m.tar.gz", MODELS)
    total = sum(map(len, MODELS.values()))

    monkeypatch.setattr(archives, "MAX_TOTAL", total)
    assert [artifact.problem for artifact in find([path], lambda _: False)] == [""] * len(MODELS)
    monkeypatch.setattr(archives, "MAX_TOTAL", total - 1)
    assert [bool(artifact.problem) for artifact in find([path], lambda _: False)] == [False] * 5 + [True]


def test_a_stream_that_was_interrupted_begins_anew(tmp_path: Path) -> None:
    """The limit of time ends a read anywhere; the next member is not taken from there."""
    path = tar_gz(tmp_path / "m.tar.gz", {"big.tflite": CLEAN + bytes(1 << 22), "m.tflite": CLEAN})
    big, small = (artifact.parts[0] for artifact in find([path], lambda _: False))
    stop = True

    class Late(bytes):
        """Bytes that stop a read."""

        def __getitem__(self, key: Any) -> Any:
            if stop and key.start:
                raise TimeoutError
            return super().__getitem__(key)

    stream = tarred.Stream(Late(path.read_bytes()))
    with pytest.raises(TimeoutError):
        stream.member(big)
    stop = False
    assert stream.member(small) == CLEAN
