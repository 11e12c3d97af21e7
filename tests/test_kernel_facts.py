"""The kernel facts themselves: every file is well-formed, and no expression is broken in silence."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest

from models import ROOT
from tflint import sketch
from tflint.model import schema
from tflint.model.read import decode
from tflint.runtimes.kernel import FOLDER, _Facts, kernel
from tflint.runtimes.node import AbsentError, Node, UndecidedError
from tflint.runtimes.profile import resolve
from tflint.runtimes.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FILES = sorted(FOLDER.rglob("*.json"))
CASES = sorted((ROOT / "scripts" / "kernel_cases").rglob("*.tfl"))
KEYS = {"op", "source", "options", "checks", "outputs", "dynamic", "values", "values_since", "takes"}
CHECK_KEYS = {"that", "why", "by", "since", "before", "unless"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_facts_are_well_formed(path: Path) -> None:
    """Known keys, a source, expressions that compile, an options table of the schema."""
    raw = json.loads(path.read_text())
    facts = kernel(path.stem, micro=path.parent.name == "tflm")

    assert set(raw) <= KEYS
    assert raw["source"]
    assert not raw.get("options") or raw["options"] in schema.TABLES
    assert facts is not None
    for check, row in zip(facts.checks, raw.get("checks", ()), strict=True):
        assert set(row) <= CHECK_KEYS
        assert check.by in ("tflite", "xnnpack", "tflm")
        assert callable(check.code)
        assert not check.before or check.since < check.before


def test_every_registered_op_has_facts() -> None:
    """No op of the newest LiteRT or of TFLite Micro is without a file, so that "unknown" stays rare."""
    for target, micro in (("litert-2.3.0", False), ("tflm", True)):
        assert [op for op in resolve(target).kernels if kernel(op, micro=micro) is None] == []


@pytest.mark.parametrize("target", ["litert-2.3.0", "litert-1.0.1", "tflite-2.12+flex", "tflm"])
def test_no_expression_fails_in_silence(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On valid models every expression has a value: an error would count as undecided and hide a broken check."""

    def strictly(node: Node, expression: Callable[..., Any]) -> Any:
        try:
            return expression(*node._arguments)
        except (UndecidedError, AbsentError, IndexError, ZeroDivisionError):
            raise UndecidedError from None

    monkeypatch.setattr(Node, "evaluate", strictly)
    profile = resolve(target)
    broken = {}
    for path in CASES:
        for text in path.read_text().split("\n---\n"):
            try:
                judge(decode(sketch.build(text)), profile)
            except (TypeError, ValueError, AttributeError, KeyError) as problem:  # noqa: PERF203 - all are listed
                broken[path.stem, text.splitlines()[0]] = str(problem)

    assert broken == {}


@pytest.mark.parametrize("kept", [20, 200, 0])
def test_bytecode_that_was_cut_off_is_made_anew(kept: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk leaves half a file, which Python itself takes for a program: nobody is to notice."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    facts = tmp_path / "ADD.json"
    facts.write_bytes((FOLDER / "ADD.json").read_bytes())
    whole = _Facts("ADD", str(facts)).get_code("ADD")
    [bytecode] = tmp_path.rglob("*.pyc")
    bytecode.write_bytes(bytecode.read_bytes()[:kept])

    assert _Facts("ADD", str(facts)).get_code("ADD") == whole
    assert _Facts("ADD", str(facts)).get_code("ADD") == whole
    assert bytecode.stat().st_size > kept
