"""What a URL leads to, through fsspec: the models behind it, and ranges of their bytes.

Nothing here is imported for a run over local files. Whatever fsspec and the clients below it raise becomes an OSError
of one line, without what may be secret in a URL.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tflint.artifacts.artifact import ARCHIVES, SEARCHED, SUFFIX, Artifact, redacted
from tflint.errors import TflintError
from tflint.model.flatbuf import MalformedModelError
from tflint.model.ranged import BLOCK, FIRST, Ranged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.model.ranged import Fetch, Span

SECONDS = 60  # that an answer may take: of a server, to all ranges that are asked for at once
CONNECT, SILENT = 10, 20  # seconds until there is a connection, and between two pieces of an answer
MAX_WHOLE = 1 << 26  # bytes that are taken whole from a server that gives no ranges
WEB = ("http", "https")
STAMPS = ("size", "ETag", "Last-Modified", "LastModified", "etag", "mtime", "generation")  # of one version of a file
_URL = re.compile(r"\b[A-Za-z][A-Za-z0-9+.-]+://[^\s'\"<>()]+")
_GLOB = re.compile(r"[*\[]")  # `?` begins a query, such as the version of an object


class RemoteError(OSError):
    """Why something remote cannot be read, in words that may be shown."""


def find_remote(url: str) -> Iterator[Artifact]:
    """The models behind a URL: itself, those that a glob matches, or those in a folder.

    Raises TflintError for a scheme that nothing here reads, and RemoteError for what cannot be listed.
    """
    files, path = _filesystem(url)
    parts = urlsplit(url)
    if parts.scheme in WEB:
        if parts.path.endswith("/") or "*" in parts.path:
            raise TflintError(f"{redacted(url)}: a web server lists no folders: name the models")
        yield Artifact(url)
        return
    with _told():
        if _GLOB.search(path):
            found = sorted(files.glob(path))
        elif parts.path.lower().endswith((SUFFIX, *ARCHIVES)) or not files.isdir(path):
            yield Artifact(url)
            return
        else:
            found = [name for name in sorted(files.find(path)) if name.lower().endswith((SUFFIX, *SEARCHED))]
        for name in found:
            yield Artifact(files.unstrip_protocol(name))


def opened_url(url: str) -> Ranged:
    """The bytes behind a URL, none of them fetched that are not needed. Raises RemoteError."""
    try:
        files, path = _filesystem(url)
    except TflintError as problem:  # what is not installed where this is: the worker of a cluster
        raise RemoteError(str(problem)) from None
    with _told():
        facts = files.info(path, **_timeout(files))
        size = facts.get("size")
        if facts.get("type") == "directory":
            raise RemoteError("a folder")
        if size is None:
            raise RemoteError("its server does not say how large it is: download it first")
        if not size:
            raise MalformedModelError("the file is empty")
        ranges = facts.get("partial", True) and _gives_ranges(files, path, size)

        def confirm() -> None:
            with _told():
                now = files.info(path, **_timeout(files))
            if any(now.get(key) != facts.get(key) for key in STAMPS):
                raise RemoteError("it changed while it was read")

        return Ranged.of(size, _fetch(files, path, None if ranges else _whole(files, path, size)), confirm)


def _fetch(files: Any, path: str, whole: bytes | None) -> Fetch:
    """What gives ranges: of the server, or of what was taken `whole` from one that has none."""

    def fetch(spans: list[Span]) -> list[bytes]:
        if whole is not None:
            data = [whole[start:stop] for start, stop in spans]
        else:
            with _told():
                data = files.cat_ranges(
                    [path] * len(spans),
                    [start for start, _ in spans],
                    [stop for _, stop in spans],
                    on_error="raise",
                    **(_timeout(files) or {"cache_type": "none"}),  # of files that are opened: no read-ahead of 5 MB
                )
        if any(len(each) != stop - start for each, (start, stop) in zip(data, spans, strict=True)):
            raise RemoteError("other bytes came than were asked for: it changed while it was read, or its server errs")
        return data

    return fetch


def _gives_ranges(files: Any, path: str, size: int) -> bool:
    """Whether a web server answers with the range that is asked for, which none is bound to; tried on the last byte."""
    if "http" not in files.protocol:
        return True
    if size <= FIRST:
        return False
    try:
        with files.open(path, "rb", size=size, block_size=BLOCK, cache_type="none") as file:
            file.seek(size - 1)
            return len(file.read(1)) == 1
    except ValueError:
        return False


def _whole(files: Any, path: str, size: int) -> bytes:
    if size > MAX_WHOLE:
        raise RemoteError(f"its server gives no ranges of its {size:,} bytes: download it first")
    data: bytes = files.cat_file(path, **_timeout(files))
    return data


def _filesystem(url: str) -> tuple[Any, str]:
    """What reads a scheme, and the path in it. Raises TflintError where that is not installed."""
    try:
        scheme = urlsplit(url).scheme
    except ValueError as problem:
        raise TflintError(f"{redacted(url)}: no URL: {problem}") from None
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - an extra
    except ImportError:
        raise TflintError(f"{scheme}:// takes fsspec: install tflint with its extra `remote`") from None
    try:
        files, path = url_to_fs(url, **(_web_options() if scheme in WEB else {}))
    except ImportError as problem:
        if scheme in WEB:
            raise TflintError(f"{scheme}:// takes aiohttp: install tflint with its extra `remote`") from None
        missing = getattr(problem.__cause__, "name", None) or problem.name
        wanted = f"takes the package {missing} too" if missing else "takes more"
        raise TflintError(f"{scheme}:// {wanted}; fsspec says: {problem}") from None
    except Exception as problem:  # noqa: BLE001 - a constructor of one of dozens of backends
        raise TflintError(f"{redacted(url)}: {_words(problem)}") from None
    return files, path


def _web_options() -> dict[str, Any]:
    import aiohttp  # noqa: PLC0415 - an extra

    timeout = aiohttp.ClientTimeout(total=SECONDS, sock_connect=CONNECT, sock_read=SILENT)
    return {
        "client_kwargs": {"timeout": timeout, "trust_env": True},  # a proxy of the environment, as other clients take
        "headers": {"Accept-Encoding": "identity"},  # a range of compressed bytes is none of the file's
    }


def _timeout(files: Any) -> dict[str, Any]:
    """What fsspec lets a call of its loop take; other backends have their clients' own limits."""
    return {"timeout": SECONDS} if getattr(files, "async_impl", False) else {}


@contextmanager
def _told() -> Iterator[None]:
    """Raise what goes wrong as RemoteError."""
    try:
        yield
    except (RemoteError, TflintError, MalformedModelError):
        raise
    except Exception as problem:  # noqa: BLE001 - fsspec's backends raise what their clients raise
        raise RemoteError(_words(problem)) from None


def _words(problem: BaseException) -> str:
    """What went wrong, without the URL that clients put into their messages."""
    chain: list[BaseException] = [problem]
    while (cause := chain[-1].__cause__ or chain[-1].__context__) is not None and cause not in chain:
        chain.append(cause)
    if phrase := next((_PHRASES[name] for each in chain if (name := type(each).__name__) in _PHRASES), ""):
        return phrase
    for each in chain:
        status = getattr(each, "status", None)
        if isinstance(status, int) and status >= HTTPStatus.BAD_REQUEST:
            return f"HTTP {status} {HTTPStatus(status).phrase if status in _STATUSES else ''}".rstrip()
        if "Timeout" in type(each).__name__:
            return "no answer in time"
        if (lost := getattr(each, "os_error", None)) is not None:  # aiohttp.ClientConnectorError
            why = lost.strerror or str(lost) or type(lost).__name__
            return f"no connection to {getattr(each, 'host', 'its server')}: {why}"
    if isinstance(problem, FileNotFoundError):  # so fsspec says of whatever goes wrong on the web
        return next((f"no URL: {each}" for each in chain[1:2] if isinstance(each, ValueError)), "not found")
    text = _URL.sub(lambda match: redacted(match[0]), str(problem)) or type(problem).__name__
    return text if isinstance(problem, OSError) else f"{type(problem).__name__}: {text}"


_PHRASES = {  # by names of exceptions of aiohttp, whose own words are for programmers
    "TooManyRedirects": "it redirects in a circle",
    "NonHttpUrlRedirectClientError": "it redirects to what is not on the web",
    "InvalidUrlRedirectClientError": "it redirects to what is no URL",
    "InvalidUrlClientError": "no URL: it names no host",
    "ServerDisconnectedError": "its server hung up",
    "BadStatusLine": "its server does not speak HTTP",
    "ClientPayloadError": "its server sent less than it said it would",
}
_STATUSES = {status.value for status in HTTPStatus}
