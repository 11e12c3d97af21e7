"""typer commands that tell what to do about a model: which scheme to quantize it by, how to report a bug with it."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads it at run time
from typing import Annotated

import typer

from tflint.cli.models import Model, Target  # noqa: TC001 - same


def advise(
    model: Annotated[
        Path | None, typer.Argument(help="A .tflite file to take into account.", show_default=False)
    ] = None,
    target: Target = None,
    output_format: Annotated[str, typer.Option("--output-format", "-f", help="text or json.")] = "text",
) -> None:
    """Say which quantization scheme a target runs best and why, and, of a model, which are out."""
    from tflint.commands.advise import advise_command  # noqa: PLC0415 - start-up

    advise_command(tuple(target or ()), model, output_format)


def report(
    model: Model,
    target: Target = None,
    log: Annotated[Path | None, typer.Option(metavar="FILE", help="What the converter printed.")] = None,
    with_model: Annotated[bool, typer.Option("--with-model", help="Put the model itself in: weights and all.")] = False,
    output: Annotated[Path | None, typer.Option("-o", help="The archive; default: MODEL-report.zip, here.")] = None,
) -> None:
    """Bundle what a bug report needs: findings, the sketch without weights, versions, and a text to fill in."""
    from tflint.commands.report import Request, report_command  # noqa: PLC0415 - start-up

    raise typer.Exit(report_command(Request(model, tuple(target or ()), log, with_model, output)))
