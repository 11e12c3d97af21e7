"""Globs for paths of models, much as .gitignore reads them, relative to the folder of the file that has them."""

from __future__ import annotations

import fnmatch
import glob
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from tflint.artifacts.artifact import is_url

if TYPE_CHECKING:
    from collections.abc import Callable

_TOKEN = re.compile(r"(?:\*\*/)+|\*+|\?|\[(?:!|(?!!))(?:\][^\]/]*|[^\]/]+)\]|.", re.DOTALL)
_FOLDERS, _INSIDE = "folders", "inside"  # `**/` stands for nothing, or for folders with the slash behind them

MOST_STATES = 1000  # that are kept of a glob


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
        start, automaton = _of_urls(self.pattern) if is_url(path) else _compiled(self)
        path = _posix(path)
        return path.startswith(start) and automaton.takes(path[len(start) :])

    def __str__(self) -> str:
        return self.pattern


def _posix(path: str) -> str:
    return path.replace(os.sep, "/")


@lru_cache(maxsize=1024)
def _compiled(pattern: Glob) -> tuple[str, _Automaton]:
    """What a path begins with, letter for letter, and what takes the rest of it."""
    text, folder = _posix(pattern.pattern).rstrip("/"), _posix(pattern.folder).rstrip("/")
    if "/" not in text:
        return f"{folder}/", _Automaton(["**/", *_TOKEN.findall(text)])
    inside = f"{_posix(glob.escape(pattern.folder)).rstrip('/')}/"
    whole = _posix(os.path.normpath(os.path.join(inside, text)))
    if whole.startswith(inside):
        return f"{folder}/", _Automaton(_TOKEN.findall(whole[len(inside) :]))
    return "", _Automaton(_TOKEN.findall(whole))


@lru_cache(maxsize=1024)
def _of_urls(pattern: str) -> tuple[str, _Automaton]:
    """The same of URLs: they are in no folder, so a pattern is one itself or is for their last part."""
    text = pattern.rstrip("/")
    if is_url(text) or "/" not in text:
        return "", _Automaton(_TOKEN.findall(text if is_url(text) else f"**/{text}"))
    return "\0", _Automaton([])  # a relative path: no URL begins so


class _Automaton:
    """A glob as states, each a set of places in it, the bits of a number: place n is before token n.

    A character moves all places of a state at once, so the time is that of the path's length whatever the glob. What
    goes back to try again, as `re` does, can take longer over thirty stars than anybody waits.
    """

    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [part for token in tokens for part in ((_FOLDERS, _INSIDE) if "**/" in token else (token,))]
        self._stars = self._places(lambda token: token.startswith("*"))  # may stand for nothing
        self._folders = self._places(lambda token: token == _FOLDERS)  # too, and what is inside of them is then passed
        self._moves: dict[str, tuple[int, ...]] = {}  # by character: places that stay, and that move by 1 and by 2
        self._end = 1 << len(self._tokens)
        self._mark = self._end << 1  # behind the `!` of an archive that is of the glob
        self._within = self._end << 2  # in such an archive, or in a folder
        self._first = self._skipped(1)
        self._known: dict[int, _State] = {}

    def takes(self, text: str) -> bool:
        """Whether the text is of the glob, or what stands before some slash in it is."""
        if len(self._known) > MOST_STATES:
            self._known.clear()
        state = self.state(self._first)
        for character in text:
            state = state[character]
        return bool(state.places & (self._end | self._within))

    def state(self, places: int) -> _State:
        """The one state of these places."""
        if places not in self._known:
            self._known[places] = _State(self, places)
        return self._known[places]

    def moved(self, places: int, character: str) -> int:
        """Where a character leads."""
        if places & self._within or (places & (self._end | self._mark) and character == "/"):
            return self._within
        stay, one, two = self._moves.get(character) or self._moved_by(character)
        mark = self._mark if places & self._end and character == "!" else 0
        return mark | self._skipped(places & stay | (places & one) << 1 | (places & two) << 2)

    def _skipped(self, places: int) -> int:
        """The places, and those behind tokens that stand for nothing: no three of these follow each other."""
        for _ in range(2):
            places |= (places & self._stars) << 1 | (places & self._folders) << 2
        return places

    def _moved_by(self, character: str) -> tuple[int, ...]:
        slash = character == "/"
        stay = self._places(lambda token: token == _INSIDE or (token[0] == "*" and (len(token) > 1 or not slash)))
        one = self._places(lambda token: token == _FOLDERS or (slash if token == _INSIDE else _is(token, character)))
        self._moves[character] = stay, one, self._folders if slash else 0
        return self._moves[character]

    def _places(self, wanted: Callable[[str], bool]) -> int:
        return sum(1 << place for place, token in enumerate(self._tokens) if wanted(token))


class _State(dict[str, "_State"]):
    """By character the state that it leads to, worked out when it is asked for."""

    def __init__(self, automaton: _Automaton, places: int) -> None:
        super().__init__()
        self.automaton, self.places = automaton, places

    def __missing__(self, character: str) -> _State:
        self[character] = self.automaton.state(self.automaton.moved(self.places, character))
        return self[character]


def _is(part: str, character: str) -> bool:
    """Whether a token that stands for one character stands for this one."""
    if part[0] == "*":
        return False
    if len(part) == 1 and part != "?":
        return part == character
    # fnmatch knows what may stand in a set
    return character != "/" and (part == "?" or fnmatch.fnmatchcase(character, part))
