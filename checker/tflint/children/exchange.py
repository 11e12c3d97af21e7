"""How tflint and its programs talk: FOLDER/request.json is there when the program's input ends.

The program leaves word in FOLDER/stage where it is, should it die, and its answer in FOLDER/answer.json.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path


def awaited(folder: Path, modules: tuple[str, ...] = ()) -> dict[str, Any]:
    """The request, when it is there; modules are imported meanwhile."""
    for module in modules:
        with suppress(ImportError):  # who needs it says so
            __import__(module)
    sys.stdin.read()
    try:
        request: dict[str, Any] = json.loads((folder / "request.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SystemExit("nobody asked") from None  # whoever started it is gone
    return request


def stage(folder: Path, text: str) -> None:
    """Leave word where it is."""
    (folder / "stage").write_text(text, encoding="utf-8")


def answer(folder: Path, found: dict[str, Any]) -> None:
    """Leave the answer."""
    (folder / "answer.json").write_text(json.dumps(found), encoding="utf-8")


def line(problem: BaseException) -> str:
    """What an error says, in one line."""
    return " ".join(str(problem).split()) or f"{type(problem).__name__} without a message, as when memory runs out"
