"""`tflint show`: the sketch of a model."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tflint.open import open_model
from tflint.sketch.show import show

if TYPE_CHECKING:
    from pathlib import Path


def show_command(path: Path) -> None:
    """Print it."""
    sys.stdout.write(show(open_model(path)))
