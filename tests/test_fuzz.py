"""A small run of scripts/fuzz.py: damaged models give findings, never a traceback, and in bounded time and memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

from models import ROOT


def fuzz(mutations: int, truncations: int) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, str(ROOT / "scripts" / "fuzz.py"), "--mutations", str(mutations)]
    return subprocess.run(
        [*argv, "--truncations", str(truncations)], capture_output=True, text=True, check=False, timeout=3000
    )


def test_damaged_examples_give_findings() -> None:
    """Every truncation of the examples and some mutations of them: no failure."""
    done = fuzz(1500, 50)

    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failures" in done.stdout


@pytest.mark.slow
def test_many_damaged_examples_give_findings() -> None:
    """A hundred thousand mutations: no failure, no hang, at most 300 MB."""
    done = fuzz(100_000, 500)

    assert done.returncode == 0, done.stdout + done.stderr
