"""A user's own target, a TOML file: a shipped profile with limits, or a whole table made by `tflint target probe`.

    name = "board"                    # the id in reports; default: the file's name
    extends = "litert-1.4.0"          # a target name, with suffixes, or another TOML file beside this one
    custom_ops = ["MyOp"]             # custom ops that the application registers, at version 1
    ops = ["CONV_2D", "ADD"]          # a resolver's subset: only these, custom ops of the base included
    removed_ops = ["CONV_3D"]
    dtypes = ["int8", "int32"]        # of any tensor
    io_dtypes = ["int8"]              # of graph inputs and outputs
    batch = "fixed"                   # "fixed", "dynamic" or "one"
    flex = true                       # this and the other facts of RuntimeProfile can be stated too

    [budgets]                         # of TFL801
    max_size = 1000000

    [kernels]                         # builtin op -> [lowest, highest] version, over those of `extends`
    ADD = [1, 5]

    [custom]                          # custom op -> [lowest, highest] version
    MyOp = [1, 2]

Without `extends` every fact has to be stated. Each error names the file and the line.
"""

from __future__ import annotations

import re
from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any, NoReturn

from tflint.errors import TflintError, nearest
from tflint.model import schema
from tflint.runtimes.profile import (
    FAMILIES,
    FLAGS,
    RuntimeProfile,
    resolve,
    tensor_type_names,
    version_ranges,
)
from tflint.toml import loads, read

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

BUDGETS = ("max_size", "max_ops", "max_tensors", "max_arena")  # what TFL801 holds models to
CHOICES = {
    "family": FAMILIES,
    "batch": ("fixed", "dynamic", "one"),
    "opcode_field": ("max", "deprecated"),
    "constant_size": ("equal", "at-least"),
    "int4": ("packed", "bytes"),
}
NAMES = ("custom_ops", "ops", "removed_ops", "dtypes", "io_dtypes", "tensor_types", "xnnpack_custom_ops")
RELEASES = ("release", "generation")
TABLES = ("budgets", "kernels", "custom", "provenance")
KEYS = ("name", "extends", "max_builtin_code", *NAMES, *FLAGS, *CHOICES, *RELEASES, *TABLES)
OPTIONAL = frozenset({"int4", "custom_ops", "flex", "compiled", "micro", "verifies_graph", "xnnpack_custom_ops"})
"""Facts that may be left out without `extends`: their absence says no."""


def builtin_ops() -> frozenset[str]:
    """Names of all builtin ops of the schema: a build may have kernels that no measured release has."""
    return frozenset(schema.ENUMS["BuiltinOperator"].values())


def load_profile(path: Path, through: tuple[Path, ...] = ()) -> RuntimeProfile:
    """Read the profile in a TOML file; `through` are the files that extend it. Raises TflintError."""
    source = _Source(path)
    if path.resolve() in through:
        source.refuse("", "extends", f"{path.name} extends itself")
    source.check()
    data = source.data
    base = _base(source, (*through, path.resolve()))
    kernels = {**(base.kernels if base else {}), **version_ranges(data.get("kernels", {}))}
    custom = {**(base.custom_ops if base else {}), **version_ranges(data.get("custom", {}))}
    kernels, custom = _limited(source, kernels, custom, f"{data.get('extends', 'this profile')!s}")
    custom |= {name: (1, 1) for name in data.get("custom_ops", ()) if name not in custom}
    changes: dict[str, Any] = {key: data[key] for key in (*FLAGS, *CHOICES, "max_builtin_code") if key in data}
    changes |= {key: tuple(data[key]) for key in RELEASES if key in data}
    sets = ("dtypes", "io_dtypes", "tensor_types", "xnnpack_custom_ops")
    changes |= {key: frozenset(data[key]) for key in sets if key in data}
    if data.get("xnnpack") is False:
        changes["xnnpack_custom_ops"] = frozenset()
    changes |= {"id": data.get("name", path.stem), "kernels": kernels, "custom_ops": custom}
    changes["budgets"] = {**(base.budgets if base else {}), **data.get("budgets", {})}
    changes["provenance"] = {**(base.provenance if base else {}), **data.get("provenance", {}), "profile": str(path)}
    profile = replace(base, **changes) if base else RuntimeProfile(**{"int4": None, **changes})
    if profile.dtypes is None:
        return profile
    return replace(profile, tensor_types=profile.tensor_types & profile.dtypes)  # TFL516 says which tensor is out


def _base(source: _Source, through: tuple[Path, ...]) -> RuntimeProfile | None:
    """Give the profile that `extends` names; None for a profile that states everything."""
    name = source.data.get("extends")
    if name is None:
        stated = {field.name for field in fields(RuntimeProfile)} & {*FLAGS, *CHOICES, *RELEASES}
        stated = (stated | {"kernels", "tensor_types", "max_builtin_code"}) - OPTIONAL - {"batch"}
        missing = sorted(stated - set(source.data))
        if missing:
            raise TflintError(f"{source.path}:1: no `extends`, and no {', '.join(missing)}")
        return None
    if name.endswith(".toml"):
        return load_profile(source.path.parent / name, through)
    try:
        return resolve(name, through)
    except TflintError as error:
        source.refuse("", "extends", error.message)


_Ranges = dict[str, tuple[int, int]]


def _limited(source: _Source, kernels: _Ranges, custom: _Ranges, whose: str) -> tuple[_Ranges, _Ranges]:
    """Apply `ops` and `removed_ops`."""
    data = source.data
    if "ops" in data:
        for name in data["ops"]:
            if name not in kernels and name not in custom:
                hint = nearest(name, [*kernels, *custom])
                source.refuse("", "ops", f"{whose} has no kernel for {name!r}{hint}", element=name)
        kernels = {name: kernels[name] for name in data["ops"] if name in kernels}
        custom = {name: custom[name] for name in data["ops"] if name in custom}
    removed = data.get("removed_ops", ())
    for name in removed:
        if name not in kernels and name not in custom and name not in builtin_ops():
            hint = nearest(name, builtin_ops())
            source.refuse("", "removed_ops", f"unknown op {name!r}{hint}", element=name)
    return (
        {name: versions for name, versions in kernels.items() if name not in removed},
        {name: versions for name, versions in custom.items() if name not in removed},
    )


class _Source:
    """A TOML file, its values and where they stand."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.text = read(str(path)).decode("utf-8")
        except UnicodeDecodeError as error:
            raise TflintError(f"{path}: not UTF-8") from error
        try:
            self.data: dict[str, Any] = loads(self.text)
        except ValueError as error:
            at = re.search(r"\(at line (\d+), .*\)", str(error))
            line = int(at[1]) if at else len(self.text.splitlines())
            raise TflintError(f"{path}:{line}: {str(error).partition(' (at ')[0]}") from error

    def refuse(self, table: str, key: str, problem: str, element: object = None) -> NoReturn:
        """Raise for a key, naming its line."""
        raise TflintError(f"{self.path}:{self.line(table, key, element)}: {problem}")

    def line(self, table: str, key: str, element: object = None) -> int:
        """Line of a key, or of an element of its array."""
        inside, found = "", 1
        start = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*[=.]""")
        header = re.compile(r"\s*\[+\s*([^\]]+?)\s*\]+")
        lines = self.text.splitlines()
        for number, line in enumerate(lines, 1):
            if heading := header.match(line):
                inside = heading[1]
                if inside in (key, f"{table}.{key}"):
                    found = number
                    break
            elif (inside == table and start.match(line)) or (not inside and line.lstrip().startswith(f"{table}.{key}")):
                found = number
                break
        if element is not None:
            quoted = (f'"{element}"', f"'{element}'")
            for number, line in enumerate(lines[found - 1 :], found):
                if any(text in line for text in quoted):
                    return number
        return found

    def check(self) -> None:
        """Hold every key against its kind."""
        self._known("", self.data, KEYS)
        for key, value in self.data.items():
            problem = _problem(key, value)
            if problem:
                self.refuse("", key, f"{key} {problem}")
        for key in ("dtypes", "io_dtypes", "tensor_types"):
            for dtype in self.data.get(key, ()):
                if dtype not in tensor_type_names():
                    hint = nearest(dtype, tensor_type_names())
                    self.refuse("", key, f"unknown dtype {dtype!r}{hint}", element=dtype)
        self._known("budgets", self.data.get("budgets", {}), BUDGETS)
        for table in ("kernels", "custom"):
            for name, versions in self.data.get(table, {}).items():
                if not _is_range(versions):
                    self.refuse(table, name, f"{table}.{name} must be [lowest, highest] version")
        for name in self.data.get("kernels", {}):
            if name not in builtin_ops() and "extends" in self.data:  # a probe may meet ops that are newer than tflint
                self.refuse("kernels", name, f"unknown op {name!r}{nearest(name, builtin_ops())}")
        for name, value in self.data.get("budgets", {}).items():
            if not _is_count(value):
                self.refuse("budgets", name, f"budgets.{name} must be a positive integer")

    def _known(self, table: str, given: Mapping[str, object], known: Collection[str]) -> None:
        for key in given:
            if key not in known:
                self.refuse(table, key, f"unknown key {key!r}{nearest(key, known)}")


def _problem(key: str, value: object) -> str:
    """Say what is wrong with the kind of a value, empty when nothing."""
    if key in FLAGS:
        return "" if isinstance(value, bool) else "must be true or false"
    if key in CHOICES:
        options = CHOICES[key]
        hint = nearest(value, options) if isinstance(value, str) else ""
        return "" if value in options else f"must be one of {', '.join(map(repr, options))}{hint}"
    if key in NAMES:
        good = isinstance(value, list) and all(isinstance(item, str) and item for item in value)
        return "" if good else "must be a list of names"
    if key in RELEASES:
        good = isinstance(value, list) and bool(value) and all(_is_count(item, least=0) for item in value)
        return "" if good else "must be a list of integers"
    if key in TABLES:
        return "" if isinstance(value, dict) else "must be a table"
    if key == "max_builtin_code":
        return "" if _is_count(value, least=0) else "must be an integer"
    return "" if isinstance(value, str) and value else "must be a string"


def _is_count(value: object, least: int = 1) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


def _is_range(value: object) -> bool:
    if not (isinstance(value, list) and len(value) == 2):
        return False
    return all(_is_count(item, least=0) for item in value) and value[0] <= value[1]
