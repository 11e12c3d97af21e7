"""Where a file lies in its repository: code scanning and annotations know files by that."""

from __future__ import annotations

import os
from pathlib import Path


def relative(file: str) -> Path:
    """Give the path from the root of the checkout that we stand in (from here, where there is none), links resolved.

    Absolute for a file outside.
    """
    here = Path.cwd().resolve()
    root = next((folder for folder in (here, *here.parents) if (folder / ".git").exists()), here)
    real = Path(os.path.realpath(file))
    return real.relative_to(root) if real.is_relative_to(root) else real
