"""The members of a zip archive, wherever its bytes are.

The standard library reads the directory; where a member lies is worked out here, so that one that is stored is a slice
of the archive and not a copy. A name is a word to show, never a path: nothing is extracted.
"""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NamedTuple

from tflint.artifacts.artifact import DEFLATED, STORED, Part, is_archive
from tflint.model.flatbuf import MalformedModelError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAGIC = b"PK\x03\x04"
MAX_MEMBERS = 100_000  # of an archive; an .apk has some thousands
MAX_DIRECTORY = 1 << 24  # bytes that are read in one go: of the directory
MODELS = ("", ".tflite", ".lite", ".bin", ".model", ".tfl")  # what members of remote archives are looked at
LEAST = 64  # bytes of such a one
HEADER = 512  # bytes that hold a local header and the first bytes of what is behind it
MOST = 1032  # bytes that one byte of deflate can hold (zlib's technical notes): who declares more is lying

_LOCAL = struct.Struct("<4s22xHH")  # signature; lengths of name and extra field (APPNOTE.TXT 4.3.7)
_ENCRYPTED = 1
_PACKINGS = {zipfile.ZIP_STORED: STORED, zipfile.ZIP_DEFLATED: DEFLATED}


class Member(NamedTuple):
    """A file of an archive: where it lies, or why it cannot be read."""

    name: str
    part: Part | None
    problem: str = ""


def members(data: Any) -> Iterator[Member]:
    """The files of an archive, in the order of its directory. Raises MalformedModelError where it has none."""
    try:
        with zipfile.ZipFile(Window(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OverflowError, EOFError) as problem:
        raise MalformedModelError(f"no zip archive that can be read: {problem}") from None
    if len(entries) > MAX_MEMBERS:
        raise MalformedModelError(f"a zip archive of {len(entries):,} members: more than {MAX_MEMBERS:,}")
    if sum(entry.compress_size for entry in entries) > len(data):
        raise MalformedModelError("a zip archive whose members overlap")
    entries = [entry for entry in entries if not entry.filename.endswith("/")]  # `is_dir` wants a name
    if hasattr(data, "gather"):
        entries = [entry for entry in entries if _likely(entry)]
        data.gather((at, at + HEADER) for entry in entries if 0 <= (at := entry.header_offset) <= len(data) - HEADER)
    for entry in entries:
        yield _member(data, entry)


def _likely(entry: zipfile.ZipInfo) -> bool:
    """Whether a member of a remote archive may be a model, by its name and size: to look at it takes a request."""
    suffix = PurePosixPath(entry.orig_filename).suffix.lower()
    return entry.file_size >= LEAST and (suffix in MODELS or is_archive(entry.orig_filename))


def _member(data: Any, entry: zipfile.ZipInfo) -> Member:
    name = entry.orig_filename
    if entry.flag_bits & _ENCRYPTED:
        return Member(name, None, "encrypted: unpack it first")
    if entry.compress_type not in _PACKINGS:
        return Member(name, None, f"packed by method {entry.compress_type}: unpack it first")
    packing, packed, size = _PACKINGS[entry.compress_type], entry.compress_size, entry.file_size
    header = bytes(data[entry.header_offset : entry.header_offset + _LOCAL.size]) if entry.header_offset >= 0 else b""
    if len(header) < _LOCAL.size or not header.startswith(MAGIC):
        return Member(name, None, "the archive is damaged: the member has no header where the directory says")
    if (packed != size) if packing == STORED else (size > packed * MOST):
        return Member(name, None, f"the archive declares {size:,} bytes for it, which {packed:,} packed cannot hold")
    _, named, extra = _LOCAL.unpack(header)
    start = entry.header_offset + _LOCAL.size + named + extra
    if start + packed > len(data):
        return Member(name, None, "the archive is cut off: the member lies outside of it")
    return Member(name, Part(start, packed, size, packing))


class Window(io.RawIOBase):
    """Bytes as a file for the standard library, which is not let to read more than a directory at once."""

    def __init__(self, data: Any) -> None:
        self.data, self.at = data, 0

    def seekable(self) -> bool:
        """It can be sought."""
        return True

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go there. Raises UnsupportedOperation, an OSError and a ValueError, for a place before the start."""
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: len(self.data)}[whence]
        if self.at < 0:
            raise io.UnsupportedOperation("an offset before its start")  # of a file, what zipfile is ready for
        return self.at

    def tell(self) -> int:
        """Where it is."""
        return self.at

    def read(self, size: int = -1) -> bytes:
        """Bytes from there. Raises ValueError for more than MAX_DIRECTORY of them."""
        stop = len(self.data) if size < 0 else min(self.at + size, len(self.data))
        if stop - self.at > MAX_DIRECTORY:
            raise ValueError(f"its directory has {stop - self.at:,} bytes")
        data = bytes(self.data[self.at : stop])
        self.at += len(data)
        return data
