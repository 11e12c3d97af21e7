"""Every rule keeps its contracts: derived from the rules, not written per rule."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tflint_rules
from tflint import testing
from tflint.registry import catalogue, index_of

if TYPE_CHECKING:
    from tflint.rule import Example, Rule

ROOT = Path(__file__).parent.parent
RULES = [entry.load() for entry in catalogue().values() if entry.pack == "core" and entry.scope != "Notice"]
EXAMPLES = [pytest.param(r, e, id=f"{r.code}-{i}") for r in RULES for i, e in enumerate(r.examples)]


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.code)
def test_rule_is_documented(rule: Rule) -> None:
    """A rule says what it finds, why that is bad and what to do."""
    testing.check_documented(rule)


@pytest.mark.parametrize(("rule", "example"), EXAMPLES)
def test_bad_is_flagged_and_good_is_not(rule: Rule, example: Example) -> None:
    """A rule's examples are its specification."""
    testing.check_example(rule, example.bad, example.good, example.target)


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.code)
def test_page_runs(rule: Rule) -> None:
    """A rule's page is flagged exactly where it says."""
    testing.check_page(rule, Path(__file__).parent / "rules")


@pytest.mark.parametrize("rule", RULES, ids=lambda r: r.code)
def test_module_is_named_after_its_rule(rule: Rule) -> None:
    """One rule a file, called as the rule."""
    assert rule.check.__module__.rpartition(".")[2] == rule.check.__name__


def test_index_is_fresh() -> None:
    """The generated index holds every rule of the pack."""
    assert index_of(tflint_rules) == tflint_rules.INDEX


@pytest.mark.parametrize("script", ["generate_schema.py", "generate_index.py"])
def test_generated_file_is_fresh(script: str) -> None:
    """Generated files are what their generators write."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), "--check"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
