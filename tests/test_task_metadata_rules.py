"""What TFL851 and TFL853 say of TFLite Metadata, held against the model and the archive behind it."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from task_models import AXIS_LABELS, BERT, IMAGE, LABELS, NORMALIZATION, archive, metadata, model
from tflint import sketch
from tflint.engine import Plan, check_model
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.registry import catalogue, notices
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from tflint.findings import Finding


def found(data: bytes, target: str = "litert", code: str = "TFL851") -> tuple[Finding, ...]:
    """One rule's findings."""
    plan = Plan(entries=(*notices().values(), catalogue()[code]), profiles=(resolve(target),))
    return check_model(decode(data), plan).findings


def findings(data: bytes, target: str = "litert", code: str = "TFL851") -> list[tuple[str, str]]:
    """(severity, message) of these."""
    return [(f.severity.value, f.message) for f in found(data, target, code)]


def test_sound_metadata_passes_everywhere() -> None:
    """What MediaPipe, ML Kit and an interpreter take is not flagged."""
    for target in ("litert", "mediapipe", "mlkit"):
        assert findings(model(metadata(), LABELS), target) == []


def normalized(*others: dict[str, str], **options: list[float]) -> dict[str, Any]:
    """The metadata of an input that is normalized so, and of others."""
    unit = {"options_type": NORMALIZATION, "options": options}
    return metadata(
        output_tensor_metadata=None, input_tensor_metadata=[{"name": "i", "process_units": [unit]}, *others]
    )


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
    "inputs": (
        normalized({"name": "b"}, mean=[1.0], std=[1.0]),
        b"",
        "the metadata describes 2 inputs, the model has 1",
    ),
    "input": (
        normalized(mean=[1.0], std=[1.0]),
        b"",
        "the metadata describes 1 input, the model has 2",
        "a: float32[2]\nb: float32[2]\ny: float32[2] = ADD(a, b)\n",
    ),
    "one label": (
        metadata(),
        archive({"labels.txt": b"a"}),
        "'labels.txt' has 1 label for an output of [3]",
        "x: float32[3]\ny: float32[3] = RELU(x)\n",
    ),
    "empty": (metadata(), archive({"labels.txt": b""}), "'labels.txt' has 0 labels for an output of [1, 192]"),
    "std": (normalized(mean=[0.0], std=[0.0]), b"", "'i' is to be normalized by mean [0.0] and std [0.0]"),
    "no std": (normalized(mean=[1.0]), b"", "'i' is to be normalized by mean [1.0] and std []"),
    "no mean": (normalized(std=[1.0]), b"", "'i' is to be normalized by mean [] and std [1.0]"),
    "less": (normalized(mean=[1.0], std=[1.0, 2.0]), b"", "'i' is to be normalized by mean [1.0] and std [1.0, 2.0]"),
    "second": (
        metadata(
            output_tensor_metadata=[
                {"associated_files": [{"name": "notes", "type": AXIS_LABELS}, {"name": "labels", "type": AXIS_LABELS}]}
            ]
        ),
        archive({"notes": b"{}", "labels": b"a\nb"}),
        "'labels' has 2 labels for an output of [1, 192]",
    ),
}


@pytest.mark.parametrize("case", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions(case: tuple[dict[str, Any], bytes, str] | tuple[dict[str, Any], bytes, str, str]) -> None:
    """A warning wherever the model runs, an error where a task library lives by the metadata."""
    root, tail, problem, *text = case

    assert findings(model(root, tail, *text)) == [("warning", problem)]
    assert findings(model(root, tail, *text), "mediapipe") == [("error", problem)]


@pytest.mark.parametrize(
    "labels",
    [b"a\n" * 191 + b"z", b"{'names':\n{0: 'cat'}}", b"a\n" * ((1 << 21) + 1)],
    ids=["no-newline", "notes", "more than are read"],
)
def test_labels_that_are_left_alone(labels: bytes) -> None:
    """A last line needs no newline, and notes in the place of labels are no list."""
    assert findings(model(metadata(), archive({"labels.txt": labels}))) == []


def test_what_is_no_list_of_labels() -> None:
    """A description, and whatever belongs to an output without axes; units of other kinds normalize nothing."""
    words = metadata(output_tensor_metadata=[{"associated_files": [{"name": "labels.txt", "type": 1}]}])
    scalar = "x: float32[2]\naxes: int32[1] = const [0]\ny: float32[] = MEAN(x, axes)\n"
    unit = {"name": "i", "process_units": [{"options_type": BERT, "options": {}}]}

    assert findings(model(words, archive({"labels.txt": b"a\nb"}))) == []
    assert findings(model(metadata(), LABELS, scalar)) == []
    assert findings(model(metadata(input_tensor_metadata=[unit]), LABELS)) == []


def test_metadata_that_is_not_there() -> None:
    """A buffer that the file does not have holds nothing; where one of two entries is metadata, it is read."""
    root = sketch.parse("x: float32[4]\ny: float32[4] = RELU(x)\n")
    root["metadata"] = [{"name": "TFLITE_METADATA", "buffer": 99}]
    note = bytes(encode(metadata(output_tensor_metadata=None), b"M001", "ModelMetadata")).hex()
    twice = f'{IMAGE}metadata TFLITE_METADATA = 0x{note}\nmetadata TFLITE_METADATA = ""\n'

    assert findings(bytes(encode(root))) == []
    assert findings(bytes(encode(root)), "mediapipe") == [("error", "TFLITE_METADATA is empty")]
    assert findings(sketch.build(twice), "mediapipe") == []


@pytest.mark.parametrize("version", ["1.5.0", "1.x", "1.999999999"])
def test_versions_that_are_not_newer(version: str) -> None:
    """MediaPipe's own, and what is no version."""
    assert findings(model({**metadata(), "min_parser_version": version}, LABELS), "mediapipe") == []


def test_what_only_a_task_library_wants() -> None:
    """Normalization of a float image, stored files, a parser that is new enough."""
    bare = model(metadata(input_tensor_metadata=[{"name": "image"}]), LABELS)
    packed = model(metadata(), archive({"labels.txt": b"a\n" * 192}, zipfile.ZIP_DEFLATED))
    newer = model({**metadata(), "min_parser_version": "1.6.0"}, LABELS)

    lack = "the image input is float32, and the metadata has no NormalizationOptions for it"
    assert findings(bare, "mediapipe") == findings(bare, "mlkit") == [("error", lack)]
    assert findings(model(metadata(input_tensor_metadata=None), LABELS), "mediapipe") == [("error", lack)]
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
    (lack,) = found(model(metadata(**rows), tail, BERT_TEXT), "mediapipe", "TFL853")
    assert (lack.place.label, [edit.title for edit in lack.fix]) == (
        "tensor 0 'ids'",
        ["say it in the metadata: --vocabulary FILE"],
    )
    bag = "ids: int32[1,16]\ny: int32[1,16] = NEG(ids)\n"
    assert findings(model(metadata(**rows), tail, bag), "mediapipe", "TFL853") == [
        ("error", "the metadata has no RegexTokenizerOptions, which one input of ids calls for")
    ]
    assert findings(sketch.build(BERT_TEXT), "mediapipe", "TFL853") == [
        ("error", "no metadata says how text becomes ids")
    ]
