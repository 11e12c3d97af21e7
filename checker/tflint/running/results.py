"""A file of results to go on from: the lines of `json-lines`, of as many models as were done.

What is in it of a model that is as it was, and would be checked in the same way, is reported as it was written. What
is done is added, a whole line at a time, so that a run that is killed loses no more than what it was at.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from array import array
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError
from tflint.plain import plain_value
from tflint.report.json import OPENING, dumped
from tflint.report.json_lines import line_object
from tflint.running.resume import finished, restored, state_of

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping
    from pathlib import Path

    from tflint.findings import FileReport
    from tflint.registry import Entry
    from tflint.running.job import Job, State

NONE = -1
LONGEST = 1 << 20  # bytes of a first line


class Results:
    """A file of results, and which of a run's models are in it."""

    def __init__(self, path: Path, head: Mapping[str, Any]) -> None:
        """Open it, or make it, with that first line.

        Raises TflintError where that cannot be, and for a file that is something else, which stays as it is.
        """
        self.path = path
        self.done = 0
        self._offsets = array("q")  # of lines, by the number of the model; NONE: it is to be checked
        with self._problems():
            if path.exists() and not stat.S_ISREG(path.stat().st_mode):
                raise TflintError(f"--resume {path}: not a file")
            path.parent.mkdir(parents=True, exist_ok=True)
            self._out = path.open("ab", buffering=0)
            self._in = path.open("rb")
            self._check(dumped(head, indent=None).encode())
            if not os.fstat(self._out.fileno()).st_size:
                self._write(head)

    def close(self) -> None:
        """Close it."""
        self._out.close()
        self._in.close()

    def match(self, jobs: Iterable[Job]) -> int:
        """Find out which jobs of a run are done; say how many."""
        numbers: dict[State, int] = {}
        self._offsets = array("q")
        for number, job in enumerate(jobs):
            self._offsets.append(NONE)
            name = job.artifact.name
            if job.state and plain_value(name) == name:
                numbers[job.state] = number
        with self._problems():
            for offset, state in self._states():
                if state in numbers:
                    self._offsets[numbers[state]] = offset
        self.done = sum(offset != NONE for offset in self._offsets)
        return self.done

    def left(self, jobs: Iterable[Job]) -> Iterator[Job]:
        """Those of all jobs that are not done."""
        return (job for job, offset in zip(jobs, self._offsets, strict=True) if offset == NONE)

    def finished(self, job: Job, report: FileReport) -> FileReport:
        """Write what is done; it is out of our hands when this returns."""
        report = finished(job, report)
        self._write(line_object(report))
        return report

    def joined(
        self, jobs: Iterable[Job], checked: Generator[tuple[Job, FileReport], None, None], rules: Mapping[str, Entry]
    ) -> Generator[tuple[Job, FileReport], None, None]:
        """All jobs with their reports, in order: those that are done from the file, the others as they come."""
        coming: tuple[Job, FileReport] | None = None
        with closing(checked), closing(self):
            for job, offset in zip(jobs, self._offsets, strict=True):
                if offset != NONE:
                    yield job, self._read(offset, job, rules)
                    continue
                coming = coming or next(checked, None)
                if coming and coming[0].artifact == job.artifact:  # else the run was ended before it
                    yield coming
                    coming = None

    def _read(self, offset: int, job: Job, rules: Mapping[str, Entry]) -> FileReport:
        try:
            with self._problems():
                self._in.seek(offset)
                return restored(json.loads(self._in.readline()), job, rules)
        except (LookupError, TypeError, ValueError, AttributeError):
            raise TflintError(f"--resume {self.path}: what it has of {job.artifact.name} cannot be read") from None

    def _write(self, row: Mapping[str, Any]) -> None:
        line = dumped(row, indent=None).encode()
        with self._problems():
            while line:
                line = line[self._out.write(line) :]

    def _check(self, head: bytes) -> None:
        with suppress(OSError, ValueError, AttributeError):  # there may be no stdout
            if os.path.samestat(os.fstat(sys.stdout.fileno()), os.fstat(self._out.fileno())):
                raise TflintError(f"--resume {self.path}: the report goes there; -o {self.path} writes it in the end")
        first = self._in.readline(LONGEST)
        if _is_head(first, head):
            return
        if not head.startswith(first):
            raise TflintError(f"--resume {self.path}: not a file of results: it does not begin as `json-lines` does")
        self._out.truncate(0)

    def _states(self) -> Iterator[tuple[int, State]]:
        """What models were known by, with the offsets of their lines. A torn last one is cut off."""
        self._in.seek(0)
        offset = len(self._in.readline())
        for line in self._in:
            if not line.endswith(b"\n"):
                self._out.truncate(offset)
                return
            with suppress(ValueError, RecursionError):
                if state := state_of(json.loads(line)):
                    yield offset, state
            offset += len(line)

    @contextmanager
    def _problems(self) -> Iterator[None]:
        try:
            yield
        except OSError as problem:
            raise TflintError(f"--resume {self.path}: {problem.strerror or problem}") from None


def _is_head(line: bytes, head: bytes) -> bool:
    """Whether it is the whole first line of some run; that of a whole report on one line says more."""
    try:
        return line.endswith(b"\n") and line.startswith(OPENING) and json.loads(line).keys() == json.loads(head).keys()
    except (ValueError, RecursionError):
        return False
