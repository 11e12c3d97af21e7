"""The installed command, run as a user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TFLINT = Path(sys.executable).with_name("tflint")


def tflint(*arguments: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it in a folder, without settings of ours in the environment or at home."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TFLITE_LINT_")}
    return subprocess.run(
        [TFLINT, *map(str, arguments)],
        cwd=cwd,
        env={**clean, "XDG_CONFIG_HOME": str(cwd / "no-such-home"), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
