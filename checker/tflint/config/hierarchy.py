"""Which settings govern which model: those of the closest configuration, found once a folder and read once a file."""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from tflint.artifacts.artifact import absolute, is_url
from tflint.config.given import environment_layers, option_layers
from tflint.config.load import closest, file_layers, merged, users_own
from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tflint.artifacts.artifact import Artifact
    from tflint.config.load import Layer
    from tflint.config.settings import Settings


class Hierarchy:
    """Settings by path. Raises TflintError, when made or asked, for whatever is wrong with a configuration."""

    def __init__(self, options: Iterable[str] = (), flags: Iterable[Layer] = (), *, isolated: bool = False) -> None:
        """`options`: what `--config` was given; `flags`: layers of the command line; `isolated`: read nothing else."""
        self.here = os.getcwd()
        options = tuple(options)
        files = [text for text in options if "=" not in text or os.path.isfile(text)]
        if len(files) > 1:
            raise TflintError(f"--config: one file, not {len(files)}: {', '.join(files)}")
        if files and isolated:
            raise TflintError(f"--config {files[0]}: --isolated reads no file")
        self.named = os.path.abspath(files[0]) if files else None
        self.isolated = isolated
        pairs = (text for text in options if text not in files)
        self.over = (
            *(() if isolated else environment_layers()),
            *option_layers(pairs),
            *flags,
        )
        self._files: dict[str, str] = {}  # folder -> configuration, "" for none
        self._settings: dict[str, Settings] = {}  # configuration -> settings

    @property
    def run(self) -> Settings:
        """Settings of the run as a whole: of the configuration closest to the current folder."""
        return self.folder(self.here)

    def of(self, path: str | os.PathLike[str]) -> Settings:
        """Settings of a model; the same object for all that one configuration governs. Those of the run for a URL."""
        if is_url(os.fspath(path)):
            return self.run
        return self.folder(os.path.dirname(os.path.abspath(path)))

    def excludes(self, artifact: Artifact) -> bool:
        """Whether the configuration that governs a model excludes it."""
        settings = self.of(artifact.where)
        return bool(settings.exclude or settings.extend_exclude) and settings.excludes(absolute(artifact.name))

    def folder(self, folder: str) -> Settings:
        """Settings of the models in a folder (its absolute path)."""
        source = self._file(folder)
        found = self._settings.get(source)
        if found is None:
            anchor = self.here if source == self._own else None
            layers = file_layers(source, anchor) if source else ()
            found = self._settings[source] = merged((*layers, *self.over), source)
        return found

    def _file(self, folder: str) -> str:
        """The configuration that governs a folder; what is found holds for all folders on the way up."""
        if self.isolated or self.named:
            return self.named or ""
        below = []
        while (found := self._files.get(folder)) is None:
            below.append(folder)
            parent = os.path.dirname(folder)
            found = closest(folder) or (self._own if parent == folder else None)
            if found is not None:
                break
            folder = parent
        self._files.update(dict.fromkeys(below, found))
        return found

    @cached_property
    def _own(self) -> str:
        """The user's own file, "" for none."""
        return users_own() or ""
