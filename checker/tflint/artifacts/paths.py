"""Which models a run looks at: those of files, folders and archives."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.artifacts.artifact import INSIDE, SEARCHED, SUFFIX, Artifact, is_archive, is_url, parted, redacted, url_of
from tflint.errors import EMPTY_PATH, TflintError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FILE = "file://"
NAMED = 8  # models of an archive, where one has to be chosen
SKIPPED = {".git", ".venv", "node_modules", "__pycache__", ".tox", ".nox"}


def find(
    paths: Iterable[str | Path],
    excluded: Callable[[Artifact], bool],
    *,
    force_exclude: bool = False,
    until: Callable[[Iterator[Artifact]], Iterator[Artifact]] = iter,
) -> list[Artifact]:
    """Models to check, each once, in order: files named as they are, archives looked into, folders searched.

    A search takes *.tflite and the models in archives of SEARCHED; what git ignores is left out of it. What two paths
    lead to has the name that comes first. `until` passes models on, and may end it early. Raises TflintError for a path
    that does not exist.
    """
    found: dict[Artifact, Artifact] = {}
    for artifact in until(each for path in paths for each in _found(str(path), excluded, force_exclude=force_exclude)):
        found.setdefault(artifact._replace(where=_place(artifact.where)), artifact)
    return list(found.values())


def _place(where: str) -> str:
    """What a file is known by, whichever way it is named; a link is a file of its own."""
    if is_url(where):
        return where
    if os.pardir not in where:
        return os.path.abspath(where)  # noqa: PTH100 - a pathlib.Path of each model takes longer
    folder, name = os.path.split(where)
    return os.path.join(os.path.realpath(folder), name)  # noqa: PTH118 - same


def one(text: str) -> Artifact:
    """The one model that a path leads to. Raises TflintError where there is none, or a choice."""
    there, is_file = os.path.lexists(text), os.path.isfile(text)  # noqa: PTH113 - pathlib's raises for a name too long
    if text and not is_url(text) and not is_file and (there or INSIDE not in text):
        if url := url_of(text):
            raise TflintError(f"{redacted(url)}: a URL, which check, inspect, show and diff take")
        raise TflintError(f"not a file: {text}" if there else f"no such file: {text}")
    models = list(_found(text, lambda _: False, force_exclude=False))
    if len(models) > 1:
        names = ", ".join(model.name for model in models[:NAMED])
        more = f" and {len(models) - NAMED} more" if len(models) > NAMED else ""
        raise TflintError(f"{redacted(text)}: {len(models)} models, and one is wanted: {names}{more}")
    if not models:
        raise TflintError(f"{redacted(text)}: no model in it")
    return models[0]


def _found(text: str, excluded: Callable[[Artifact], bool], *, force_exclude: bool) -> Iterator[Artifact]:
    if is_url(text):
        yield from _remote(text, excluded, force_exclude=force_exclude)
        return
    if not text:
        raise TflintError(EMPTY_PATH)
    path = str(Path(text))
    if os.path.isdir(path):  # noqa: PTH112 - pathlib's raises for a name too long
        for file in sorted(_search(Path(path))):
            artifact = Artifact(str(file))
            if not excluded(artifact):
                yield from (model for model in _models(artifact, named=False) if not excluded(model))
    elif os.path.lexists(path):
        if os.path.exists(path) and not os.access(path, os.R_OK):  # noqa: PTH110 - pathlib's raises in a closed folder
            raise TflintError(f"not readable: {path}")
        models = [Artifact(path)] if force_exclude and excluded(Artifact(path)) else _models(Artifact(path), named=True)
        yield from (model for model in models if not (force_exclude and excluded(model)))
    else:
        yield from _members(path)


def _remote(url: str, excluded: Callable[[Artifact], bool], *, force_exclude: bool) -> Iterator[Artifact]:
    """The models behind a URL; `file://` is a path, of this machine (RFC 8089)."""
    scheme, mark, rest = url.partition("://")
    url = f"{scheme.lower()}{mark}{rest}"
    if url.startswith(FILE):
        from urllib.request import url2pathname  # noqa: PLC0415 - rare

        yield from _found(url2pathname(rest.removeprefix("localhost")), excluded, force_exclude=force_exclude)
        return
    from tflint.artifacts.remote import find_remote  # noqa: PLC0415 - for URLs

    where, _, member = parted(url)
    try:
        for artifact in find_remote(where):
            searched = artifact.where != where
            excludes = excluded if searched or force_exclude else lambda _: False
            if not excludes(artifact):
                models = _chosen(_models(artifact, named=not searched), where, member)
                yield from (model for model in models if not excludes(model))
    except OSError as problem:
        raise TflintError(f"{redacted(url)}: cannot be read: {problem}") from None


def _models(file: Artifact, *, named: bool) -> list[Artifact]:
    """The models of a file: itself, or those of an archive. What cannot be opened is itself: a check says why."""
    if not is_archive(file.where) or not (file.is_url or Path(file.where).is_file()):
        return [file]
    from tflint.artifacts.archives import models_in  # noqa: PLC0415 - for who has archives

    try:
        return models_in(file.where, named=named)
    except OSError:
        return [file]


def _members(text: str) -> list[Artifact]:
    """The models of a member that is named: `app.apk!/assets/model.tflite`. Raises TflintError where it has none."""
    where, inside, member = parted(text)
    if not inside or not os.path.isfile(where):  # noqa: PTH113 - pathlib's raises for a name too long
        raise TflintError(f"no such file or folder: {text}")
    return _chosen(_models(Artifact(where), named=True), where, member)


def _chosen(models: list[Artifact], where: str, member: str) -> list[Artifact]:
    """Those of an archive that are that member, or in it; all where none is named."""
    chosen = [model for model in models if not member or f"{model.member}{INSIDE}".startswith(f"{member}{INSIDE}")]
    if member and not chosen:
        close = nearest(member, [model.member for model in models if model.member])
        raise TflintError(f"{redacted(where)}: no model {member!r} in it{close}")
    return chosen


def _search(folder: Path) -> Iterator[Path]:
    """Models in a folder: in each checkout, the outer or one inside, those that it does not ignore."""
    from tflint.checkout import listed  # noqa: PLC0415 - for who searches folders

    suffixes = (SUFFIX, *SEARCHED)
    names = listed(folder, *(f":(icase)*{suffix}" for suffix in suffixes))
    if names is not None:
        models, checkouts = names
        yield from models
        for checkout in checkouts:
            yield from _search(checkout)
        return
    for parent, folders, files in os.walk(folder):
        inner = [name for name in folders if (Path(parent, name) / ".git").exists()]
        folders[:] = [name for name in folders if name not in SKIPPED and name not in inner]
        yield from (Path(parent, name) for name in files if name.lower().endswith(suffixes))
        for name in inner:
            yield from _search(Path(parent, name))
