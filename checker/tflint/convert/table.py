"""Which converters tflint can put into an environment of its own, and what each release needs beside it.

`--converter` takes `tensorflow==2.13.1` (that release), `tensorflow` (the one that is installed here) or `auto` (the
newest release that writes no newer op versions than the target knows). Facts are in `converters.json`.
"""

from __future__ import annotations

import json
import platform
import re
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.errors import TflintError, nearest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

AUTO = "auto"
_SPEC = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)(?:==([0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}))?")
_MACHINES = {"amd64": "x86_64"}  # what Windows calls it


@dataclass(frozen=True, slots=True)
class Series:
    """The releases of one minor version."""

    minor: str
    newest: str
    pythons: tuple[str, ...]
    """CPython versions that it has wheels for, oldest first."""
    beside: tuple[str, ...]
    """Requirements that its own metadata does not state and that it does not work without."""
    reads: bool
    """It was seen to read a SavedModel that the newest release here wrote."""


@dataclass(frozen=True, slots=True)
class Converter:
    """A distribution that holds a converter."""

    name: str
    module: str
    distributions: tuple[str, ...]
    """Names that its module is installed under."""
    extra: str
    """The extra of tflint that brings it."""
    series: tuple[Series, ...]
    """Oldest first."""
    platforms: Mapping[str, tuple[str, str]]
    """First and last minor version that has wheels there, by platform."""
    wheels: str = ""
    """A page of wheels that are not on PyPI, for uv to look at as well."""

    def of(self, version: str) -> Series:
        """Give the series of a release. Raises TflintError where it is none that is known."""
        for series in self.series:
            if numbers(series.minor) == numbers(version)[:2]:
                return series
        known = " to ".join(dict.fromkeys((self.series[0].minor, self.series[-1].minor)))
        minor = numbers(version)[1]
        near = min(self.series, key=lambda series: abs(numbers(series.minor)[1] - minor)).newest
        raise TflintError(
            f"--converter {self.name}=={version}: tflint knows {self.name} {known}, the nearest is {near}"
        )

    def here(self, place: str) -> tuple[Series, ...]:
        """The series that have wheels on a platform, oldest first."""
        first, last = (numbers(minor) for minor in self.platforms.get(place, ("0.1", "0.0")))
        return tuple(series for series in self.series if first <= numbers(series.minor) <= last)


@dataclass(frozen=True, slots=True)
class Requirement:
    """A converter, and which release of it; "" for the one that is installed here."""

    converter: Converter
    version: str

    def __str__(self) -> str:
        return f"{self.converter.name} {self.version}"


Table = tuple[Converter, ...]


@lru_cache(maxsize=1)
def converters() -> Table:
    """Give the table that ships with tflint."""
    return read_table(Path(__file__).with_name("converters.json").read_bytes())


def read_table(data: bytes) -> Table:
    """Give a table from its JSON."""
    return tuple(_converter(name, facts) for name, facts in json.loads(data)["converters"].items())


def _converter(name: str, facts: Mapping[str, Any]) -> Converter:
    series = (
        Series(minor, each["newest"], tuple(each["python"]), tuple(each.get("beside", ())), each["reads"])
        for minor, each in facts["series"].items()
    )
    return Converter(
        name,
        facts["module"],
        tuple(facts["distributions"]),
        facts["extra"],
        tuple(series),
        {place: (first, last) for place, (first, last) in facts["platforms"].items()},
        facts.get("wheels", ""),
    )


def parse(text: str, table: Table) -> Requirement:
    """Read `name` or `name==X.Y.Z`. Raises TflintError for another form, name or release."""
    names = {converter.name: converter for converter in table}
    match = _SPEC.fullmatch(text)
    name = match[1] if match else re.split(r"[^\w-]", text, maxsplit=1)[0]
    if match and name in names:
        converter = names[name]
        if match[2]:
            converter.of(match[2])
        return Requirement(converter, match[2] or "")
    newest = [f"{each.name}=={each.series[-1].newest}" for each in table]
    close = "" if name in names else nearest(name.replace("_", "-"), [*names, AUTO])
    raise TflintError(f"--converter is {', '.join(newest)}, a name without a version, or {AUTO}, not {text!r}{close}")


def by_target(converter: Converter, generation: tuple[int, ...], place: str) -> Iterator[Series]:
    """The series that a target may be converted with, best first.

    The converter of a release writes the op versions that the runtime of that release knows, so the newest release
    that is not newer than the target is sure to fit. Versions are the lowest that an operator's use asks for, so that
    later ones often fit as well: they follow, oldest first, for whoever checks the result. Releases that cannot read
    the SavedModel of a new one are left out, for that is how models get there.
    """
    usable = [series for series in converter.here(place) if series.reads]
    sure = [series for series in usable if numbers(series.minor) <= generation[:2]]
    yield from reversed(sure)
    yield from usable[len(sure) :]


def requirements(requirement: Requirement) -> tuple[str, ...]:
    """All that goes into its environment, as uv takes it."""
    series = requirement.converter.of(requirement.version)
    return (f"{requirement.converter.name}=={requirement.version}", *series.beside)


def here() -> str:
    """Name this platform as the table does: `linux x86_64`."""
    machine = platform.machine().lower()
    return f"{sys.platform} {_MACHINES.get(machine, machine)}"


def numbers(version: str) -> tuple[int, ...]:
    """Give a version as numbers, to be compared."""
    return tuple(map(int, version.split(".")))
