"""Where the bytes of a model are: a file, a member of an archive, or what a URL leads to."""

from __future__ import annotations

import os
from typing import NamedTuple

SUFFIX = ".tflite"
SEARCHED = (".task", ".litertlm", ".apk", ".aab", ".aar")  # archives in which models come to phones
ARCHIVES = (*SEARCHED, ".zip", ".whl", ".tar.gz", ".tgz")
INSIDE = "!/"  # between an archive and its member, as in JAR URLs (java.net.JarURLConnection)
STORED, DEFLATED, GZIP = "", "deflate", "gzip"

_SCHEME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-")


class Part(NamedTuple):
    """Where in its archive a member lies: not to be trusted, and checked when it is opened."""

    start: int  # byte offset in the archive; of GZIP: in what it inflates to
    packed: int  # bytes there
    size: int  # bytes of the member itself
    packing: str = STORED


class Artifact(NamedTuple):
    """What is checked as one model. It is small, plain data: it travels to other processes in place of the bytes."""

    where: str  # a path as the user gave it, or a URL
    member: str = ""  # the path in the archive, of an archive in an archive both with `!/` between them
    parts: tuple[Part, ...] = ()  # of each archive on the way to the member, the outermost first
    problem: str = ""  # why there is nothing to read

    @property
    def name(self) -> str:
        """What findings, reports, globs and baselines know it by: without what may be secret in a URL."""
        where = redacted(self.where)
        return f"{where}{INSIDE}{self.member}" if self.member else where

    @property
    def is_url(self) -> bool:
        """It is no file of this machine."""
        return is_url(self.where)


def is_url(text: str) -> bool:
    """Whether a path is a URL: it starts with a scheme of at least two letters and `://`."""
    scheme, colon, _ = text.partition("://")
    return len(scheme) > 1 and bool(colon) and scheme[0].isalpha() and scheme.isascii() and set(scheme) <= _SCHEME


def url_of(path: str | os.PathLike[str]) -> str | None:
    """The URL that a path was before pathlib took a slash of it; None where it was none, or is there."""
    text = os.fspath(path)
    scheme, slash, rest = text.partition(":/")
    url = f"{scheme}://{rest.lstrip('/')}"
    return url if slash and is_url(url) and not os.path.lexists(text) else None


def is_archive(where: str) -> bool:
    """Whether a file, or what a URL leads to, is looked into, by its name."""
    return redacted(where).lower().endswith(ARCHIVES)


def redacted(where: str) -> str:
    """A URL without user, password, query and fragment; a path as it is."""
    if not is_url(where):
        return where
    import re  # noqa: PLC0415 - for URLs

    return re.sub(r"(?s)(://)[^/?#]*@|[?#].*", r"\1", where)


def absolute(name: str | os.PathLike[str]) -> str:
    """The absolute path of what has this name. A URL is its own; a member's path is never made part of the folder's."""
    name = os.fspath(name)
    if is_url(name):
        return name
    where, inside, member = parted(name)
    return f"{os.path.abspath(where)}{inside}{member}"


def parted(name: str) -> tuple[str, str, str]:
    """Where what has this name is, `!/` and the member that it is; two empty texts where it is none.

    An archive is known by its name: a folder's name may end in `!`, even if it is `app.apk!`.
    """
    at = name.find(INSIDE)
    while at >= 0 and (not is_archive(name[:at]) or os.path.isdir(name[: at + 1])):
        at = name.find(INSIDE, at + 1)
    return (name[:at], INSIDE, name[at + len(INSIDE) :]) if at >= 0 else (name, "", "")
