"""A bar on the terminal for a run that takes a while."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import Progress

AFTER = 1.0  # seconds: who is done before then needs no bar
EVERY = 0.1  # seconds between two pictures of it


class Bar:
    """How many files are done; drawn on stderr where that is a terminal, once the run has lasted a while."""

    def __init__(self, files: int, *, drawn: bool = True) -> None:
        self.files, self.done = files, 0
        self._next = time.monotonic() + AFTER if drawn and sys.stderr.isatty() else float("inf")
        self._drawn: Progress | None = None

    def advance(self) -> None:
        """One file more is done."""
        self.done += 1
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + EVERY
        if self._drawn is None:
            self._drawn = _progress(self.files)
            self._drawn.start()
        self._drawn.update(self._drawn.task_ids[0], completed=self.done, refresh=True)

    def close(self) -> None:
        """Take it away."""
        if self._drawn is not None:
            self._drawn.stop()


def _progress(files: int) -> Progress:
    from rich.console import Console  # noqa: PLC0415 - for who waits at a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn  # noqa: PLC0415 - same

    columns = (TextColumn("checking"), BarColumn(), MofNCompleteColumn(), TextColumn("models"), TimeRemainingColumn())
    # without a thread of its own: processes are started while it stands
    progress = Progress(
        *columns,
        console=Console(stderr=True),
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,  # the report is written while it stands, and goes nowhere else
    )
    progress.add_task("", total=files)
    return progress
