"""A short run of each atheris target; where atheris has no wheel there is none."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from models import ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytest.importorskip("atheris")


def fuzz(target: str, folder: Path, runs: int) -> str:
    """What libFuzzer wrote; it ends with an error where it found something."""
    argv = [sys.executable, str(ROOT / "scripts" / "fuzz_atheris.py"), target, str(folder), f"-runs={runs}"]
    done = subprocess.run(
        [*argv, f"-artifact_prefix={folder}/"], capture_output=True, text=True, check=False, timeout=3000
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


@pytest.mark.parametrize("target", ["reader", "check"])
def test_coverage_leads_to_no_failure(target: str, tmp_path: Path) -> None:
    """Nothing but findings comes out, and seeds that reach code are kept."""
    told = fuzz(target, tmp_path / "corpus", 500)

    done = re.search(r"Done (\d+) runs", told)
    assert done, told[-3000:]
    assert int(done[1]) >= 500
    assert len(list((tmp_path / "corpus").iterdir())) > 100


@pytest.mark.slow
@pytest.mark.parametrize(("target", "runs"), [("reader", 200_000), ("check", 20_000)])
def test_much_coverage_leads_to_no_failure(target: str, runs: int, tmp_path: Path) -> None:
    """The same, for long."""
    fuzz(target, tmp_path / "corpus", runs)
