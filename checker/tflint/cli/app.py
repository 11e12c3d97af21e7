"""typer commands, no logic: each hands its arguments to `tflint.commands`, imported when it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tflint.cli.counsel import advise, report
from tflint.cli.models import Target, fix, verify
from tflint.commands.target import app as target_app

app = typer.Typer(
    name="tflint",
    help="Lint .tflite (TensorFlow Lite / LiteRT) models and say which runtimes will load them.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(target_app, name="target")


def _version(asked: bool) -> None:
    if asked:
        version()
        raise typer.Exit


@app.callback()
def program(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Have commands, even where there is but one of them (`tflint.__main__` leaves out those not asked for)."""


Readable = Annotated[
    str, typer.Argument(metavar="MODEL", help="A .tflite file, archive.zip!/member, or a URL.", show_default=False)
]
Config = Annotated[
    list[str] | None,
    typer.Option(
        "--config", metavar="FILE|KEY=VALUE", help="A file in place of those found, or a key, as TOML; repeatable."
    ),
]
Isolated = Annotated[bool, typer.Option("--isolated", help="Read no configuration, no environment and no lock.")]


@app.command()
def check(
    paths: Annotated[
        list[str] | None, typer.Argument(help="Files, folders, archives, their members, URLs; default: here.")
    ] = None,
    target: Target = None,
    select: Annotated[str | None, typer.Option(help="Rules to run: codes, prefixes, names, commas.")] = None,
    ignore: Annotated[str | None, typer.Option(help="Rules not to run.")] = None,
    extend_select: Annotated[str | None, typer.Option(help="Rules to run beside those selected.")] = None,
    preview: Annotated[bool, typer.Option("--preview", help="Run preview rules too.")] = False,
    deep: Annotated[bool, typer.Option("--deep", help="Run the rules that read weights too.")] = False,
    per_file_ignores: Annotated[
        list[str] | None,
        typer.Option(metavar="GLOB:RULES", help="Suppress findings of rules in these models; repeatable."),
    ] = None,
    rule_option: Annotated[
        list[str] | None,
        typer.Option("-x", metavar="RULE.KEY=VALUE", help="Set an option of a rule."),
    ] = None,
    max_file_size: Annotated[
        str | None, typer.Option(metavar="SIZE", help="Read no larger model, such as 500MB: it is an error.")
    ] = None,
    fail_on: Annotated[str | None, typer.Option(help="error, warning (default), info or none.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="Findings that were there before; default: tflint-baseline.json.")
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Record all findings of this run as known.")
    ] = False,
    prune_baseline: Annotated[
        bool, typer.Option("--prune-baseline", help="Remove from the baseline what is not found any more.")
    ] = False,
    changed_since: Annotated[
        str | None,
        typer.Option(metavar="REV", help="Only models that changed in git since this branch left the revision."),
    ] = None,
    resume: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Go on from the results in this file, of json-lines, and add to them."),
    ] = None,
    jobs: Annotated[
        int | None, typer.Option("--jobs", "-j", help="Processes; default: one a core, if it pays.")
    ] = None,
    scheduler: Annotated[
        str,
        typer.Option(
            metavar="processes|ADDRESS", help="Where to check: here, or on the Dask cluster at tcp://HOST:PORT."
        ),
    ] = "processes",
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="Exit 0 whatever is found.")] = False,
    error_on_empty: Annotated[bool, typer.Option("--error-on-empty", help="No model at all is an error.")] = False,
    output_format: Annotated[
        str,
        typer.Option(
            "--output-format", "-f", help="full, concise, json, json-lines, sarif, github, gitlab, junit or markdown."
        ),
    ] = "full",
    output: Annotated[Path | None, typer.Option("-o", help="Write the report to a file.")] = None,
    report: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMAT=PATH", help="Write one more report; repeatable."),
    ] = None,
    config: Config = None,
    contract: Annotated[Path | None, typer.Option(help="TOML file of the interface that callers rely on.")] = None,
    isolated: Isolated = False,
    force_exclude: Annotated[
        bool, typer.Option("--force-exclude", help="Apply `exclude` to files named here too (for hooks).")
    ] = False,
    show_suppressed: Annotated[
        bool, typer.Option("--show-suppressed", help="Show suppressed findings too, with the reason.")
    ] = False,
    statistics: Annotated[bool, typer.Option("--statistics", help="Count findings by rule, on stderr.")] = False,
    timing: Annotated[bool, typer.Option("--timing", help="Say what the time was spent on, on stderr.")] = False,
    color: Annotated[str, typer.Option(help="auto, always or never.")] = "auto",
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Only what fails the run.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every place of a finding; tracebacks.")] = False,
) -> None:
    """Say whether models will load on the targets, and what is wrong with them."""
    given = locals()
    from tflint.commands.check import Request, check_command  # noqa: PLC0415 - start-up

    raise typer.Exit(check_command(Request.of(given)))


for each in (fix, verify, advise, report):
    app.command()(each)


@app.command()
def show(model: Readable) -> None:
    """Print a model as text, one tensor a line; `tflint.sketch` reads it back."""
    from tflint.commands.show import show_command  # noqa: PLC0415 - start-up

    show_command(model)


@app.command()
def inspect(
    model: Readable,
    target: Target = None,
    output_format: Annotated[str, typer.Option("--output-format", "-f", help="text or json.")] = "text",
) -> None:
    """Print the facts of a model: signatures, ops and their minimum runtimes, quantization, sizes, provenance."""
    from tflint.commands.inspect import inspect_command  # noqa: PLC0415 - start-up

    inspect_command(model, tuple(target or ()), output_format)


@app.command()
def diff(
    files: Annotated[list[str], typer.Argument(metavar="OLD NEW", help="Two models.", show_default=False)],
    target: Target = None,
    fail_on_break: Annotated[
        bool, typer.Option("--fail-on-break", help="Exit 1 when the interface breaks callers or a target is lost.")
    ] = False,
    output_format: Annotated[str, typer.Option("--output-format", "-f", help="text, json or markdown.")] = "text",
    output: Annotated[Path | None, typer.Option("-o", help="Write it to a file.")] = None,
    color: Annotated[str, typer.Option(help="auto, always or never.")] = "auto",
) -> None:
    """Say what changed from one model to another: interface, operators, runtimes, sizes; also as git's diff driver."""
    from tflint.commands.diff import Request, diff_command  # noqa: PLC0415 - start-up

    request = Request(tuple(files), tuple(target or ()), output_format, output, fail_on_break, color)
    raise typer.Exit(diff_command(request))


@app.command()
def lock(
    paths: Annotated[list[str] | None, typer.Argument(help="Files, folders and archives; default: here.")] = None,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 when tflint.lock is stale.")] = False,
) -> None:
    """Record the interfaces of models in tflint.lock, which `check` holds them to."""
    from tflint.commands.lock import lock_command  # noqa: PLC0415 - start-up

    raise typer.Exit(lock_command(tuple(paths or ()), check=check))


@app.command()
def rule(
    codes: Annotated[
        list[str] | None, typer.Argument(metavar="[CODE]...", help="Codes, prefixes, names.", show_default=False)
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All rules.")] = False,
    output_format: Annotated[str, typer.Option("--output-format", "-f", help="text, json or markdown.")] = "text",
    new: Annotated[bool, typer.Option("--new", help="Begin the rule CODE NAME: write its files.")] = False,
    family: Annotated[str | None, typer.Option(help="Folder of a new rule; default: where its hundreds are.")] = None,
    pack: Annotated[Path, typer.Option(help="Folder of the pack that a new rule is for.")] = Path(),
) -> None:
    """Explain a rule, or list many (one has a page, several a line each), or begin a new one."""
    if new:
        from tflint.commands.new_rule import new_rule_command  # noqa: PLC0415 - start-up

        new_rule_command(codes or (), family, pack)
        return
    from tflint.commands.rule import rule_command  # noqa: PLC0415 - start-up

    rule_command(codes or (), every=every, output_format=output_format)


@app.command()
def config(
    what: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY|RULE|PATH]...", help="Keys; with --explain rules, a model.", show_default=False),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Each value, or whether a rule runs, and where that was set.")
    ] = False,
    schema: Annotated[bool, typer.Option("--schema", help="The JSON Schema of configurations.")] = False,
    options: Config = None,
    isolated: Isolated = False,
    output_format: Annotated[str, typer.Option("--output-format", "-f", help="text or json.")] = "text",
) -> None:
    """Document the keys of a configuration, and explain which values hold and why."""
    from tflint.commands.config import config_command  # noqa: PLC0415 - start-up

    config_command(
        tuple(what or ()),
        explain=explain,
        schema=schema,
        options=tuple(options or ()),
        isolated=isolated,
        output_format=output_format,
    )


@app.command()
def version() -> None:
    """Print the version."""
    from tflint import __version__  # noqa: PLC0415 - start-up

    typer.echo(f"tflint {__version__}")
