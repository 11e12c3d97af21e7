"""The bytes of an artifact: a mapped file, a slice of a mapped archive, or what a member inflates to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.artifact import DEFLATED, STORED
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode, mapped

if TYPE_CHECKING:
    from tflint.artifact import Artifact, Part
    from tflint.model.view import Model

MAX_INFLATED = 1 << 29  # bytes of a member that is inflated into memory
_CHUNK = 1 << 20


def read_artifact(artifact: Artifact) -> Model:
    """Open and decode it. Raises MalformedModelError for what is not a model, and OSError for what cannot be read."""
    return decode(opened(artifact))


def opened(artifact: Artifact) -> Any:
    """Its bytes, as something with the buffer protocol. Raises MalformedModelError and OSError."""
    if artifact.problem:
        raise MalformedModelError(artifact.problem)
    data: Any = mapped(Path(artifact.where))
    for part in artifact.parts:
        data = inside(data, part)
    return data


def size_of(artifact: Artifact) -> int:
    """Bytes, as far as known without reading: an archive tells those of its members."""
    return artifact.parts[-1].size if artifact.parts else os.stat(artifact.where).st_size  # noqa: PTH116 - no Path


def inside(data: Any, part: Part) -> Any:
    """A member of an archive: a slice of it, copied only where it is packed. Raises MalformedModelError."""
    if part.start + part.packed > len(data):
        raise MalformedModelError("the archive is cut off: the member lies outside of it")
    if part.packing == STORED:
        return memoryview(data)[part.start : part.start + part.packed]
    if part.size > MAX_INFLATED:
        raise MalformedModelError(f"packed, and {part.size:,} bytes when inflated: unpack it first")
    if part.packing == DEFLATED:
        return _inflated(data, part)
    raise MalformedModelError(f"packed with {part.packing}: unpack it first")


def _inflated(data: Any, part: Part) -> bytes:
    """What a deflated member holds, never a byte more than it declares."""
    import zlib  # noqa: PLC0415 - few members are packed

    inflater, pieces, left = zlib.decompressobj(-zlib.MAX_WBITS), [], part.size
    try:
        for at in range(part.start, part.start + part.packed, _CHUNK):
            piece = inflater.decompress(data[at : min(at + _CHUNK, part.start + part.packed)], left + 1)
            pieces.append(piece)
            left -= len(piece)
            if left < 0 or inflater.eof:
                break
    except zlib.error as problem:
        raise MalformedModelError(f"the archive is damaged: {problem}") from None
    if left:
        held = "more" if left < 0 else f"{part.size - left:,}"
        raise MalformedModelError(f"the archive declares {part.size:,} bytes for it, and holds {held}")
    return b"".join(pieces)
