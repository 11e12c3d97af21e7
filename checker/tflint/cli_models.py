"""typer commands that run models, as `tflint.cli` has those that read them."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer evaluates the annotations
from typing import Annotated

import typer


def verify(
    reference: Annotated[
        str | None,
        typer.Argument(
            help="What is right: a .tflite model, a Keras file, a SavedModel, a .pt2, a checkpoint folder, "
            "module:function or saved outputs (.npz).",
            show_default=False,
        ),
    ] = None,
    candidate: Annotated[str | None, typer.Argument(help="What is to be proved: the same.", show_default=False)] = None,
    inputs: Annotated[
        str | None,
        typer.Option(metavar="PATH|MODULE:FUNCTION", help=".npz, a folder of them, .jsonl or a function; else random."),
    ] = None,
    save_inputs: Annotated[Path | None, typer.Option(help="Write the samples that were used, as .npz.")] = None,
    samples: Annotated[int | None, typer.Option(min=1, help="How many random samples.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of random samples.")] = None,
    ranges: Annotated[
        list[str] | None, typer.Option("--range", metavar="INPUT=LOW:HIGH", help="Of a random input; repeatable.")
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[OUTPUT=]METRIC:LIMIT", help="A gate, such as cosine:0.999, out0=atol:1e-4, exact; repeatable."
        ),
    ] = None,
    signature: Annotated[str | None, typer.Option(help="Compare this signature only.")] = None,
    bind: Annotated[
        list[str] | None,
        typer.Option(metavar="OURS=THEIRS", help="An input or output that the candidate calls otherwise; repeatable."),
    ] = None,
    delegates: Annotated[str, typer.Option(help="Run with default delegates, with none, or both ways.")] = "both",
    registerer: Annotated[
        list[str] | None,
        typer.Option(metavar="MODULE:NAME", help="Functions that register custom ops; repeatable."),
    ] = None,
    per_layer: Annotated[
        bool, typer.Option("--per-layer", help="Compare intermediate tensors also when the outputs agree.")
    ] = False,
    save: Annotated[Path | None, typer.Option(metavar="FILE", help="Keep what both answered, as .npz.")] = None,
    load: Annotated[Path | None, typer.Option(metavar="FILE", help="Judge again what was kept; runs nothing.")] = None,
    python: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="Interpreter of the environment that has REFERENCE's framework."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for all samples of one model.")] = 600,
    output_format: Annotated[str, typer.Option("--output-format", "-f", help="text, json or markdown.")] = "text",
    output: Annotated[Path | None, typer.Option("-o", help="Write the report to a file.")] = None,
    color: Annotated[str, typer.Option(help="auto, always or never.")] = "auto",
) -> None:
    """Prove that a model answers as another does: run both on the same samples and judge each output."""
    from tflint.commands.verify import Request, verify_command  # noqa: PLC0415 - start-up

    request = Request(
        reference=reference,
        candidate=candidate,
        inputs=inputs,
        save_inputs=save_inputs,
        samples=samples,
        seed=seed,
        ranges=tuple(ranges or ()),
        metrics=tuple(metric or ()),
        signature=signature,
        bind=tuple(bind or ()),
        delegates=delegates,
        registerers=tuple(registerer or ()),
        python=python,
        timeout=timeout,
        per_layer=per_layer,
        save=save,
        load=load,
        output_format=output_format,
        output=output,
        color=color,
    )
    raise typer.Exit(verify_command(request))
