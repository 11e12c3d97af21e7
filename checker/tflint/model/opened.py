"""The bytes of an artifact: a mapped file, a slice of a mapped archive, or what a member inflates to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.artifacts.artifact import DEFLATED, GZIP, STORED, is_url
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode, mapped
from tflint.model.sniff import foreign

if TYPE_CHECKING:
    from tflint.artifacts.artifact import Artifact, Part
    from tflint.model.ranged import Ranged
    from tflint.model.view import Model

MAX_INFLATED = 1 << 29  # bytes of a member that is inflated into memory
_CHUNK = 1 << 20


def read_artifact(artifact: Artifact, *, weights: bool = False) -> Model:
    """Open and decode it; with its `weights`, where they have to be fetched.

    Raises MalformedModelError for what is not a model, and OSError for what cannot be read.
    """
    return decode(opened(artifact, weights=weights))


def opened(artifact: Artifact, *, weights: bool = False) -> Any:
    """Its bytes, with the buffer protocol: all, or of a URL those that a check reads. Raises as `read_artifact`."""
    if artifact.problem:
        raise MalformedModelError(artifact.problem)
    data = container(artifact.where)
    for part in artifact.parts:
        data = inside(data, part)
    if hasattr(data, "gather"):
        _fetch(data, weights=weights)
    return data


def container(where: str) -> Any:
    """The bytes of a file or of a URL, with the buffer protocol. Raises MalformedModelError and OSError."""
    if not is_url(where):
        return mapped(Path(where))
    from tflint.artifacts.remote import opened_url  # noqa: PLC0415 - for URLs

    return opened_url(where)


def _fetch(data: Ranged, *, weights: bool) -> None:
    """Fetch what the reader will look at."""
    from tflint.model.ranged import FIRST, gather_structure  # noqa: PLC0415 - for URLs

    if weights:
        data.gather_all()
        return
    data.gather([(0, min(FIRST, len(data)))])
    if not foreign(data):
        gather_structure(data)


def size_of(artifact: Artifact, *, ask: bool = False) -> int:
    """Bytes, as far as known without reading: an archive tells those of its members, a server if we `ask`, or 0."""
    if artifact.parts:
        return artifact.parts[-1].size
    if artifact.is_url:
        return len(container(artifact.where)) if ask and not artifact.problem else 0
    return os.stat(artifact.where).st_size  # noqa: PTH116 - no Path


def inside(data: Any, part: Part) -> Any:
    """A member of an archive: a slice of it, copied only where it is packed. Raises MalformedModelError."""
    if part.packing != GZIP and part.start + part.packed > len(data):
        raise MalformedModelError("the archive is cut off: the member lies outside of it")
    if part.packing == STORED:
        if hasattr(data, "part") and part.packed:
            return data.part(part.start, part.start + part.packed)
        return memoryview(data)[part.start : part.start + part.packed]
    if part.size > MAX_INFLATED:
        raise MalformedModelError(f"packed, and {part.size:,} bytes when inflated: unpack it first")
    if part.packing == DEFLATED:
        return _inflated(data, part)
    from tflint.model.tarred import inflated  # noqa: PLC0415 - few archives are tar.gz

    return inflated(data, part)


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
