"""`tflint verify` of ids: a file of them is a reference, and where two tokenizers part is told."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from command import tflint
from tflint import sketch

if TYPE_CHECKING:
    from pathlib import Path

IDS = """
ids: int32[1,4]
none: int32[4] = const [0,0,0,0]
out: int32[1,4] = ADD(ids, none)
signature encode(ids=ids) -> (input_ids=out)
"""
TEXTS = [[2, 17, 19, 3], [2, 5, 3, 0], [2, 9, 9, 3]]


def written(folder: Path, name: str, output: str, rows: list[list[int]]) -> None:
    """Ids as an app's tokenizer writes them, an object a line."""
    (folder / name).write_text("".join(json.dumps({output: [row]}) + "\n" for row in rows))


def test_a_file_of_ids_is_a_reference(tmp_path: Path) -> None:
    """Equal ids hold; of others the report says how many samples, which is the first, where, and both ids."""
    (tmp_path / "m.tflite").write_bytes(sketch.build(IDS))
    written(tmp_path, "samples.jsonl", "ids", TEXTS)
    written(tmp_path, "same.jsonl", "input_ids", TEXTS)
    written(tmp_path, "other.jsonl", "input_ids", [TEXTS[0], [2, 5, 6, 3], [2, 9, 3, 0]])

    same = tflint("verify", "same.jsonl", "m.tflite", "--inputs", "samples.jsonl", cwd=tmp_path)
    other = tflint("verify", "other.jsonl", "m.tflite", "--inputs", "samples.jsonl", cwd=tmp_path)

    assert (same.returncode, same.stderr) == (0, "")
    assert (other.returncode, other.stderr) == (1, "")
    assert "2 of 3 samples differ, sample 2 first at [0,2]: 3, the reference's is 6" in other.stdout


def test_a_file_of_other_lines_is_no_reference(tmp_path: Path) -> None:
    """Lines of different outputs, and lines that are no JSON: exit code 2, one line."""
    (tmp_path / "m.tflite").write_bytes(sketch.build(IDS))
    written(tmp_path, "samples.jsonl", "ids", TEXTS)
    (tmp_path / "mixed.jsonl").write_text('{"a": [1]}\n{"b": [1]}\n')
    (tmp_path / "words.jsonl").write_text("the quick brown fox\n")
    for name, told in (("mixed.jsonl", "different outputs"), ("words.jsonl", "not JSON lines")):
        done = tflint("verify", name, "m.tflite", "--inputs", "samples.jsonl", cwd=tmp_path)
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert told in done.stderr
