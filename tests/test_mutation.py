"""Tests notice what a rule does: each mutant of it dies, but for those that tests/mutation/ lists with a reason."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from models import ROOT

if TYPE_CHECKING:
    from pathlib import Path

LISTED: dict[str, dict[str, str]] = {
    path: mutants
    for file in sorted((ROOT / "tests" / "mutation").glob("*.json"))
    for path, mutants in json.loads(file.read_text(encoding="utf-8")).items()
}
FEW = (  # seconds each
    "rules/tflint_rules/integrity/index_bounds.py",
    "rules/tflint_rules/operators/gather_range.py",
    "rules/tflint_rules/quantization/nonstandard_output_scale.py",
)
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="mutants live in forks")


def mutate(*paths: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of these files on their mutants."""
    command = [sys.executable, str(ROOT / "scripts" / "mutate.py"), *(str(ROOT / path) for path in paths)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@needs_fork
def test_mutants_of_a_few_rules_die() -> None:
    """All but those that are listed, and no listed one does."""
    done = mutate(*FEW)

    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"{path}: " in done.stdout for path in FEW)


@needs_fork
def test_a_list_that_is_not_true_is_an_error(tmp_path: Path) -> None:
    """A mutant that is listed and dies is named."""
    (tmp_path / "integrity.json").write_text(json.dumps({FEW[0]: {"index_bounds: no such mutant": "none"}}))
    code = "import sys, mutate, pathlib; mutate.LISTS = pathlib.Path(sys.argv.pop()); sys.exit(mutate.main())"
    command = [sys.executable, "-c", code, str(ROOT / FEW[0]), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT / "scripts")

    assert done.returncode == 1, done.stderr
    assert "  is listed, and does not survive: index_bounds: no such mutant" in done.stdout


@pytest.mark.slow
@needs_fork
@pytest.mark.parametrize("path", sorted(LISTED))
def test_mutants_die(path: str) -> None:
    """As above, of every file that has its list."""
    done = mutate(path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_lists_are_of_files_that_are_there() -> None:
    """And every mutant on them has its reason."""
    assert all((ROOT / path).is_file() for path in LISTED)
    assert all(reason.strip() for mutants in LISTED.values() for reason in mutants.values())
