"""Errors that are the user's to mend: one sentence and an exit code, never a traceback."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

USAGE = 2
"""Exit code for usage, configuration, a missing path or extra (0 is clean, 1 is findings)."""
EMPTY_PATH = "an empty path: a variable that is not set?"


class TflintError(Exception):
    """A sentence for the user and the exit code that goes with it."""

    def __init__(self, message: str, exit_code: int = USAGE) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


def say(message: str) -> None:
    """Say on stderr what is no part of the report."""
    from tflint.report.escape import plain  # noqa: PLC0415 - rare

    sys.stderr.write(f"tflint: {plain(message)}\n")


def tell(message: str) -> None:
    """Say how far the work is, where somebody looks on."""
    if sys.stderr.isatty():
        say(message)


def warn(message: str) -> None:
    """Say on stderr what the user should know and what does not end the run."""
    say(f"warning: {message}")


def nearest(word: str, options: Iterable[str]) -> str:
    """Give `` (did you mean 'x'?)`` for the option closest to `word`, or nothing when none is close."""
    import difflib  # noqa: PLC0415 - only a message needs it

    by_folded = {option.casefold(): option for option in options}
    close = difflib.get_close_matches(word.casefold(), by_folded, n=1)
    return f" (did you mean {by_folded[close[0]]!r}?)" if close else ""


def known(word: str, options: Iterable[str]) -> str:
    """What `nearest` gives, or where nothing is close the options, eight at most."""
    options = list(dict.fromkeys(options))
    more = ", ..." if len(options) > 8 else ""
    return nearest(word, options) or (f"; it has {', '.join(options[:8])}{more}" if options else "")


def one_of(word: str, where: str, options: Iterable[str]) -> str:
    """The word. Raises TflintError when it is none of the options."""
    options = tuple(options)
    if word not in options:
        raise TflintError(f"{where} is one of {', '.join(options)}, not {word!r}{nearest(word, options)}")
    return word
