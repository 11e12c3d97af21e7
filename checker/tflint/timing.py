"""How long what takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.findings import FileReport

Begin = Callable[[str], None]
"""Is told what is begun; "" is nothing."""


def untold(_: str) -> None:
    """Tell nobody what is begun."""


class Stopwatch:
    """Seconds by activity; each lasts until the next is begun."""

    def __init__(self, tell: Begin = untold) -> None:
        self.seconds: dict[str, float] = {}
        self._tell = tell
        self._at, self._since = "", time.perf_counter()

    def begin(self, what: str) -> None:
        """End one activity and begin another; "" is none."""
        now = time.perf_counter()
        if self._at:
            self.seconds[self._at] = self.seconds.get(self._at, 0.0) + now - self._since
        self._at, self._since = what, now
        self._tell(what)


class Times:
    """What files took, file after file."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def add(self, file: FileReport) -> None:
        """Count a file more."""
        for what, seconds in file.seconds.items():
            self.seconds[what] = self.seconds.get(what, 0.0) + seconds


def table(run: Mapping[str, float], files: Times) -> str:
    """What the run took by the clock, stage by stage, and all files together, summed over processes."""
    lines = [*_rows("the run, by the clock", run), *_rows("all files, over all processes", files.seconds)]
    return "".join(f"{line}\n" for line in lines)


def _rows(title: str, seconds: Mapping[str, float]) -> list[str]:
    whole = sum(seconds.values())
    rows = sorted(seconds.items(), key=lambda row: -row[1])
    return [
        f"{whole:9.3f} s  {title}",
        *(f"{taken:9.3f} s  {taken / whole:4.0%}  {what}" for what, taken in rows),
    ]
