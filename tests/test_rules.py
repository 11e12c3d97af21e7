"""Every rule keeps its contracts: derived from the rules, not written per rule."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import tflint_rules
from tflint import testing
from tflint.registry import catalogue, index_of

ROOT = Path(__file__).parent.parent
CONTRACTS = testing.contracts(tflint_rules, Path(__file__).parent / "rules")


@pytest.mark.parametrize("contract", CONTRACTS, ids=str)
def test_contract(contract: testing.RuleContract) -> None:
    """A rule is documented, flags its bad examples and not its good ones, and its page is flagged where it says."""
    contract()


def test_catalogue_is_the_pack() -> None:
    """The generated index holds every rule of the pack, and every rule has its contracts."""
    assert index_of(tflint_rules) == tflint_rules.INDEX
    assert {contract.code for contract in CONTRACTS} == {code for code, e in catalogue().items() if e.scope != "Notice"}


@pytest.mark.parametrize("script", ["generate_schema.py", "generate_index.py"])
def test_generated_file_is_fresh(script: str) -> None:
    """Generated files are what their generators write."""
    done = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / script), "--check"], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
