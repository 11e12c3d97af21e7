"""Where a converter runs: this environment, or one that has another release, built once with uv and kept.

`--converter` says which:

- `tensorflow==2.13.1` or `litert-torch==0.10.0`: that release. If it is not the one that is installed here, tflint
  installs it in an environment of its own, with a Python that it has wheels for.
- `tensorflow`: the one that is installed here, which is also what is taken where nothing is said.
- `auto`: by the target, a release of TensorFlow whose op versions the target's runtime knows: the one that is
  installed here if it is not newer than that runtime, else the newest one that is not and that a Python of this
  machine can run. Where there is none, the oldest that one can run.

Environments are kept in `~/.cache/tflint/converters` (XDG_CACHE_HOME is heeded), 1.2 to 2.2 GB for one of TensorFlow.
TFLITE_LINT_CONVERTERS names another folder. Remove one to have it built anew. What uv is told by its own variables
(UV_INDEX_URL, UV_OFFLINE, UV_FIND_LINKS, ...) and by the user's configuration holds here as well.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.convert import build, interpreters
from tflint.convert.build import FOLDER, Order, inside, ready
from tflint.convert.table import AUTO, Requirement, by_target, converters, here, numbers, parse, requirements
from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tflint.convert.table import Converter, Series, Table
    from tflint.runtimes.profile import RuntimeProfile

LIMIT = 1800.0  # seconds: half a gigabyte has to come through


@dataclass(frozen=True, slots=True)
class Environment:
    """An interpreter that has a converter. Run it with `interpreters.surroundings()`, for it is not our own."""

    python: Path
    name: str
    """The converter and its release: `tensorflow 2.13.1`."""
    built: bool
    """It is one that tflint made, now or earlier."""


def environment(
    spec: str | None,
    framework: str = "tensorflow",
    target: RuntimeProfile | None = None,
    progress: Callable[[str], None] = lambda _: None,
    limit: float = LIMIT,
    table: Table | None = None,
) -> Environment:
    """Give the environment that `--converter` asks for, built if it has to be.

    `framework`: the converter that the source takes, for where nothing is said. `progress` hears every few seconds
    what is being done. Raises TflintError where there is none and none can be built within `limit` seconds.
    """
    table = converters() if table is None else table
    if spec == AUTO:
        requirement = _chosen(parse(framework, table).converter, target)
    else:
        requirement = parse(spec or framework, table)
    converter, version = requirement.converter, installed(requirement.converter)
    if not requirement.version and not version:
        raise TflintError(_missing(converter))
    if version and requirement.version in ("", version) and _complete(requirement, version):
        return Environment(Path(sys.executable), f"{converter.name} {version}", built=False)
    return _own(requirement, progress, limit)


def installed(converter: Converter) -> str:
    """Give the release of a converter that is installed here; "" for none."""
    if importlib.util.find_spec(converter.module) is None:
        return ""
    return next(filter(None, map(_version, converter.distributions)), "")


def _complete(requirement: Requirement, version: str) -> bool:
    """Tell whether what is installed here has, for a release that was named, what it needs beside it."""
    if not requirement.version:
        return True
    names = [re.split(r"[^\w-]", each, maxsplit=1)[0] for each in requirement.converter.of(version).beside]
    return all(map(_version, names))


def _version(distribution: str) -> str:
    """That of a distribution that is installed here; "" where it is not."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _missing(converter: Converter) -> str:
    return (
        f"{converter.name} is not installed here: install tflint with its extra `{converter.extra}`, or let "
        f"--converter {converter.name}=={converter.series[-1].newest} install it in an environment of its own"
    )


def _chosen(converter: Converter, target: RuntimeProfile | None) -> Requirement:
    """What `auto` stands for. Raises TflintError."""
    if target is None:
        raise TflintError(
            f"--converter {AUTO} goes by the runtime that the model is for: --target, or a configuration's"
        )
    version = installed(converter)
    mine = tuple(map(int, re.findall(r"\d+", version)[:2]))
    if mine and mine <= target.generation[:2]:
        return Requirement(converter, "")
    for series in by_target(converter, target.generation, here()):
        if mine == numbers(series.minor):
            return Requirement(converter, "")
        requirement = Requirement(converter, series.newest)
        if _kept(requirement, series) or any(map(interpreters.find, series.pythons)):
            return requirement
    raise TflintError(_no_python(converter.name, converter.here(here())))


def _own(requirement: Requirement, progress: Callable[[str], None], limit: float) -> Environment:
    """Give the environment that tflint keeps for a release, built if it has to be. Raises TflintError."""
    converter = requirement.converter
    series = converter.of(requirement.version)
    usable = [each for each in converter.here(here()) if each is series]
    folder = _kept(requirement, series)
    if folder is None:
        pythons = [minor for each in usable for minor in _by_preference(each)]
        interpreter = next(filter(None, map(interpreters.find, pythons)), None)
        if interpreter is None:
            raise TflintError(_no_python(str(requirement), usable))
        interpreters.require_uv()
        folder = _place(requirement, interpreter.version)
        build.build(Order(requirement, requirements(requirement), folder, interpreter, limit, progress))
    return Environment(inside(folder), str(requirement), built=True)


def _kept(requirement: Requirement, series: Series) -> Path | None:
    """The folder of one that is ready, for any Python."""
    folders = (_place(requirement, minor) for minor in _by_preference(series))
    return next((folder for folder in folders if ready(folder, requirement)), None)


def _by_preference(series: Series) -> list[str]:
    """Pythons of a release: the one that runs, then from the newest on."""
    mine = interpreters.running().rpartition(".")[0]
    return sorted(series.pythons, key=lambda minor: (minor == mine, numbers(minor)), reverse=True)


def _place(requirement: Requirement, python: str) -> Path:
    """Where its environment is kept: named by all that decides what is in it."""
    minor = ".".join(python.split(".")[:2])
    digest = hashlib.sha256(json.dumps([requirements(requirement), minor, here()]).encode()).hexdigest()[:10]
    return cache() / f"{requirement.converter.name}-{requirement.version}-py{minor}-{digest}"


def cache() -> Path:
    """Give the folder of environments that tflint keeps."""
    named = os.environ.get(FOLDER, "")
    if named:
        return Path(named).expanduser().absolute()
    home = Path(os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME", ""))
    return (home if home.is_absolute() else Path.home() / ".cache") / "tflint" / "converters"


def _no_python(what: str, series: Sequence[Series]) -> str:
    pythons = sorted({minor for each in series for minor in each.pythons}, key=numbers)
    if not pythons:
        return f"{what} has no wheels for {here()}"
    mine = interpreters.running() or sys.implementation.name
    return (
        f"no Python of this machine can run {what}: it takes CPython {', '.join(pythons)}, and this is {mine}; "
        f"`uv python install {pythons[-1]}` gets one"
    )
