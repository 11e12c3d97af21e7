"""Recorded samples: `.npz`, a folder of them, `.jsonl`, texts, or what a Python function gives."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.errors import TflintError
from tflint.parity.samples import Samples, load
from tflint.parity.texts import SUFFIX
from tflint.source import FUNCTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

POSITIONS = "position "  # names of values that have none: by place among the inputs


def recorded(spec: str, tokenized: Callable[[Path], Samples] | None = None) -> Samples:
    """Samples of a path, or of `module:function`. `tokenized`: makes them of texts. Raises TflintError."""
    path = Path(spec)
    if not path.exists() and FUNCTION.fullmatch(spec):
        return Samples(tuple(_rows(_all(spec), spec)), spec)
    if not path.exists():
        raise TflintError(f"no such file: {spec}")
    if path.suffix == SUFFIX:
        if tokenized is None:
            raise TflintError(f"{spec}: texts take the tokenizer of a checkpoint, and there is none here")
        return tokenized(path)
    return _lines(path) if path.suffix == ".jsonl" else load(path)


def function(spec: str) -> Any:
    """The function that `module:function` names; modules of this folder count. Raises TflintError."""
    module, _, name = spec.partition(":")
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found = getattr(importlib.import_module(module), name)
    except Exception as problem:  # whatever the module does as it is imported
        raise TflintError(f"{spec}: {type(problem).__name__}: {problem}") from problem
    if not callable(found):
        raise TflintError(f"{spec}: not a function")
    return found


def call(spec: str, *arguments: Any) -> Any:
    """What the function gives. Raises TflintError for what it raises."""
    asked = function(spec)
    try:
        return asked(*arguments)
    except Exception as problem:  # the user's code
        raise TflintError(f"{spec}: {type(problem).__name__}: {problem}") from problem


def _all(spec: str) -> list[Any]:
    """The samples of a function; it may be a generator, as representative datasets are."""
    rows = call(spec)
    try:
        return list(rows)
    except Exception as problem:  # the user's code, or something that is no sequence
        raise TflintError(f"{spec}: {type(problem).__name__}: {problem}") from problem


def _lines(path: Path) -> Samples:
    rows = []
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if line.strip():
                rows.append(json.loads(line))
                if not isinstance(rows[-1], dict):
                    raise TflintError(f"{path}:{number}: an object {{input: value}} is wanted")
    except (OSError, ValueError, RecursionError) as problem:
        raise TflintError(f"{path}: not JSON lines: {problem}") from None
    return Samples(tuple(_rows(rows, str(path))), str(path))


def _rows(rows: Iterable[Any], where: str) -> Iterable[dict[str, Any]]:
    count = 0
    for count, row in enumerate(rows, 1):
        items = row.items() if isinstance(row, dict) else _positions(row)
        try:
            yield {str(name): np.asarray(value) for name, value in items}
        except ValueError as problem:
            raise TflintError(f"{where}: sample {count}: {problem}") from None
    if not count:
        raise TflintError(f"{where}: no samples")


def _positions(row: Any) -> Iterable[tuple[str, Any]]:
    """Values in the order of the inputs, or one alone, as calibration data often is."""
    values = row if isinstance(row, (list, tuple)) else [row]
    return ((f"{POSITIONS}{place}", value) for place, value in enumerate(values))
