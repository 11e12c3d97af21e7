"""Reports of files to go through more than once: as they come, then from memory, or from disk where they are many."""

from __future__ import annotations

import pickle
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tflint.findings import FileReport

KEPT = 500  # reports in memory


class Spool:
    """A stream that keeps what has come of it; whoever goes through it first takes it from its source."""

    def __init__(self, source: Generator[FileReport, None, None]) -> None:
        self._source = source
        self._kept: list[FileReport] = []
        self._file: IO[bytes] | None = None
        self._filed = 0  # how many are in the file

    def __iter__(self) -> Iterator[FileReport]:
        if self._file is not None:
            self._file.seek(0)
            for _ in range(self._filed):
                yield pickle.load(self._file)  # noqa: S301 - our own, in a file without a name
        yield from self._kept
        for report in self._source:
            self._keep(report)
            yield report

    def close(self) -> None:
        """Close the stream, and leave nothing on disk."""
        self._source.close()
        if self._file is not None:
            self._file.close()

    def _keep(self, report: FileReport) -> None:
        self._kept.append(report)
        if len(self._kept) < KEPT:
            return
        if self._file is None:
            import tempfile  # noqa: PLC0415 - 4 ms, for who has many files

            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it goes with us
        self._file.seek(0, 2)
        for each in self._kept:
            pickle.dump(each, self._file, pickle.HIGHEST_PROTOCOL)
        self._filed += len(self._kept)
        self._kept.clear()
