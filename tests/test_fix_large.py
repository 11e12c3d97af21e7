"""A large model is edited in seconds, and in little memory beyond the mapped file."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tflint import sketch
from tflint.model.read import read_model
from tflint.model.write import encode

if TYPE_CHECKING:
    from pathlib import Path

MEGABYTE = 1 << 20
LIMIT = 200 * MEGABYTE  # bytes of private memory, beyond what the interpreter and its modules took before
SECONDS = 60  # of a loaded machine

MODEL = """
x: float32[1,64]
w: float32[4096,64] = const
y: float32[1,4096] = FULLY_CONNECTED(x, w, -)
"""

# Private memory is bounded by the kernel (RLIMIT_DATA): who copies the weights into it dies of a MemoryError.
EDIT = """
import json, resource, sys, time
from pathlib import Path
from tflint.fixer.document import open_document
from tflint.fixer.edits.facts import SetMinRuntimeVersion
from tflint.fixer.edits.interface import AddSignature
from tflint.fixer.edits.upkeep import DedupeBuffers, DropDeadCode
from tflint.fixer.loop import digest
from tflint.fixer.place import write_pieces

def private():
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["RssAnon"].split()[0]) * 1024, int(status["VmData"].split()[0]) * 1024

source, target, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
before = private()
resource.setrlimit(resource.RLIMIT_DATA, (before[1] + limit, before[1] + limit))
target.touch()
start = time.monotonic()
document = open_document(source)
for edit in (AddSignature(), SetMinRuntimeVersion("2.5.0"), DropDeadCode(), DedupeBuffers()):
    edit.apply(document)
write_pieces(document.pieces(), target)
digest(target)
print(json.dumps({"seconds": time.monotonic() - start, "grown": private()[0] - before[0]}))
"""


def model_of(size: int, path: Path) -> int:
    """A model whose weights, some of them told apart by their first bytes, take `size` bytes in a sparse file."""
    tables = sketch.parse(MODEL)
    weights = next(table for table in tables["buffers"] if table.get("data"))
    weights["data"] = b"\1" * 16
    head = bytes(encode(tables))
    at = head.index(b"\1" * 16)
    length = at - 4
    with path.open("wb") as file:
        file.write(head[:length] + size.to_bytes(4, "little") + b"\1" * 16)
        file.seek(at + size - 16)
        file.write(b"\2" * 16)
    return at


@pytest.mark.skipif(sys.platform != "linux", reason="private memory is told by /proc")
@pytest.mark.parametrize("size", [64 * MEGABYTE, pytest.param(1024 * MEGABYTE, marks=pytest.mark.slow)])
def test_large_models_are_edited_in_little_memory(tmp_path: Path, size: int) -> None:
    """Weights are copied as bytes: seconds, and less than 200 MB (an eighth of the file where it is small)."""
    source, target = tmp_path / "large.tflite", tmp_path / "edited.tflite"
    model_of(size, source)
    limit = LIMIT if size > LIMIT else 24 * MEGABYTE
    done = subprocess.run(
        [sys.executable, "-c", EDIT, source, target, str(limit)],
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["grown"] < limit
    assert facts["seconds"] < SECONDS
    edited = read_model(target)
    weights = max(edited.buffers, key=lambda buffer: buffer.size)
    assert weights.size == size
    assert weights.read(16) == b"\1" * 16
    assert bytes(weights.source[weights.start + size - 16 : weights.start + size]) == b"\2" * 16
    assert [signature.key for signature in edited.signatures] == ["serving_default"]
