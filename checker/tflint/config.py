"""`[tool.tflint]` or `tflint.toml` to frozen Settings; a key that means nothing is an error with the nearest match.

Precedence: flags, environment (TFLITE_LINT_<KEY>), the closest configuration, defaults.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError, nearest
from tflint.findings import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FILES = ("tflint.toml", ".tflint.toml", "pyproject.toml")
ENVIRONMENT = "TFLITE_LINT_"
LEVELS = (*(severity.value for severity in Severity), "none")


@dataclass(frozen=True, slots=True)
class Settings:
    """What a run is told. Paths in `target` are relative to the file that names them."""

    target: tuple[str, ...] = ()
    select: tuple[str, ...] = ("TFL",)
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    preview: bool = False
    fail_on: str = "warning"
    exclude: tuple[str, ...] = ()
    severity: Mapping[str, str] = field(default_factory=dict)
    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    source: str = ""  # the file they were read from

    @property
    def threshold(self) -> Severity | None:
        """Findings at or above it fail the run; None: nothing does."""
        return None if self.fail_on == "none" else Severity(self.fail_on)


_LISTS = ("target", "select", "ignore", "extend_select", "exclude")
_KEYS = {f.name.replace("_", "-"): f.name for f in fields(Settings) if f.name != "source"}


def load(start: Path, explicit: Path | None = None) -> Settings:
    """Settings of the closest configuration at or above `start`, or of the file named.

    Raises TflintError for a file that cannot be read, an unknown key or a value of the wrong kind.
    """
    path = explicit or discover(start)
    settings = Settings() if path is None else _read(path)
    return overridden(settings, _environment())


def discover(start: Path) -> Path | None:
    """The closest tflint.toml, or pyproject.toml with a [tool.tflint] table, at or above `start`."""
    folder = start if start.is_dir() else start.parent
    for parent in (folder, *folder.parents):
        for name in FILES:
            path = parent / name
            if path.is_file() and (name != "pyproject.toml" or b"[tool.tflint" in path.read_bytes()):
                return path
    return None


def parse(table: Mapping[str, Any], source: str, base: Path | None = None) -> Settings:
    """Settings from a TOML table."""
    values: dict[str, Any] = {}
    for key, value in table.items():
        name = _KEYS.get(key)
        if name is None:
            raise TflintError(f"{source}: unknown key {key!r}{nearest(key, _KEYS)}")
        values[name] = _checked(name, key, value, source)
    if base is not None and "target" in values:
        values["target"] = tuple(str(base / t) if t.endswith(".toml") else t for t in values["target"])
    return Settings(**values, source=source)


def overridden(settings: Settings, values: Mapping[str, Any]) -> Settings:
    """The settings with those values that are given (not None) in their place."""
    return replace(settings, **{key: value for key, value in values.items() if value is not None})


def option_value(text: str) -> Any:
    """A rule option as written on the command line: a TOML-like scalar or list, else the text."""
    try:
        return json.loads(text)
    except ValueError:
        return text


def rule_options(pairs: Iterable[str], settings: Settings) -> Settings:
    """The settings with `-x RULE.key=value` pairs put in. Raises TflintError for one that is not of that form."""
    rules = {code: dict(options) for code, options in settings.rules.items()}
    for pair in pairs:
        path, equals, text = pair.partition("=")
        code, dot, key = path.partition(".")
        if not (equals and dot and key):
            raise TflintError(f"-x {pair}: write RULE.key=value, such as -x TFL108.max-outputs=12")
        rules.setdefault(code, {})[key.replace("-", "_")] = option_value(text)
    return replace(settings, rules=rules)


def _read(path: Path) -> Settings:
    if sys.version_info >= (3, 11):
        import tomllib  # noqa: PLC0415 - only when there is a file
    else:
        import tomli as tomllib  # noqa: PLC0415 - same
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise TflintError(f"{path}: {problem.strerror or problem}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise TflintError(f"{path}: not valid TOML: {problem}") from None
    table = document.get("tool", {}).get("tflint", {}) if path.name == "pyproject.toml" else document
    return parse(table, str(path), path.parent)


def _checked(name: str, key: str, value: Any, source: str) -> Any:
    """The value in the type that Settings wants."""
    if name in _LISTS:
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise TflintError(f"{source}: {key} is a list of strings")
        return tuple(value)
    if name == "preview" and not isinstance(value, bool):
        raise TflintError(f"{source}: {key} is true or false")
    if name == "fail_on":
        return level(value, f"{source}: {key}")
    if name in ("severity", "rules") and not isinstance(value, dict):
        raise TflintError(f"{source}: {key} is a table")
    if name == "severity":
        return {code: level(text, f"{source}: severity of {code}", LEVELS[:-1]) for code, text in value.items()}
    if name == "rules":
        return {code: _options(code, options, source) for code, options in value.items()}
    return value


def _options(code: str, options: Any, source: str) -> dict[str, Any]:
    if not isinstance(options, dict):
        raise TflintError(f"{source}: rules.{code} is a table")
    return {key.replace("-", "_"): value for key, value in options.items()}


def level(value: Any, where: str, levels: tuple[str, ...] = LEVELS) -> str:
    """A severity level by name."""
    if value not in levels:
        raise TflintError(f"{where} is one of {', '.join(levels)}, not {value!r}{nearest(str(value), levels)}")
    return str(value)


def _environment() -> dict[str, Any]:
    values: dict[str, Any] = {}
    for key, name in _KEYS.items():
        text = os.environ.get(ENVIRONMENT + name.upper())
        if text is None or name in ("severity", "rules"):
            continue
        source = ENVIRONMENT + name.upper()
        value: Any = [item for item in text.split(",") if item] if name in _LISTS else option_value(text)
        values[name] = _checked(name, key, value, source)
    return values
