"""Which models an archive holds, and those of an archive in it."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tflint.artifacts.artifact import INSIDE, SEARCHED, STORED, SUFFIX, Artifact, Part, is_archive, redacted
from tflint.model.flatbuf import MalformedModelError
from tflint.model.litertlm import MAGIC as LITERTLM
from tflint.model.litertlm import sections
from tflint.model.opened import container, inside
from tflint.model.sniff import IDENTIFIER, TEXT, recognized
from tflint.model.zipped import MAGIC as ZIP
from tflint.model.zipped import MAX_MEMBERS, members

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.model.zipped import Member


MAGICS = (ZIP, LITERTLM)
GZIPPED = b"\x1f\x8b"
OTHERS = {".apk": (GZIPPED, b"ADB"), ".aar": (b"pbz", b"AA01")}  # of the same name: Alpine's packages, Apple's archives
MAX_DEPTH = 3  # archives in one another: .zip, .apk, .task
MAX_TOTAL = 1 << 32  # bytes that all models of an archive may inflate to
TOO_MUCH = f"what is packed in the archive inflates to over {MAX_TOTAL:,} bytes: unpack it first"
HEAD = 64  # bytes that say what something is


def models_in(path: str, *, named: bool = True) -> list[Artifact]:
    """The models of an archive. Where there is none: that problem if the archive was `named`, and nothing otherwise.

    One that cannot be read is a problem either way; what is a model in spite of its name is itself. Raises OSError.
    """
    whole = Artifact(path)
    head = b""
    try:
        data = container(path)
        head = bytes(data[:HEAD])
        if head[4:8] == IDENTIFIER:
            return [whole]
        found = list(_Looked(whole).into(data, ()))
    except MalformedModelError as problem:
        return [whole._replace(problem=_reason(path, head, problem))] if named or _is_ours(path, head) else []
    if not found and named:
        return [whole._replace(problem="an archive without a TFLite model")]
    return found


def _is_ours(name: str, head: bytes) -> bool:
    """Whether what cannot be read was to be an archive that models come in: of some names others make use too."""
    suffix = PurePath(redacted(name)).suffix.lower()
    return not (head.startswith(OTHERS.get(suffix, ())) or (suffix == ".task" and recognized(head) == TEXT))


def _reason(name: str, head: bytes, problem: MalformedModelError) -> str:
    """Why an archive cannot be read: it is something else, or damaged."""
    damaged = head.startswith((*MAGICS, GZIPPED) if _is_stream(name) else MAGICS)
    return (None if damaged else recognized(head)) or problem.reason


def _is_stream(name: str) -> bool:
    return redacted(name).lower().endswith((".tar.gz", ".tgz"))


Way = tuple[tuple[str, Part], ...]  # names and places of archives in one another, and of a member at last


class _Looked:
    """One look into an archive, with what it has cost."""

    def __init__(self, whole: Artifact) -> None:
        self.whole, self.members, self.inflated = whole, 0, 0

    def into(self, data: Any, way: Way) -> Iterator[Artifact]:
        """The models of an archive that `way` leads to. Raises MalformedModelError."""
        name = way[-1][0] if way else redacted(self.whole.where)
        if not way and _is_stream(name) and not _starts(data, *MAGICS):
            from tflint.model.tarred import Stream  # noqa: PLC0415 - few archives are tar.gz

            data = Stream(data)
        for member, head in self._members(data, name):
            self.members += 1
            if self.members > MAX_MEMBERS:
                raise MalformedModelError(f"the archives in one another have more than {MAX_MEMBERS:,} members")
            if member.part is not None:
                yield from self._member(data, head, (*way, (member.name, member.part)))
            elif member.name.lower().endswith(SUFFIX):
                yield self._problem(way, member.name, member.problem)

    def _members(self, data: Any, name: str) -> Iterator[tuple[Member, bytes]]:
        """What there is in an archive, each with its first bytes."""
        if hasattr(data, "member"):
            yield from data.members(HEAD)
            return
        litertlm = _starts(data, LITERTLM) or (name.lower().endswith(".litertlm") and not _starts(data, ZIP))
        for member in sections(data) if litertlm else members(data):
            yield member, _head(data, member.part) if member.part is not None else b""

    def _member(self, data: Any, head: bytes, way: Way) -> Iterator[Artifact]:
        name, part = way[-1]
        if head[4:8] == IDENTIFIER or name.lower().endswith(SUFFIX):
            if self._exceeds(part):
                yield self._problem(way[:-1], name, TOO_MUCH)
                return
            yield self.whole._replace(member=INSIDE.join(n for n, _ in way), parts=tuple(p for _, p in way))
        elif is_archive(name) and (
            head.startswith(MAGICS) or (name.lower().endswith(SEARCHED) and _is_ours(name, head))
        ):
            if len(way) >= MAX_DEPTH or self._exceeds(part):
                problem = f"more than {MAX_DEPTH} archives in one another" if len(way) >= MAX_DEPTH else TOO_MUCH
                yield self._problem(way[:-1], name, f"not looked into: {problem}")
                return
            try:
                yield from self.into(inside(data, part), way)
            except MalformedModelError as problem:
                yield self._problem(way[:-1], name, _reason(name, head, problem))

    def _exceeds(self, part: Part) -> bool:
        """Account for a member that is about to be inflated: once, for a run keeps an archive that others are in."""
        self.inflated += part.size if part.packing != STORED else 0
        return self.inflated > MAX_TOTAL

    def _problem(self, way: Way, name: str, problem: str) -> Artifact:
        return self.whole._replace(member=INSIDE.join([*(n for n, _ in way), name]), problem=problem)


def _starts(data: Any, *magics: bytes) -> bool:
    return bytes(data[:HEAD]).startswith(magics)


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
