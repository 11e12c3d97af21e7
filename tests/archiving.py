"""Archives for tests: models that are fine and flawed, as members."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from models import EXAMPLES

if TYPE_CHECKING:
    from pathlib import Path

CLEAN = (EXAMPLES / "clean.tflite").read_bytes()
FLAWED = (EXAMPLES / "bad_scale.tflite").read_bytes()  # TFL212 and TFL510


def archive(path: Path, members: dict[str, bytes], packing: int = zipfile.ZIP_STORED) -> Path:
    """A zip archive of members by name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", packing) as file:
        for name, data in members.items():
            file.writestr(name, data)
    return path
