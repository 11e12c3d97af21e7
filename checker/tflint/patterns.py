"""Globs for paths of models, much as .gitignore reads them, relative to the folder of the file that has them."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(r"(?:\*\*/)+|\*+|\?|\[!?\]?[^\]/]*\]|.", re.DOTALL)


class Glob(NamedTuple):
    """A glob and its folder. Without a slash inside it matches at any depth; all that is in a folder it matches, too.

    So is all that is in an archive.

    `*` and `?` stop at a slash, `**` does not, `[...]` is a set of characters. An absolute pattern, or one that starts
    with `../`, reaches out of the folder.
    """

    pattern: str
    folder: str

    def matches(self, path: str) -> bool:
        """Whether an absolute path, or a folder that it is in, is matched."""
        return _expression(self).match(_posix(path)) is not None

    def __str__(self) -> str:
        return self.pattern


def _posix(path: str) -> str:
    return path.replace(os.sep, "/")


@lru_cache(maxsize=1024)
def _expression(pattern: Glob) -> re.Pattern[str]:
    text = _posix(pattern.pattern).rstrip("/")
    anywhere = "(?:.*/)?" if "/" not in text else ""
    folder = glob.escape(pattern.folder)
    if anywhere:
        start, body = f"{_translated(_posix(folder).rstrip('/'))}/", text
    else:
        start, body = "", _posix(os.path.normpath(os.path.join(folder, text)))
    return re.compile(f"{start}{anywhere}{_translated(body)}(?:!?/.*)?\\Z", re.DOTALL)


def _translated(text: str) -> str:
    return "".join(map(_part, _TOKEN.findall(text)))


def _part(part: str) -> str:
    if part.startswith("**/"):
        return "(?:.*/)?"
    if part.startswith("*"):
        return "[^/]*" if part == "*" else ".*"
    if part == "?":
        return "[^/]"
    # fnmatch knows what may stand in a set; it wraps what it makes in (?s: and )\Z
    return f"(?!/){fnmatch.translate(part)[4:-3]}" if len(part) > 1 else re.escape(part)
