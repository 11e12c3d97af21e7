"""Where a configuration value stands, for messages, for `tflint config --explain`, and for the paths in it."""

from __future__ import annotations

import json
from typing import NoReturn

from tflint.errors import TflintError


class Origin:
    """Where a value was set: a file, or the name of a variable or a flag. Files may silence less than people may."""

    __slots__ = ("file", "name")

    def __init__(self, name: str, *, file: bool = False) -> None:
        self.name, self.file = name, file

    def of(self, key: str) -> str:
        """A key as it was set here: `tflint.toml: severity.TFL203`, `--select`, `TFLITE_LINT_TARGET`."""
        return f"{self.name}: {key}" if self.file or self.name == "--config" else self.name


class At:
    """Where a value stands: the key to name when it is wrong, and the folders that its paths start from."""

    __slots__ = ("anchor", "folder", "key", "origin")

    def __init__(self, origin: Origin, folder: str, anchor: str | None = None, key: str = "") -> None:
        self.origin = origin
        self.folder = folder  # of files that are named
        self.anchor = folder if anchor is None else anchor  # of patterns for models
        self.key = key

    def down(self, key: str) -> At:
        """The place of a key of the table that stands here."""
        key = key if key.replace("-", "").replace("_", "").isalnum() else json.dumps(key, ensure_ascii=False)
        return At(self.origin, self.folder, self.anchor, f"{self.key}.{key}" if self.key else key)

    def refuse(self, problem: str) -> NoReturn:
        """Raise TflintError, which says where and what."""
        raise TflintError(f"{self.origin.of(self.key)} {problem}")
