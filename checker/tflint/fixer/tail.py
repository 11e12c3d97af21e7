"""What stands behind a model: the zip archive of TFLite Metadata, whose entries know their place in the whole file.

Source: the .ZIP file format specification (APPNOTE 6.3.10), sections 4.3.12 and 4.3.16.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Mapping

END = b"PK\x05\x06"
END_SIZE = 22
LONGEST_COMMENT = 0xFFFF
ENTRY = b"PK\x01\x02"
ENTRY_SIZE = 46
ZIP64 = 0xFFFFFFFF


def moved(tail: Any, by: int) -> bytes:
    """The tail of a file, `by` bytes further on: offsets from the start of the file are corrected, the rest is kept.

    Raises TflintError for an archive that is damaged or of the 64-bit form.
    """
    data = bytearray(tail)
    end = data.rfind(END, max(0, len(data) - END_SIZE - LONGEST_COMMENT))
    if by == 0 or end < 0 or end + END_SIZE > len(data):
        return bytes(data)
    count, size, offset = struct.unpack_from("<HII", data, end + 10)
    directory = end - size
    if ZIP64 in (size, offset) or directory < 0:
        raise TflintError("the archive behind the model is damaged or of the 64-bit form: it cannot be moved")
    return bytes(_corrected(data, directory, end, count, offset, by))


def _corrected(data: bytearray, directory: int, end: int, count: int, offset: int, by: int) -> bytearray:
    at = directory
    entries = []
    for _ in range(count):
        if data[at : at + 4] != ENTRY or at + ENTRY_SIZE > end:
            raise TflintError("the archive behind the model is damaged: it cannot be moved")
        entries.append(at)
        at += ENTRY_SIZE + sum(struct.unpack_from("<HHH", data, at + 28))
    if not 0 <= offset + by < ZIP64:
        raise TflintError("the archive behind the model would lie beyond 4 GB: it cannot be moved")
    struct.pack_into("<I", data, end + 16, offset + by)
    for entry in entries:
        local = struct.unpack_from("<I", data, entry + 42)[0]
        struct.pack_into("<I", data, entry + 42, local + by)
    return data


def with_files(tail: bytes, files: Mapping[str, bytes], start: int) -> bytes | None:
    """An archive that counts from its own start, with these files stored in it; None: it has them as they are.

    `start`: the byte of the file that the archive begins at.

    Members are stored, for MediaPipe reads no others, and bear the oldest date of the format, so that the same files
    give the same bytes. Raises TflintError for an archive that is damaged.
    """
    import io  # noqa: PLC0415 - for who adds files
    import zipfile  # noqa: PLC0415 - same

    old: dict[str, bytes] = {}
    if tail:
        try:
            with zipfile.ZipFile(io.BytesIO(_from_zero(tail, start))) as archive:
                old = {info.filename: archive.read(info) for info in archive.infolist()}
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as problem:
            raise TflintError(f"the archive behind the model cannot be added to: {problem}", 1) from None
    if all(old.get(name) == data for name, data in files.items()):
        return None
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_STORED) as archive:
        for name, data in {**old, **files}.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return made.getvalue()


def _from_zero(tail: bytes, start: int) -> bytes:
    """The archive counted from its own start, as some writers do anyway."""
    try:
        return moved(tail, -start)
    except TflintError:
        return tail
