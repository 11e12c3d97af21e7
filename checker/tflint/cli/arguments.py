"""Arguments of `tflint check` taken apart without typer, which takes longer to import than a model takes to check.

typer stays the definition: the parameters are generated from it, and it is given all that is not plainly understood
here, such as an unknown option, a missing value, `--help` or a request for completion.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.cli.arguments_index import CHECK

if TYPE_CHECKING:
    from collections.abc import Sequence

OPTIONS = {spelling: name for name, (*_, spellings) in CHECK.items() for spelling in spellings}


def check_arguments(arguments: Sequence[str]) -> dict[str, Any] | None:
    """The parameters of `check` by name, as typer makes them of the arguments; None where typer is to read them."""
    if arguments[:1] != ["check"] or any(name[:1] == "_" and name.endswith("_COMPLETE") for name in os.environ):
        return None
    given: dict[str, Any] = {name: [] if several else default for name, (_, several, default, _) in CHECK.items()}
    try:
        for name, text in _parts([*reversed(arguments[1:])]):
            kind, several, *_ = CHECK[name]
            value = KINDS[kind](text)
            if several:
                given[name].append(value)
            else:
                given[name] = value
    except (LookupError, ValueError):  # an option or a kind that is not known here, a value that is missing or bad
        return None
    return given


def _parts(rest: list[str]) -> list[tuple[str, str | None]]:
    """Name and text of each, `rest` backwards; a flag has no text. Raises LookupError for what is not known."""
    found: list[tuple[str, str | None]] = []
    while rest:
        argument = rest.pop()
        if argument == "--":
            return found + [("paths", each) for each in reversed(rest)]
        if argument[:1] != "-" or argument == "-":
            found.append(("paths", argument))
        elif argument[1] == "-":
            spelling, equals, text = argument.partition("=")
            name = OPTIONS[spelling]
            if equals and CHECK[name][0] == "flag":
                raise LookupError(argument)
            found.append((name, text if equals else _text(name, rest)))
        else:
            letters = argument[1:]
            while letters:  # flags, and an option that has the rest as its text
                name, letters = OPTIONS[f"-{letters[0]}"], letters[1:]
                if letters and CHECK[name][0] != "flag":
                    rest.append(letters)
                    letters = ""
                found.append((name, _text(name, rest)))
    return found


def _text(name: str, rest: list[str]) -> str | None:
    return None if CHECK[name][0] == "flag" else rest.pop()


def _path(text: str) -> Path:
    if os.path.exists(text) and not os.access(text, os.R_OK):  # noqa: PTH110 - pathlib's raises in a closed folder
        raise ValueError(text)
    return Path(text)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return int(text)


KINDS: dict[str, Any] = {"flag": lambda _: True, "text": str, "path": _path, "number": _number}
