"""The threat model: each promise is attacked by tests that are there."""

from __future__ import annotations

import ast
import re

import pytest

from models import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
ROWS = [line.split("|")[1:-1] for line in PAGE.splitlines() if line.startswith("| ") and "::" in line]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0].strip()[:40])
def test_a_promise_has_tests(row: list[str]) -> None:
    """Two cells; each test that the second names stands in its file."""
    _, tests = row
    named = re.findall(r"`([\w/]+\.py)::(test_\w+)`", tests)

    assert named
    assert len(named) == tests.count("::")
    for file, name in named:
        tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, f"{file}::{name}"


def test_no_promise_is_without_tests() -> None:
    """All rows of the table, but its head, name some."""
    assert len(ROWS) == sum(line.startswith("|") for line in PAGE.split("## What a configuration")[0].splitlines()) - 2
    assert len(ROWS) > 15
