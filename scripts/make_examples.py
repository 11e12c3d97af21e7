"""Build examples/models from the sketches in examples/sketches, and the files that are no models at all.

python scripts/make_examples.py [--check]
"""

from __future__ import annotations

from pathlib import Path

import generated
from tflint import sketch

EXAMPLES = Path(__file__).parent.parent / "examples"
POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\nsize 4194304\n"
)


def build() -> dict[Path, bytes]:
    """Path -> bytes."""
    files = {path.stem: sketch.build(path.read_text()) for path in sorted((EXAMPLES / "sketches").glob("*.tfl"))}
    files["truncated"] = files["clean"][: len(files["clean"]) // 2]
    files["lfs_pointer"] = POINTER.encode()
    return {EXAMPLES / "models" / f"{name}.tflite": data for name, data in files.items()}


if __name__ == "__main__":
    generated.main(__doc__, build)
