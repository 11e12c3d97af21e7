"""Build wheels, and environments that have them, for tests of what is shipped."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def run(*argv: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command without our settings and paths in its environment."""
    dropped = ("PYTHON", "TFLITE_LINT_", "VIRTUAL_ENV")
    clean = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return subprocess.run(
        list(map(str, argv)), cwd=cwd, env=clean, capture_output=True, text=True, check=False, timeout=600
    )


def build(source: Path, kind: str, out: Path) -> Path:
    """Build with the backend that pyproject.toml names; it writes nothing into the source."""
    done = run(sys.executable, "-m", "hatchling", "build", "-t", kind, "-d", out, cwd=source)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = out.glob("*.whl" if kind == "wheel" else "*.tar.gz")
    return made


def environment(folder: Path, *packages: object) -> Path:
    """Make a fresh environment that has the packages and what they depend on; give its interpreter."""
    done = run(sys.executable, "-m", "venv", folder, cwd=folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    inside = next(path for path in (folder / "bin" / "python", folder / "Scripts" / "python.exe") if path.exists())
    done = run(inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages, cwd=folder.parent)
    assert done.returncode == 0, done.stdout + done.stderr
    return inside
