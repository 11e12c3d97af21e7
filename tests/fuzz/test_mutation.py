"""A small run of scripts/fuzz.py: damaged models give findings, never a traceback, and in bounded time and memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

from models import ROOT


def fuzz(checks: int, truncations: int) -> subprocess.CompletedProcess[str]:
    argv = [sys.executable, str(ROOT / "scripts" / "fuzz.py"), "--checks", str(checks)]
    return subprocess.run(
        [*argv, "--truncations", str(truncations)], capture_output=True, text=True, check=False, timeout=3000
    )


def test_damaged_examples_give_findings() -> None:
    """Mutations of the examples and of what the examples of rules build: no failure."""
    done = fuzz(1500, 0)

    assert done.returncode == 0, done.stdout + done.stderr
    assert " 0 failures" in done.stdout


@pytest.mark.slow
def test_many_damaged_examples_give_findings() -> None:
    """Every cut of the seeds and many mutations: no failure, no hang, at most 300 MB."""
    done = fuzz(200_000, 500)

    assert done.returncode == 0, done.stdout + done.stderr
