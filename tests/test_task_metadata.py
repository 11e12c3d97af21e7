"""TFLite Metadata and the archive behind a model: decoded within bounds, and shown."""

from __future__ import annotations

import json
import struct
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from task_models import LABELS, archive, metadata, model
from tflint.model.archive import members
from tflint.model.read import decode, read_model
from tflint.model.task_metadata import decode_task_metadata, task_metadata_of
from tflint.model.write import encode

if TYPE_CHECKING:
    from pathlib import Path


def test_metadata_is_read() -> None:
    """Every part by its name, what is unset as empty."""
    found = task_metadata_of(decode(model(metadata(), LABELS)))

    assert found is not None
    assert (found.name, found.author, found.license, found.min_parser_version) == ("net", "we", "", "1.0.0")
    (image,), (scores,) = found.inputs, found.outputs
    assert (image.name, image.content) == ("image", "ImageProperties")
    assert [(u.kind, dict(u.options)) for u in image.units] == [
        ("NormalizationOptions", {"mean": (127.5,), "std": (127.5,)})
    ]
    assert [(f.name, f.type) for f in scores.files] == [("labels.txt", "TENSOR_AXIS_LABELS")]
    assert [f.name for f in found.all_files] == ["labels.txt"]


def test_damaged_metadata_does_no_harm() -> None:
    """Any byte may be anything, and the end may be anywhere."""
    note = bytes(encode(metadata(), b"M001", "ModelMetadata"))

    for at in range(len(note)):
        for value in (0, 1, 0x7F, 0xFF):
            decode_task_metadata(note[:at] + bytes([value]) + note[at + 1 :])
        decode_task_metadata(note[:at])
    assert decode_task_metadata(note[:4] + b"M002" + note[8:]) is None


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_the_archive_is_read(method: int) -> None:
    """Members by name, stored or deflated, and none beyond the limit that the reader sets."""
    found = members(decode(model(metadata(), archive({"a/../b": b"x" * 500}, method))).tail)

    assert found is not None
    assert {name: member.size for name, member in found.items()} == {"a/../b": 500}
    assert found["a/../b"].read(500) == b"x" * 500
    assert found["a/../b"].read(499) is None


def test_offsets_count_from_the_archive_or_from_the_file(tmp_path: Path) -> None:
    """Writers that append to the model count from its start."""
    path = tmp_path / "m.tflite"
    path.write_bytes(model(metadata()))
    with zipfile.ZipFile(path, "a") as target:
        target.writestr("labels.txt", b"one\ntwo\n")

    found = members(read_model(path).tail)

    assert found is not None
    assert found["labels.txt"].read(100) == b"one\ntwo\n"


def test_a_bomb_is_not_inflated() -> None:
    """A member that claims few bytes is inflated to one more than these at most; one that claims many, not at all."""
    bomb = archive({"labels.txt": bytes(50_000_000)}, zipfile.ZIP_DEFLATED)
    lying = bomb.replace(struct.pack("<I", 50_000_000), struct.pack("<I", 10))

    for tail in (bomb, lying):
        found = members(decode(model(metadata(), tail)).tail)

        assert found is not None
        assert found["labels.txt"].read(1 << 22) is None


def test_a_damaged_archive_does_no_harm() -> None:
    """Any byte of it may be anything: the model is linted all the same."""
    start = len(model(metadata()))
    whole = model(metadata(), LABELS)

    for at in (*range(start, start + 40), *range(len(whole) - 80, len(whole))):
        for value in (0, 0x7F, 0xFF):
            found = members(decode(whole[:at] + bytes([value]) + whole[at + 1 :]).tail) or {}
            for member in found.values():
                member.read(1 << 22)
    many = struct.pack("<4s4xHHIIH", b"PK\5\6", 0xFFFF, 0xFFFF, 0, 0, 0)
    assert members(decode(model(metadata(), many)).tail) is None


def test_inspect_shows_it(tmp_path: Path) -> None:
    """`tflint inspect` prints the metadata and the files, for people and for programs."""
    path = tmp_path / "m.tflite"
    path.write_bytes(model(metadata(), LABELS))

    def run(*arguments: str) -> str:
        command = [sys.executable, "-m", "tflint", "inspect", str(path), "-t", "mediapipe", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    facts = json.loads(run("-f", "json"))
    assert facts["task_metadata"]["inputs"][0]["units"] == [
        {"kind": "NormalizationOptions", "options": {"mean": [127.5], "std": [127.5]}, "files": []}
    ]
    assert facts["associated_files"] == [{"name": "labels.txt", "bytes": 384, "compressed": False}]
    text = run()
    assert "NormalizationOptions mean 127.5 std 127.5" in text
    assert "labels.txt (TENSOR_AXIS_LABELS)" in text
