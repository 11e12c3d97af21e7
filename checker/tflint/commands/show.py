"""`tflint show`: the sketch of a model."""

from __future__ import annotations

import sys

from tflint.open import open_model
from tflint.sketch.show import show


def show_command(path: str) -> None:
    """Print it."""
    sys.stdout.write(show(open_model(path)))
