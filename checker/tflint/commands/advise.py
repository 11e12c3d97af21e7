"""`tflint advise --target T [MODEL]`: which quantization scheme a target runs best, and why."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tflint import plans
from tflint.advice.advise import SCHEMA_VERSION, advise
from tflint.config.given import flag_layers
from tflint.config.hierarchy import Hierarchy
from tflint.errors import one_of
from tflint.open import open_model
from tflint.registry import catalogue

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = ("text", "json")


def advise_command(targets: tuple[str, ...], path: Path | None, output_format: str) -> None:
    """Print it, for each target. Raises TflintError."""
    one_of(output_format, "--output-format", FORMATS)
    hierarchy = Hierarchy(flags=flag_layers({"target": list(targets) or None}))
    settings = hierarchy.of(path) if path is not None else hierarchy.run
    profiles = plans.make(settings, catalogue()).profiles
    model = open_model(path) if path is not None else None
    found = [advise(profile, model, str(path or "")) for profile in profiles]
    if output_format == "json":
        from tflint.report.json import dumped  # noqa: PLC0415 - this form only

        sys.stdout.write(dumped({"schema_version": SCHEMA_VERSION, "advice": found}))
        return
    from tflint.advice.text import render  # noqa: PLC0415 - rich
    from tflint.report import colored  # noqa: PLC0415 - same

    sys.stdout.write("\n".join(render(each, color=colored("auto")) for each in found))
