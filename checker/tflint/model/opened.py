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
    from tflint.model.tarred import Stream
    from tflint.model.view import Model

MAX_INFLATED = 1 << 29  # bytes of a member that is inflated into memory
_CHUNK = 1 << 20


class Kept:
    """What was inflated on the way to one member of an archive, for the next: a run takes them in their order.

    Never more than one way is held: what does not lead to the next member goes before anything else is inflated.
    """

    def __init__(self) -> None:
        self._where = ""
        self._inflated: dict[tuple[Part, ...], Any] = {}  # archives in the archive, each by the way to it
        self._stream: Stream | None = None  # of a .tar.gz archive

    def of(self, artifact: Artifact) -> Any:
        """The bytes of an artifact. Raises MalformedModelError and OSError."""
        way = artifact.parts
        same = artifact.where == self._where
        self._stream = self._stream if same else None
        self._inflated = {
            to: data for to, data in self._inflated.items() if same and len(to) < len(way) and way[: len(to)] == to
        }
        self._where = artifact.where
        known = max(self._inflated, key=len, default=())
        data = self._inflated[known] if known else self._whole(way)
        for depth, part in enumerate(way[len(known) :], len(known) + 1):
            data = inside(data, part)
            if part.packing != STORED and depth < len(way):
                self._inflated[way[:depth]] = data
        return data

    def _whole(self, way: tuple[Part, ...]) -> Any:
        if not way or way[0].packing != GZIP:
            return container(self._where)
        if self._stream is None:
            from tflint.model.tarred import Stream  # noqa: PLC0415 - few archives are tar.gz

            self._stream = Stream(container(self._where))
        return self._stream


def read_artifact(artifact: Artifact, *, weights: bool = False, kept: Kept | None = None) -> Model:
    """Open and decode it; with its `weights`, where they have to be fetched. `kept`: for several, one after the other.

    Raises MalformedModelError for what is not a model, and OSError for what cannot be read.
    """
    return decode(opened(artifact, weights=weights, kept=kept))


def opened(artifact: Artifact, *, weights: bool = False, kept: Kept | None = None) -> Any:
    """Its bytes, with the buffer protocol: all, or of a URL those that a check reads. Raises as `read_artifact`."""
    if artifact.problem:
        raise MalformedModelError(artifact.problem)
    data = (kept or Kept()).of(artifact)
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
    """A member of an archive: a slice of it, copied only where it is packed. Raises MalformedModelError.

    `data`: bytes of the archive, or the Stream of a .tar.gz archive.
    """
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
    return data.member(part)


def _inflated(data: Any, part: Part) -> memoryview:
    """What a deflated member holds, never a byte more than it declares."""
    import zlib  # noqa: PLC0415 - few members are packed

    held = memoryview(bytearray(part.size))  # in its place at once: pieces that are joined are there twice
    inflater, left, feed = zlib.decompressobj(-zlib.MAX_WBITS), part.size, b""
    at, stop = part.start, part.start + part.packed
    try:
        while not inflater.eof:
            if not feed:
                feed = data[at : min(at + _CHUNK, stop)]
                at += len(feed)
            fed, piece = len(feed), inflater.decompress(feed, min(left + 1, _CHUNK))
            feed = inflater.unconsumed_tail
            if len(piece) > left:
                left = -1
            if left < 0 or not (fed or piece):
                break
            held[part.size - left : part.size - left + len(piece)] = piece
            left -= len(piece)
    except zlib.error as problem:
        raise MalformedModelError(f"the archive is damaged: {problem}") from None
    if left:
        there = "more" if left < 0 else f"{part.size - left:,}"
        raise MalformedModelError(f"the archive declares {part.size:,} bytes for it, and holds {there}")
    return held.toreadonly()
