"""The members of a .tar.gz archive, read as a stream: where one lies is known only by inflating what is before it."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tflint.artifacts.artifact import GZIP, Part
from tflint.model.flatbuf import MalformedModelError
from tflint.model.zipped import MAX_MEMBERS, Member, Window

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_STREAM = 1 << 32  # bytes that an archive may inflate to
MAX_READ = 1 << 20  # bytes in one go: of a header
TOO_LONG = f"it inflates to more than {MAX_STREAM:,} bytes"


class Stream:
    """An archive whose members are known by the offset in what it inflates to.

    It is inflated once for all that are taken in their order, and from its start for one that is before the last.
    """

    def __init__(self, data: Any) -> None:
        """`data`: bytes, all of which are fetched where they are remote. Raises MalformedModelError and OSError."""
        if hasattr(data, "gather_all"):
            data.gather_all()
        self._data = data
        self._left: gzip.GzipFile | None = None  # where the last member ends

    def members(self, head: int) -> Iterator[tuple[Member, bytes]]:
        """The regular files and the first `head` bytes of each; links and devices are none.

        Raises MalformedModelError.
        """
        with _told(), self._opened() as file, tarfile.open(fileobj=_Headers(file), mode="r:") as tar:
            for count, entry in enumerate(tar):
                if count >= MAX_MEMBERS:
                    raise MalformedModelError(f"a tar archive of more than {MAX_MEMBERS:,} members")
                if entry.isreg() and not entry.issparse():
                    part = Part(entry.offset_data, entry.size, entry.size, GZIP)
                    file.seek(entry.offset_data)
                    yield Member(entry.name.removeprefix("./"), part), file.read(min(head, entry.size))
            while file.read(MAX_READ):  # what comes after the last member, for the checksum is at the very end
                if file.tell() > MAX_STREAM:
                    raise MalformedModelError(TOO_LONG)

    def member(self, part: Part) -> bytes:
        """What a member holds. Raises MalformedModelError."""
        file, self._left = self._left or self._opened(), None  # one that is interrupted may be anywhere
        with _told():
            file.seek(part.start)
            found = file.read(part.size)
        if len(found) != part.size:
            raise MalformedModelError("the archive is cut off: the member lies outside of it")
        self._left = file
        return found

    def _opened(self) -> gzip.GzipFile:
        return gzip.GzipFile(fileobj=Window(self._data))


class _Headers(io.RawIOBase):
    """What inflates, as a file that gives a header in one go and no more, and comes to an end."""

    def __init__(self, stream: gzip.GzipFile) -> None:
        self.stream = stream

    def tell(self) -> int:
        return self.stream.tell()

    def seek(self, offset: int, _whence: int = io.SEEK_SET) -> int:
        if offset > MAX_STREAM:
            raise tarfile.ReadError(TOO_LONG)
        return self.stream.seek(offset)

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= MAX_READ:
            raise tarfile.ReadError(f"a header of {size:,} bytes")
        return self.stream.read(size)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, ValueError, OverflowError) as problem:
        raise MalformedModelError(f"no tar.gz archive that can be read: {problem}") from None
