"""What all generators share: write their files, or compare them under --check."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def main(doc: str | None, build: Callable[[], Mapping[Path, bytes]]) -> None:
    """Run a generator; exit 1 when --check finds a stale file."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="fail when a file is stale; write nothing")
    args = parser.parse_args()
    stale = [path for path, data in build().items() if not path.exists() or path.read_bytes() != data]
    for path in stale:
        if args.check:
            print(f"{path.name} is stale: run scripts/{Path(sys.argv[0]).name}")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(build()[path])
    sys.exit(1 if args.check and stale else 0)
