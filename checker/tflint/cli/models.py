"""typer commands that run models, as `tflint.cli` has those that read them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tflint.errors import TflintError, tell

Target = Annotated[
    list[str] | None,
    typer.Option("--target", "-t", help="Runtime to judge against: an id of `tflint target list` or a TOML profile."),
]
Model = Annotated[Path, typer.Argument(help="A .tflite file.", show_default=False)]
Trusted = Annotated[
    bool, typer.Option("--trust-source", help="Load a source that runs code of its own: .pt2, Lambda layers, pickles.")
]


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
    trust_source: Trusted = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for all samples of one model.")] = 600,
    output_format: Annotated[str, typer.Option("--output-format", "-f", help="text, json or markdown.")] = "text",
    output: Annotated[Path | None, typer.Option("-o", help="Write the report to a file.")] = None,
    color: Annotated[str, typer.Option(help="auto, always or never.")] = "auto",
) -> None:
    """Prove that a model answers as another does: run both on the same samples and judge each output."""
    from tflint.commands.verify import Asked, Request, pairs, spans, verify_command  # noqa: PLC0415 - start-up

    asked = Asked(
        reference=reference or "",
        candidate=candidate or "",
        inputs=inputs,
        samples=samples,
        seed=seed,
        ranges=spans(ranges or (), "--range"),
        metrics=tuple(metric or ()),
        signature=signature,
        bind=pairs(bind or (), "--bind"),
        delegates=delegates,
        registerers=tuple(registerer or ()),
        python=python,
        trusted=trust_source,
        timeout=timeout,
        per_layer=per_layer,
        progress=tell,
    )
    request = Request(asked, save_inputs, save, load, output_format, output, color)
    raise typer.Exit(verify_command(request))


def fix(
    model: Model,
    out: Annotated[Path | None, typer.Option(help="Write here and leave the model as it is.")] = None,
    signature: Annotated[
        str | None,
        typer.Option(
            metavar="KEY|OLD=NEW",
            help="Add a signature, or rename one; with --source: those of a SavedModel, by commas.",
        ),
    ] = None,
    rename: Annotated[
        list[str] | None, typer.Option(metavar="OLD=NEW", help="Rename an input or output; repeatable.")
    ] = None,
    keep_output: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Return this output and no other that is not named so; repeatable."),
    ] = None,
    fix_dim: Annotated[
        list[str] | None,
        typer.Option(metavar="INPUT.DIM=SIZE", help="Fix a dimension that may vary; `=?` opens one; repeatable."),
    ] = None,
    mean: Annotated[str | None, typer.Option(help="TFLite Metadata: mean of image values, or one a channel.")] = None,
    std: Annotated[str | None, typer.Option(help="TFLite Metadata: their standard deviation.")] = None,
    labels: Annotated[Path | None, typer.Option(help="TFLite Metadata: file of labels, one a line.")] = None,
    vocabulary: Annotated[Path | None, typer.Option(help="TFLite Metadata: vocabulary of a text model.")] = None,
    order: Annotated[
        list[str] | None,
        typer.Option(metavar="SIDE=NAME,...", help="Order of inputs or outputs; `signature`: that of the signature."),
    ] = None,
    select: Annotated[
        str | None, typer.Option(help="Rules whose findings are mended; default: all, unless something is asked for.")
    ] = None,
    quantize: Annotated[
        str | None,
        typer.Option(
            metavar="SCHEME",
            help="float16, dynamic, weight-only-int8, int8, int16x8, int4; several with commas: beside the model; "
            "or auto: the smallest that holds.",
        ),
    ] = None,
    calibration: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|MODULE:FUNCTION", help="Samples for int8 and int16x8: .npz, a folder of them, .jsonl, .txt."
        ),
    ] = None,
    inputs: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|MODULE:FUNCTION", help="What a quantized model is proved by; else calibration, random."
        ),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(metavar="[OUTPUT=]METRIC:LIMIT", help="A gate of a quantized model, as of verify; repeatable."),
    ] = None,
    source: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|MODULE:FUNCTION",
            help="Convert again from this: SavedModel, .keras, .h5, .pt2, .pb, checkpoint folder, module:function.",
        ),
    ] = None,
    recipe: Annotated[
        Path | None, typer.Option(help="Convert again as this file says, from `--source ... --plan -f json`.")
    ] = None,
    weights: Annotated[
        str | None,
        typer.Option(
            metavar="PATH|MODULE:FUNCTION",
            help="PyTorch weights for the model that --source gives: a checkpoint, or a function that gives a module.",
        ),
    ] = None,
    map_: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="OLD=NEW", help="PyTorch parameter -> variable of the model; repeatable."),
    ] = None,
    converter: Annotated[
        str | None,
        typer.Option(
            metavar="NAME[==RELEASE]", help="tensorflow, litert-torch, a release of one, or auto: the target's."
        ),
    ] = None,
    registerer: Annotated[
        list[str] | None,
        typer.Option(metavar="MODULE:NAME", help="What registers the custom ops that the source may keep; repeatable."),
    ] = None,
    python: Annotated[
        str | None, typer.Option(metavar="PATH", help="Interpreter of the environment that has the converter.")
    ] = None,
    trust_source: Trusted = False,
    target: Target = None,
    unsafe_fixes: Annotated[
        bool, typer.Option("--unsafe-fixes", help="Also mend what changes numbers or what callers bind to.")
    ] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Say what would be done and why; write nothing.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Say it as a model diff; write nothing.")] = False,
    backup: Annotated[bool, typer.Option("--backup", help="Keep the old model as MODEL.bak.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds for each quantization and each run.")] = 600,
    output_format: Annotated[str, typer.Option("--output-format", "-f", help="text or json.")] = "text",
) -> None:
    """Mend a model in its file: findings that carry a fix, names and order of inputs and outputs; or quantize it.

    With --source: convert it again from what it came from.
    """
    from tflint.commands import recipe as recipes  # noqa: PLC0415 - start-up

    if not any((source, recipe, mean, std, labels, vocabulary, order, select, unsafe_fixes, diff, quantize)):
        source, recipe = recipes.origin_of(model)
    if source is not None or recipe is not None:
        if any((mean, std, labels, vocabulary, order, select, unsafe_fixes, diff)):
            raise TflintError("--source goes with no edit of the file: mend what comes of it")
        from tflint.commands import convert as converting  # noqa: PLC0415 - start-up

        again = recipes.Request(
            model=model,
            source=source,
            recipe=recipe,
            signature=signature,
            keep_outputs=tuple(keep_output or ()),
            renames=tuple(rename or ()),
            fix_dims=tuple(fix_dim or ()),
            quantize=quantize,
            calibration=calibration,
            inputs=inputs,
            metrics=tuple(metric or ()),
            targets=tuple(target or ()),
            weights=weights,
            map=tuple(map_ or ()),
            converter=converter,
            registerers=tuple(registerer or ()),
            python=python,
            trusted=trust_source,
            out=out,
            backup=backup,
            timeout=timeout,
            progress=tell,
        )
        raise typer.Exit(converting.convert_command(again, output_format, plan=plan))
    if registerer:
        raise TflintError("--registerer goes with --source, whose custom ops it runs")
    if weights is not None or map_:
        raise TflintError("--weights and --map go with --source module:function, or --map with a checkpoint")
    if quantize is not None:
        from tflint.commands import quantize as quantizing  # noqa: PLC0415 - start-up

        edits = (signature, rename, keep_output, fix_dim, mean, std, labels, vocabulary, order, select, unsafe_fixes)
        if any((*edits, plan, diff)):
            raise TflintError("--quantize goes alone: mend the model first, then quantize what you have")
        wish = quantizing.Request(
            model=model,
            scheme=quantize,
            calibration=calibration,
            inputs=inputs,
            metrics=tuple(metric or ()),
            out=out,
            backup=backup,
            targets=tuple(target or ()),
            timeout=timeout,
            progress=tell,
        )
        raise typer.Exit(quantizing.quantize_command(wish, output_format))
    from tflint.commands.fix import Request, fix_command  # noqa: PLC0415 - start-up

    request = Request(
        model=model,
        out=out,
        signature=signature,
        renames=tuple(rename or ()),
        keep_outputs=tuple(keep_output or ()),
        fix_dims=tuple(fix_dim or ()),
        mean=mean,
        std=std,
        labels=labels,
        vocabulary=vocabulary,
        orders=tuple(order or ()),
        select=select,
        targets=tuple(target or ()),
        unsafe=unsafe_fixes,
        backup=backup,
        progress=tell,
    )
    raise typer.Exit(fix_command(request, output_format, plan=plan, diff=diff))
