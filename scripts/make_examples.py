"""Build examples/models from the sketches in examples/sketches, and the files that are no models at all.

python scripts/make_examples.py [--check]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tflint import sketch

EXAMPLES = Path(__file__).parent.parent / "examples"
POINTER = (
    "version https://git-lfs.github.com/spec/v1\n"
    "oid sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\nsize 4194304\n"
)


def build() -> dict[str, bytes]:
    """File name -> bytes."""
    files = {path.stem: sketch.build(path.read_text()) for path in sorted((EXAMPLES / "sketches").glob("*.tfl"))}
    files["truncated"] = files["clean"][: len(files["clean"]) // 2]
    files["lfs_pointer"] = POINTER.encode()
    return {f"{name}.tflite": data for name, data in files.items()}


def main() -> int:
    """Write the models, or compare them under --check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail when a model is stale; write nothing")
    args = parser.parse_args()
    folder = EXAMPLES / "models"
    files = build()
    if args.check:
        there = {path.name: path.read_bytes() for path in folder.glob("*")}
        print(f"{folder.name}: {'fresh' if there == files else 'stale: run scripts/make_examples.py'}")
        return 0 if there == files else 1
    folder.mkdir(exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return 0


if __name__ == "__main__":
    sys.exit(main())
