"""Where models come from: the project's own examples, and ../shared where it is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
SHARED = ROOT.parent / "shared"
EXAMPLES = ROOT / "examples" / "models"


def shared_models() -> list[Path]:
    """Models of ../shared, corpus and bad; none where it is absent."""
    return sorted(SHARED.glob("corpus/files/*.tflite")) + sorted(SHARED.glob("bad/*.tflite"))


def all_models() -> list[Path]:
    """Every model at hand."""
    return sorted(EXAMPLES.glob("*.tflite")) + shared_models()


def shared_rows(name: str) -> dict[str, dict[str, Any]]:
    """Rows of a corpus table by file name; {} where it is absent."""
    path = SHARED / "corpus" / name
    if not path.exists():
        return {}
    return {row["file"]: row for row in map(json.loads, path.read_text().splitlines())}
