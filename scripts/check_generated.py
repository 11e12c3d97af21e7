"""Fail when a generated file is stale: run every generator with --check."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

GENERATORS = (
    "generate_schema.py",
    "generate_index.py",
    "generate_config.py",
    "generate_cli.py",
    "generate_arguments.py",
    "generate_failures.py",
    "generate_performance.py",
    "make_examples.py",
    "rule_pages.py",
)


def main() -> int:
    """Run them all, so that one run names every stale file."""
    here = Path(__file__).parent
    codes = [subprocess.run([sys.executable, here / name, "--check"], check=False).returncode for name in GENERATORS]
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
