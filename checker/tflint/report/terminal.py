"""The terminal that text for people is laid out for."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from typing import TextIO

WIDTH = 120  # where there is no terminal


def console(file: TextIO, *, color: bool, width: int = WIDTH) -> Console:
    """A console that takes text as it is: no markup, no highlighting, and escapes only where colour is wanted."""
    return Console(
        file=file,
        force_terminal=color,
        color_system="standard" if color else None,  # whatever TERM says; None writes no escape at all
        no_color=False,  # decided before
        legacy_windows=False,
        highlight=False,
        markup=False,
        emoji=False,
        width=None if sys.stdout.isatty() else width,
    )
