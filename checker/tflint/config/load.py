"""Configuration files, and settings as layers of what is set: the nearer over the farther.

Defaults, the user's own file or the closest one (over what it extends), TFLITE_LINT_<KEY>, `--config key=value`, flags.
All are read by the same kinds, and `merged` is the one place where they meet.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

from tflint import __version__
from tflint.config.place import At, Origin
from tflint.config.settings import KEYS, TABLE, Settings
from tflint.errors import TflintError
from tflint.toml import decoded, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PYPROJECT = "pyproject.toml"
FILES = (".tflint.toml", "tflint.toml", PYPROJECT)

_MENTION = rb"\btool[\"']?\s*(\.\s*[\"']?tflint|[\]=])"  # [tool.tflint...], or whatever else may hold such a table

Layer = tuple[Origin, "Mapping[str, Any]"]  # values by the fields of Settings


def closest(folder: str) -> str | None:
    """The configuration in a folder: a tflint.toml, or a pyproject.toml that has a [tool.tflint] table."""
    for name in FILES:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and (name != PYPROJECT or _table(path) is not None):
            return path
    return None


def users_own() -> str | None:
    """The user's own configuration, for where no project has one."""
    home = os.environ.get("XDG_CONFIG_HOME", "")
    base = home if os.path.isabs(home) else os.path.expanduser("~/.config")
    path = os.path.join(base, "tflint", "tflint.toml")
    return path if os.path.isfile(path) else None


def file_layers(path: str, anchor: str | None = None, through: tuple[str, ...] = ()) -> Iterator[Layer]:
    """What a file says, after what it extends says. `anchor`: the folder that its globs start from, if not its own.

    Raises TflintError for what cannot be read, is not as documented, extends itself or wants another tflint.
    """
    real = os.path.realpath(path)
    if real in through:
        raise TflintError(f"{path}: extends itself, by way of {through[-1]}")
    at = At(Origin(shown(path), file=True), os.path.dirname(path), anchor)
    table = _table(path)
    if not isinstance(table, dict):
        raise TflintError(f"{at.origin.name}: no table [tool.tflint]")
    _require(table, at)
    values = TABLE.parse(table, at)
    if values.get("extend"):
        yield from file_layers(values["extend"], anchor, (*through, real))
    yield at.origin, values


def _table(path: str) -> Any:
    """The table of a file; None for a pyproject.toml that has none."""
    data = read(path)
    if os.path.basename(path) != PYPROJECT:
        return decoded(data, path)
    if not re.search(_MENTION, data):
        return None  # without the cost of TOML
    tool = decoded(data, path).get("tool")
    return tool.get("tflint") if isinstance(tool, dict) else None


def _require(table: Mapping[str, Any], at: At) -> None:
    """Hold `required-version` before all else: a newer tflint may know keys that this one does not."""
    from tflint.config.requirement import satisfied  # noqa: PLC0415 - who has no file requires nothing

    key = "required-version"
    if key in table:
        wanted = KEYS[key].metadata["kind"].parse(table[key], at.down(key))
        if not satisfied(wanted, __version__):
            at.down(key).refuse(f"is {wanted!r}, and this is tflint {__version__}")


def shown(path: str) -> str:
    """A path as a person standing here would write it."""
    here = os.path.join(os.getcwd(), "")
    return path.removeprefix(here)


def merged(layers: Iterable[Layer], source: str = "") -> Settings:
    """Settings of layers, the nearest last.

    A layer that selects starts afresh: what farther ones ignore or select beside is forgotten (ruff's way, so that
    `--select TFL901` runs TFL901 whatever a file ignores).
    """
    values: dict[str, Any] = {}
    origins: dict[str, Origin] = {}
    for origin, given in layers:
        if "select" in given:
            for name in ("ignore", "extend_select"):
                values.pop(name, None)
        for name, value in given.items():
            key, adds = name.replace("_", "-"), KEYS[name.replace("_", "-")].metadata["adds"]
            values[name] = (*values.get(name, ()), *value) if adds else _over(values.get(name), value)
            origins.update(dict.fromkeys(_paths(key, value), origin))
    return Settings(**values, source=source, origins=origins)


def _over(far: Any, near: Any) -> Any:
    """A value over another; tables key by key."""
    if isinstance(far, dict) and isinstance(near, dict):
        return {**far, **{key: _over(far.get(key), value) for key, value in near.items()}}
    return near


def _paths(key: str, value: Any) -> Iterator[str]:
    """The key, and those of what is in it."""
    yield key
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _paths(f"{key}.{name}", item)
    elif isinstance(value, tuple):
        yield from (f"{key}.{item}" for item in value if isinstance(item, str))
