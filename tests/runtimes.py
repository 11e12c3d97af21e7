"""Real runtimes of the past, each in an environment that is made once."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from models import ROOT

CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tflint-tests"


def tflite_runtime(release: str, python: str) -> Path:
    """An interpreter of that version with that tflite-runtime; the test is skipped where none can be had."""
    folder, uv = CACHE / f"tflite-runtime-{release}", shutil.which("uv")
    made = folder / "bin/python"
    if not made.exists():
        if uv is None:
            pytest.skip("no uv")
        install = ["pip", "install", "-q", "--python", str(made), f"tflite-runtime=={release}", "numpy<2"]
        for step in (["venv", "-q", "--python", _found(python), str(folder)], install):
            done = subprocess.run([uv, *step], capture_output=True, text=True, check=False)
            if done.returncode:
                shutil.rmtree(folder, ignore_errors=True)
                pytest.skip(f"no tflite-runtime {release}: {done.stderr.strip()[-200:]}")
    return made


def _found(python: str) -> str:
    """That version where pyenv has it, else for uv to find."""
    return next((str(path) for path in Path.home().glob(f".pyenv/versions/{python}.*/bin/python")), python)


def runs(runtime: Path, model: Path) -> dict[str, Any]:
    """What becomes of a model there: loaded, allocated, invoked."""
    script = ROOT / "scripts" / "run_models.py"
    done = subprocess.run([runtime, script, "--invoke", model], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found
