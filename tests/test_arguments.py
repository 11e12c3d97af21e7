"""What `tflint check` makes of its arguments without typer is what typer makes of them, or nothing."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

import generate_arguments
from models import EXAMPLES
from tflint.__main__ import run
from tflint.cli import arguments
from tflint.cli.app import app
from tflint.cli.arguments import check_arguments
from tflint.cli.arguments_index import CHECK
from tflint.commands import check as command
from tflint.commands.check import Request

if TYPE_CHECKING:
    from collections.abc import Callable

CLEAN = str(EXAMPLES / "clean.tflite")
TYPER: Any = typer.main.get_command(app)
SPELLINGS = [each for *_, spellings in CHECK.values() for each in spellings]
FLAGS = [each for kind, *_, spellings in CHECK.values() if kind == "flag" for each in spellings]
WORDS = st.sampled_from(
    ["", "a", "3", "-1", "-", "--", "=", "a=b", "-q", "--deep", "litert", "é", CLEAN, ".", "no/such"]
)
PIECES = st.one_of(
    st.sampled_from(FLAGS).map(lambda flag: [flag]),
    st.tuples(st.sampled_from(SPELLINGS), WORDS).map(list),
    st.tuples(st.sampled_from(SPELLINGS), WORDS).map(lambda pair: ["=".join(pair)]),
    st.tuples(st.sampled_from(SPELLINGS), WORDS).map(lambda pair: ["".join(pair)]),
    st.text("-qvfjtxo=3a", max_size=6).map(lambda text: [text]),
    st.text(max_size=4).map(lambda text: [text.replace("\0", "")]),
    WORDS.map(lambda word: [word]),
)
LINES = st.lists(PIECES, max_size=7).map(lambda pieces: [word for piece in pieces for word in piece])


def of_typer(words: list[str]) -> Request | None:
    """The request that typer makes of these, None where it refuses them."""
    made: list[Request] = []
    real = command.check_command
    command.check_command = lambda request: made.append(request) or 0  # type: ignore[func-returns-value] # append gives None
    try:
        TYPER.main(words, prog_name="tflint", standalone_mode=False)
    except typer._click.exceptions.ClickException:
        return None
    finally:
        command.check_command = real
    return made[0] if made else None


@settings(deadline=None)
@given(LINES)
def test_what_is_understood_is_what_typer_makes_of_it(words: list[str]) -> None:
    """Flags, values beside and behind their option, clusters, paths between and after `--`, empty and odd words."""
    if (found := check_arguments(["check", *words])) is not None:
        assert Request.of(found) == of_typer(["check", *words])


@pytest.mark.parametrize("name", [name for name, (kind, *_) in CHECK.items() if kind and name != "paths"])
def test_every_plain_option_is_understood(name: str) -> None:
    """Each spelling of each option, before and after a path, and twice: what need not go to typer does not."""
    kind, several, default, spellings = CHECK[name]
    for spelling in spellings:
        option = [spelling] if kind == "flag" else [spelling, "3"]
        once, twice = check_arguments(["check", *option, "m"]), check_arguments(["check", "m", *option, *option])
        assert once is not None
        assert twice is not None
        assert once[name] != default
        assert twice[name] == (once[name] * 2 if several else once[name])


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["version"],
        ["lock", "--check"],
        ["--help"],
        ["check", "--help"],
        ["check", "m", "-h"],
        ["check", "--no-such-option"],
        ["check", "-Z"],
        ["check", "-qZ"],
        ["check", "--deep=1"],
        ["check", "--sel", "TFL"],
        ["check", "--select"],
        ["check", "-f"],
        ["check", "-j", "two"],
        ["check", "-j", "2.0"],
        ["check", "-j", "٣"],
    ],
)
def test_everything_else_is_left_to_typer(words: list[str]) -> None:
    """Other commands, help, unknown options, missing values and values of the wrong kind."""
    assert check_arguments(words) is None


def test_completion_is_left_to_typer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell that asks for completions is answered by typer."""
    assert check_arguments(["check", "m"]) is not None
    monkeypatch.setenv("_TFLITE_LINT_COMPLETE", "complete_bash")
    assert check_arguments(["check", "m"]) is None


def test_a_path_that_may_not_be_read_is_left_to_typer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its usage error is the one that it always was."""
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert check_arguments(["check", "--contract", "no/such"]) is not None
    assert check_arguments(["check", "--contract", CLEAN]) is None
    with pytest.raises(SystemExit) as end:
        run(["check", "--contract", CLEAN])
    assert end.value.code == 2
    assert "readable" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "code"),
    [([CLEAN], 0), ([str(EXAMPLES / "op_too_new.tflite"), "-t", "tflite-2.12"], 1), (["no/such"], 2), (["-f", "x"], 2)],
)
def test_the_command_ends_alike(
    words: list[str], code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Report, errors and exit code are the same whoever read the arguments."""
    assert run(["check", *words]) == code
    ours = capsys.readouterr()
    monkeypatch.setattr(arguments, "check_arguments", lambda _: None)
    assert end_of(lambda: run(["check", *words])) == code
    assert capsys.readouterr() == ours


def test_an_interrupt_is_quiet_either_way(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 130 and no word, as typer ends a command."""

    def interrupted(_: Request) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, "check_command", interrupted)
    assert run(["check"]) == 130
    monkeypatch.setattr(arguments, "check_arguments", lambda _: None)
    assert end_of(lambda: run(["check"])) == 130
    assert capsys.readouterr() == ("", "")


def end_of(function: Callable[[], int]) -> object:
    """The exit code, by whichever way it leaves."""
    try:
        return function()
    except SystemExit as end:
        return end.code


def row(parameter: typer.models.OptionInfo, kind: type = str) -> Any:
    """The generated row of an option like this."""
    small = typer.Typer()

    def check(x: Any = parameter) -> None:
        """Do nothing."""

    check.__annotations__["x"] = kind
    small.command()(check)
    return generate_arguments._row(typer.main.get_command(small).params[0])


def test_options_of_another_make_are_left_to_typer() -> None:
    """Ranges, choices of files, flags with two spellings, counts and variables of the environment have no kind."""
    assert row(typer.Option("a", "--x"))[0] == "text"
    assert row(typer.Option(1, "--x"), int) == ("number", False, 1, ("--x",))
    for parameter, kind in (
        (typer.Option(1, "--x", min=0), int),
        (typer.Option(1, "--x", "-x", count=True), int),
        (typer.Option(None, "--x", exists=True), Path),
        (typer.Option(False, "--x/--no-x"), bool),
        (typer.Option("", "--x", envvar="X"), str),
        (typer.Option("", "--x", is_eager=True), str),
        (typer.Option("", "--x", callback=lambda value: value), str),
        (typer.Option("", "--x", parser=lambda value: value), str),
    ):
        assert row(parameter, kind)[0] == "", parameter
    with pytest.raises(SystemExit, match="required"):
        row(typer.Option(..., "--x"))
