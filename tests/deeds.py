"""A rule pack that does whatever a test wants done to models that are called bad."""

from __future__ import annotations

from typing import TYPE_CHECKING

from running import CLEAN, write_model

if TYPE_CHECKING:
    from pathlib import Path

PACK = """
import os, signal, sys, time
from tflint.api import ModelFile, Severity, hit, rule

@rule("ACM101", "acme-thing", Severity.WARNING, since="1", message="seen", examples=[])
def acme_thing(file: ModelFile):
    '''It is there.'''
    if "bad" in file.name:
        {deed}
    yield hit(file)
"""


def install(folder: Path, deed: str) -> dict[str, str]:
    """Install a pack whose rule does a deed on files that are called bad; give the environment that has it."""
    site = folder / "site"
    (site / "acme_pack").mkdir(parents=True)
    (site / "acme-1.dist-info").mkdir()
    (site / "acme-1.dist-info" / "entry_points.txt").write_text("[tflint.rules]\nacme = acme_pack\n")
    (site / "acme_pack" / "__init__.py").write_text(PACK.format(deed=deed))
    return {"PYTHONPATH": str(site)}


def models(folder: Path, *names: str) -> Path:
    """A folder of clean models."""
    for name in names:
        write_model(folder / "models" / f"{name}.tflite", CLEAN)
    return folder / "models"
