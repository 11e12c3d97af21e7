"""`tflint.lock`: the interface of each model of a project, as it was when somebody last agreed to it.

JSON, sorted, a tensor a line, so that a change is read in review and two branches merge. Keys that this version does
not know are kept: other commands note more about a model in the same entry.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tflint.contract import LOCK
from tflint.contract.plain import locked, tables_of
from tflint.errors import TflintError
from tflint.toml import contents

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.contract.interface import Interface

SCHEMA_VERSION = 1
LONGEST = 64 << 20  # bytes: some hundred thousand models


@dataclass(frozen=True, slots=True)
class Lock:
    """The file as tables; entries are read when they are asked for."""

    path: Path
    document: dict[str, Any]

    @property
    def entries(self) -> dict[str, dict[str, Any]]:
        """Model, as a POSIX path relative to the file -> its tables."""
        found: dict[str, dict[str, Any]] = self.document["models"]
        return found

    def interface(self, model: str) -> Interface | None:
        """What is locked of a model; None when nothing is. Raises TflintError."""
        entry = self.entries.get(model, {})
        return locked(entry["interface"], f"{self.path}: {model}") if "interface" in entry else None

    def with_interfaces(self, changed: dict[str, Interface], gone: set[str]) -> Lock:
        """The lock with these interfaces recorded and those entries left out."""
        models = {model: entry for model, entry in self.entries.items() if model not in gone}
        for model, interface in changed.items():
            models[model] = {**models.get(model, {}), "interface": tables_of(interface)}
        return Lock(self.path, {**self.document, "schema_version": SCHEMA_VERSION, "models": models})

    def with_note(self, model: str, key: str, value: dict[str, Any]) -> Lock:
        """The lock with something more noted in the entry of a model."""
        models = {**self.entries, model: {**self.entries.get(model, {}), key: value}}
        return Lock(self.path, {**self.document, "schema_version": SCHEMA_VERSION, "models": models})

    @property
    def text(self) -> str:
        """The file's content."""
        models = dict(sorted(self.entries.items()))
        head = {key: self.document[key] for key in sorted(self.document) if key != "models"}
        return _dumped({"schema_version": SCHEMA_VERSION, **head, "models": models}, "") + "\n"


def read_lock(path: Path) -> Lock:
    """A lock, empty where there is no such file. Raises TflintError for one that cannot be read."""
    try:
        data = contents(str(path), LONGEST)
        document = json.loads(data)
    except FileNotFoundError:
        return Lock(path, {"schema_version": SCHEMA_VERSION, "models": {}})
    except OSError as problem:
        raise TflintError(f"{path}: cannot be read: {problem.strerror or problem}") from None
    except (ValueError, RecursionError) as problem:
        conflict = " (an unresolved merge conflict)" if b"<<<<<<<" in data else ""
        raise TflintError(f"{path}: not valid JSON: {problem}{conflict}") from None
    version = document.get("schema_version") if isinstance(document, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise TflintError(f"{path}: not a {LOCK}: it has no schema_version")
    if version > SCHEMA_VERSION:
        raise TflintError(f"{path}: schema_version {version} is of a newer tflint; this one knows {SCHEMA_VERSION}")
    models = document.get("models")
    if not isinstance(models, dict) or not all(isinstance(entry, dict) for entry in models.values()):
        raise TflintError(f"{path}: models is a table of tables")
    return Lock(path, document)


def _dumped(value: Any, indent: str) -> str:
    """JSON with what holds no tables on one line."""
    items = list(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())
    if not items or all(_is_leaf(item) for item in items):
        return json.dumps(value)
    inner = indent + "  "
    if isinstance(value, dict):
        lines = [f"{inner}{json.dumps(key)}: {_dumped(item, inner)}" for key, item in value.items()]
    else:
        lines = [inner + _dumped(item, inner) for item in items]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return f"{opening}\n" + ",\n".join(lines) + f"\n{indent}{closing}"


def _is_leaf(value: Any) -> bool:
    """A scalar, or what takes part in a line: a list of scalars, the two numbers of a quantization."""
    if isinstance(value, dict):
        return value.keys() == {"scale", "zero_point"}
    return not isinstance(value, list) or not any(isinstance(item, (dict, list)) for item in value)
