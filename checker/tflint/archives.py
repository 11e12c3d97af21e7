"""Which models an archive holds, and those of an archive in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.artifact import ARCHIVES, INSIDE, STORED, SUFFIX, Artifact, Part
from tflint.model.flatbuf import MalformedModelError
from tflint.model.opened import inside
from tflint.model.read import mapped
from tflint.model.sniff import IDENTIFIER, LFS
from tflint.model.zipped import MAGIC as ZIP
from tflint.model.zipped import MAX_MEMBERS, members

if TYPE_CHECKING:
    from collections.abc import Iterator


BUNDLES = (".task", ".litertlm")  # of models and nothing else
MAX_DEPTH = 3  # archives in one another: .zip, .apk, .task
MAX_TOTAL = 1 << 32  # bytes that all models of an archive may inflate to
TOO_MUCH = f"what is packed in the archive inflates to over {MAX_TOTAL:,} bytes: unpack it first"
HEAD = 64  # bytes that say what something is


def models_in(path: str, *, named: bool = True) -> list[Artifact]:
    """The models of an archive. Where there is none: that problem if the archive was `named`, and nothing otherwise.

    What is no archive in spite of its name is itself. Raises OSError.
    """
    whole = Artifact(path)
    try:
        data = mapped(Path(path))
    except MalformedModelError:  # an empty file
        return [whole] if named else []
    head = bytes(data[:HEAD])
    if not head.startswith(ZIP):
        wanted = named or head[4:8] == IDENTIFIER or (head.startswith(LFS) and path.lower().endswith(BUNDLES))
        return [whole] if wanted else []
    try:
        found = list(_Looked(whole).into(data, ()))
    except MalformedModelError as problem:
        return [whole._replace(problem=problem.reason)]
    if not found and named:
        return [whole._replace(problem="an archive without a TFLite model")]
    return found


class _Looked:
    """One look into an archive, with what it has cost."""

    def __init__(self, whole: Artifact) -> None:
        self.whole, self.members, self.inflated = whole, 0, 0

    def into(self, data: Any, way: tuple[tuple[str, Part], ...]) -> Iterator[Artifact]:
        """The models of an archive that `way` leads to. Raises MalformedModelError."""
        if self.members > MAX_MEMBERS:
            raise MalformedModelError(f"not looked into: the archives in one another have over {MAX_MEMBERS:,} members")
        for member in members(data):
            self.members += 1
            if member.part is None:
                if member.name.lower().endswith(SUFFIX):
                    yield self._problem(way, member.name, member.problem)
                continue
            yield from self._member(data, (*way, (member.name, member.part)))

    def _member(self, data: Any, way: tuple[tuple[str, Part], ...]) -> Iterator[Artifact]:
        name, part = way[-1]
        head = self._head(data, part)
        if head[4:8] == IDENTIFIER or name.lower().endswith(SUFFIX):
            if self._exceeds(part):
                yield self._problem(way[:-1], name, TOO_MUCH)
                return
            yield self.whole._replace(member=INSIDE.join(n for n, _ in way), parts=tuple(p for _, p in way))
        elif name.lower().endswith(ARCHIVES) and head.startswith(ZIP):
            if len(way) >= MAX_DEPTH or self._exceeds(part):
                problem = f"more than {MAX_DEPTH} archives in one another" if len(way) >= MAX_DEPTH else TOO_MUCH
                yield self._problem(way[:-1], name, f"not looked into: {problem}")
                return
            try:
                yield from self.into(inside(data, part), way)
            except MalformedModelError as problem:
                yield self._problem(way[:-1], name, problem.reason)

    def _exceeds(self, part: Part) -> bool:
        """Account for a member that is about to be inflated."""
        self.inflated += part.size if part.packing != STORED else 0
        return self.inflated > MAX_TOTAL

    def _problem(self, way: tuple[tuple[str, Part], ...], name: str, problem: str) -> Artifact:
        return self.whole._replace(member=INSIDE.join([*(n for n, _ in way), name]), problem=problem)

    @staticmethod
    def _head(data: Any, part: Part) -> bytes:
        """The first bytes of a member; none where it is damaged."""
        if part.packing == STORED:
            return bytes(data[part.start : part.start + min(part.size, HEAD)])
        import zlib  # noqa: PLC0415 - few members are packed

        try:
            packed = bytes(data[part.start : part.start + min(part.packed, 2 * HEAD)])
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, HEAD)
        except zlib.error:
            return b""
