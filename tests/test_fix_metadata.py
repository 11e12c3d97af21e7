"""TFLite Metadata that `tflint fix` adds: read back as task libraries read it, files and all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from command import tflint
from tflint import sketch
from tflint.model import archive
from tflint.model.read import read_model
from tflint.model.task_metadata import task_metadata_of

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.model.task_metadata import TaskMetadata

WORDS = """
ids: int32[1,8]
words: float32[16,2] = const
y: float32[1,8,2] = GATHER(words, ids)
signature serve(tokens=ids) -> (classes=y)
"""
BERT = """
graph main(a, b, c) -> (y)
a: int32[1,8]
b: int32[1,8]
c: int32[1,8]
d: int32[1,8] = ADD(a, b)
y: int32[1,8] = ADD(d, c)
signature serve(input_ids=a, attention_mask=b, token_type_ids=c) -> (scores=y)
"""
NAMELESS = BERT.replace("input_ids", "p").replace("attention_mask", "q").replace("token_type_ids", "r")
WORD_LINES = "<PAD> 0\n<START> 1\n<UNKNOWN> 2\ngood 3\n"
BERT_LINES = "[PAD]\n[UNK]\n[CLS]\n[SEP]\ngood\n"


def written(folder: Path, text: str, lines: str) -> tuple[Path, Path]:
    """A model and its vocabulary."""
    path, vocabulary = folder / "model.tflite", folder / "vocab.txt"
    path.write_bytes(sketch.build(text))
    vocabulary.write_text(lines)
    return path, vocabulary


def described(path: Path) -> TaskMetadata:
    """What the file says."""
    found = task_metadata_of(read_model(path))
    assert found is not None
    return found


def stored(path: Path, name: str) -> bytes:
    """A file in the archive, which has to be stored as it is: MediaPipe reads no other."""
    members = archive.members(read_model(path).tail)
    assert members is not None
    assert members[name].method == archive.STORED
    data = members[name].read(10_000)
    assert data is not None
    return data


def test_vocabulary_of_words(tmp_path: Path) -> None:
    """The one input gets a regex tokenizer with pattern and file, of the schema version that has it."""
    path, vocabulary = written(tmp_path, WORDS, WORD_LINES)
    done = tflint("fix", path, "--vocabulary", vocabulary, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    found = described(path)
    assert found.min_parser_version == "1.2.1"
    assert [(u.kind, dict(u.options), [f[:3:2] for f in u.files]) for u in found.inputs[0].units] == [
        ("RegexTokenizerOptions", {"delim_regex_pattern": r"[^\w\']+"}, [("vocab.txt", "VOCABULARY")])
    ]
    assert stored(path, "vocab.txt") == vocabulary.read_bytes()
    assert tflint("check", path, "--target", "mediapipe", "--select", "TFL853", cwd=tmp_path).returncode == 0
    once = path.read_bytes()
    assert "nothing to change" in tflint("fix", path, "--vocabulary", vocabulary, cwd=tmp_path).stdout
    assert path.read_bytes() == once


def test_vocabulary_of_a_bert(tmp_path: Path) -> None:
    """Its three inputs bear the names by which MediaPipe finds them, whatever the signature calls them."""
    path, vocabulary = written(tmp_path, BERT, BERT_LINES)
    done = tflint("fix", path, "--vocabulary", vocabulary, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    found = described(path)
    assert found.min_parser_version == "1.1.0"
    assert [tensor.name for tensor in found.inputs] == ["ids", "mask", "segment_ids"]
    assert [(u.kind, [f.name for f in u.files]) for u in found.input_units] == [("BertTokenizerOptions", ["vocab.txt"])]
    assert stored(path, "vocab.txt") == vocabulary.read_bytes()
    assert tflint("check", path, "--target", "mediapipe", "--select", "TFL853", cwd=tmp_path).returncode == 0


@pytest.mark.parametrize(
    ("text", "lines", "message"),
    [
        (WORDS, "good\nbad\n", "'good' is not WORD NUMBER"),
        (WORDS, "good 0\n", "has no <PAD> and no <UNKNOWN>"),
        (BERT, "[CLS]\ngood\n", "has no [SEP]"),
        (NAMELESS, BERT_LINES, "(p, q, r) do not say which are ids, mask and segment ids"),
        ("x: float32[1,4]\ny: float32[1,4] = RELU(x)\n", WORD_LINES, "one int32 input (words) or three (BERT)"),
    ],
    ids=["lines", "words", "bert", "names", "inputs"],
)
def test_vocabularies_that_a_tokenizer_would_not_take(tmp_path: Path, text: str, lines: str, message: str) -> None:
    """What MediaPipe would refuse, or crash on, is refused here in one line, and the file left."""
    path, vocabulary = written(tmp_path, text, lines)
    before = path.read_bytes()
    done = tflint("fix", path, "--vocabulary", vocabulary, cwd=tmp_path)

    assert (done.returncode, path.read_bytes()) == (1, before)
    assert message in done.stderr
    assert done.stderr.count("\n") == 1


def test_what_is_said_already_stays(tmp_path: Path) -> None:
    """A later schema version is not lowered; names, units and files of before are there beside the new ones."""
    path, vocabulary = written(tmp_path, WORDS, WORD_LINES)
    labels = tmp_path / "labels.txt"
    labels.write_text("no\nyes\n")
    assert tflint("fix", path, "--vocabulary", vocabulary, cwd=tmp_path).returncode == 0
    done = tflint("fix", path, "--labels", labels, cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    found = described(path)
    assert found.min_parser_version == "1.2.1"
    assert [unit.kind for unit in found.inputs[0].units] == ["RegexTokenizerOptions"]
    assert [(file.name, file.type) for file in found.outputs[0].files] == [("labels.txt", "TENSOR_AXIS_LABELS")]
    assert [stored(path, name) for name in ("vocab.txt", "labels.txt")] == [
        vocabulary.read_bytes(),
        labels.read_bytes(),
    ]


def test_one_mean_and_several_deviations(tmp_path: Path) -> None:
    """MediaPipe takes as many of one as of the other: what is given once holds for all channels."""
    path = tmp_path / "model.tflite"
    path.write_bytes(sketch.build("image: float32[1,8,8,3]\ny: float32[1,8,8,3] = RELU(image)\n"))
    done = tflint("fix", path, "--mean", "127.5", "--std", "58,57,59", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    found = described(path).inputs[0]
    assert (found.content, [dict(unit.options) for unit in found.units]) == (
        "ImageProperties",
        [{"mean": (127.5, 127.5, 127.5), "std": (58.0, 57.0, 59.0)}],
    )
