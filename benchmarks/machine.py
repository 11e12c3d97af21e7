"""Where and when figures were made, and of which releases."""

from __future__ import annotations

import datetime as dt
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
VERSION = "import sys; from importlib.metadata import version; print(version(sys.argv[1]))"


def about(before: float, tensorflow: Path | None = None, vela: Path | None = None) -> dict[str, Any]:
    """Date, commit, machine, versions and load averages, of which `before` was that at the start."""
    versions = {name: version(name) for name in ("tflint", "ai-edge-litert", "flatbuffers", "numpy")}
    for name, python in (("tensorflow", tensorflow), ("ethos-u-vela", vela)):
        if python:
            versions[name] = _said(str(python), "-c", VERSION, name)
    changed = _said("git", "status", "--porcelain", "--", "checker", "rules")
    return {
        "date": dt.datetime.now(dt.timezone.utc).strftime("%Y-%m-%d"),
        "commit": _said("git", "rev-parse", "--short=12", "HEAD") + (" with changes" if changed else ""),
        "machine": {
            "processor": _processor(),
            "cores": os.cpu_count(),
            "memory_gb": _memory(),
            "system": platform.platform(),
        },
        "python": platform.python_version(),
        "versions": versions,
        "load": [before, os.getloadavg()[0]],
    }


def _said(*command: str) -> str:
    """What a command prints; "" where there is none, as without git."""
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout.strip()


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    names = [line.partition(":")[2].strip() for line in text.splitlines() if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))
