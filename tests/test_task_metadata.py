"""TFLite Metadata and the archive behind a model: decoded within bounds, and held against the model."""

from __future__ import annotations

import io
import json
import struct
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from tflint import sketch
from tflint.engine import Plan, check_model
from tflint.model.archive import members
from tflint.model.read import decode, read_model
from tflint.model.task_metadata import decode_task_metadata, task_metadata_of
from tflint.model.write import encode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = """
image: float32[1,8,8,3]
shape: int32[2] = const [1,192]
scores: float32[1,192] = RESHAPE(image, shape)
"""
AXIS_LABELS = 2
NORMALIZATION, BERT = 1, 4  # members of ProcessUnitOptions


def metadata(**changes: Any) -> dict[str, Any]:
    """The metadata of IMAGE, with fields of its subgraph in place of these."""
    image = {
        "name": "image",
        "content": {"content_properties_type": 2, "content_properties": {"color_space": 1}},
        "process_units": [{"options_type": NORMALIZATION, "options": {"mean": [127.5], "std": [127.5]}}],
    }
    scores = {"name": "scores", "associated_files": [{"name": "labels.txt", "type": AXIS_LABELS}]}
    graph = {"input_tensor_metadata": [image], "output_tensor_metadata": [scores], **changes}
    return {"name": "net", "author": "we", "min_parser_version": "1.0.0", "subgraph_metadata": [graph]}


def archive(files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip archive."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as target:
        for name, data in files.items():
            target.writestr(name, data)
    return out.getvalue()


def model(root: dict[str, Any], tail: bytes = b"", text: str = IMAGE) -> bytes:
    """A model with this metadata and these bytes behind it."""
    note = bytes(encode(root, b"M001", "ModelMetadata"))
    return sketch.build(f"{text}\nmetadata TFLITE_METADATA = 0x{note.hex()}\n") + tail


LABELS = archive({"labels.txt": b"a\n" * 192})


def findings(data: bytes, target: str = "litert", code: str = "TFL851") -> list[tuple[str, str]]:
    """(severity, message) of one rule's findings."""
    plan = Plan(entries=(catalogue()[code],), profiles=(resolve(target),))
    return [(f.severity.value, f.message) for f in check_model(decode(data), plan).findings]


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


def test_sound_metadata_passes_everywhere() -> None:
    """What MediaPipe, ML Kit and an interpreter take is not flagged."""
    for target in ("litert", "mediapipe", "mlkit"):
        assert findings(model(metadata(), LABELS), target) == []


CONTRADICTIONS = {
    "labels": (
        metadata(),
        archive({"labels.txt": b"a\n" * 191}),
        "'labels.txt' has 191 labels for an output of [1, 192]",
    ),
    "absent": (
        metadata(),
        b"",
        "the metadata names the file 'labels.txt', which is not in the archive behind the model",
    ),
    "outputs": (
        metadata(output_tensor_metadata=[{"name": "a"}, {"name": "b"}]),
        b"",
        "the metadata describes 2 outputs, the model has 1",
    ),
    "std": (
        metadata(
            output_tensor_metadata=None,
            input_tensor_metadata=[
                {"name": "i", "process_units": [{"options_type": 1, "options": {"mean": [0.0], "std": [0.0]}}]}
            ],
        ),
        b"",
        "'i' is to be normalized by mean [0.0] and std [0.0]",
    ),
}


@pytest.mark.parametrize(("root", "tail", "problem"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions(root: dict[str, Any], tail: bytes, problem: str) -> None:
    """A warning wherever the model runs, an error where a task library lives by the metadata."""
    assert findings(model(root, tail)) == [("warning", problem)]
    assert findings(model(root, tail), "mediapipe") == [("error", problem)]


@pytest.mark.parametrize("labels", [b"a\n" * 191 + b"z", b"{'names': {0: 'cat'}}"], ids=["no-newline", "notes"])
def test_labels_that_are_left_alone(labels: bytes) -> None:
    """A last line needs no newline, and notes in the place of labels are no list."""
    assert findings(model(metadata(), archive({"labels.txt": labels}))) == []


def test_what_only_a_task_library_wants() -> None:
    """Normalization of a float image, stored files, a parser that is new enough."""
    bare = model(metadata(input_tensor_metadata=[{"name": "image"}]), LABELS)
    packed = model(metadata(), archive({"labels.txt": b"a\n" * 192}, zipfile.ZIP_DEFLATED))
    newer = model({**metadata(), "min_parser_version": "1.6.0"}, LABELS)

    lack = "the image input is float32, and the metadata has no NormalizationOptions for it"
    assert findings(bare, "mediapipe") == findings(bare, "mlkit") == [("error", lack)]
    assert findings(packed, "mediapipe") == [
        ("error", "the file 'labels.txt' is compressed: MediaPipe reads stored files only")
    ]
    assert findings(newer, "mediapipe") == [
        ("error", "the metadata needs a parser of version 1.6.0, MediaPipe's is 1.5.0")
    ]
    assert findings(bare) == findings(packed) == findings(newer) == findings(packed, "mlkit") == []


BERT_TEXT = """
ids: int32[1,16]
mask: int32[1,16]
segments: int32[1,16]
a: int32[1,16] = MUL(ids, mask)
y: int32[1,16] = MUL(a, segments)
"""


def test_a_bert_model_brings_its_tokenizer() -> None:
    """Three inputs of ids call for a BertTokenizer unit in the metadata."""
    unit = {"options_type": BERT, "options": {"vocab_file": [{"name": "vocab.txt", "type": 5}]}}
    rows = {"input_tensor_metadata": None, "output_tensor_metadata": None}
    tail = archive({"vocab.txt": b"[UNK]\n"})

    assert findings(model(metadata(**rows, input_process_units=[unit]), tail, BERT_TEXT), "mediapipe", "TFL853") == []
    assert findings(model(metadata(**rows), tail, BERT_TEXT), "mediapipe", "TFL853") == [
        ("error", "the metadata has no BertTokenizerOptions, which 3 inputs of ids call for")
    ]
    assert findings(sketch.build(BERT_TEXT), "mediapipe", "TFL853") == [
        ("error", "no metadata says how text becomes ids")
    ]


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
