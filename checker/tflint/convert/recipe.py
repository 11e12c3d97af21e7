"""A recipe: everything that a conversion depends on, as JSON that can be committed, replayed and compared."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any

from tflint.convert.settings import DTYPES, checked
from tflint.errors import TflintError, nearest, one_of
from tflint.source import FUNCTION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

VERSION = 1
TENSORFLOW, TORCH, AUTO = "tensorflow", "litert-torch", "auto"
EAGER, FUSE, UNROLL, CHANNELS_LAST = "eager", "tf-keras", "unroll", "channels-last"
SIGNATURE = "serving_default"
MAX_BYTES = 1 << 20
STEPS = (EAGER, FUSE, UNROLL, CHANNELS_LAST)
IMPORT = re.compile(r"import:[A-Za-z_][\w.]*")  # a step as well


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a model is converted."""

    source: str
    converter: str = TENSORFLOW
    """`tensorflow` or `litert-torch`, as it is installed; a release, such as `tensorflow==2.13.1`; or `auto`: the one
    that matches the target."""
    signature: str = SIGNATURE
    source_signature: str | None = None
    """The one of a SavedModel that is converted."""
    signatures: Mapping[str, str] = field(default_factory=dict)
    """Several of a SavedModel -> what they are called in the result. None named: all, but the second of two alike."""
    batch: int | None = None
    """Size of first dimensions that the source leaves open; None: they stay open."""
    length: int | None = None
    """Size of other dimensions that the source leaves open; None: they stay open."""
    dims: Mapping[str, int] = field(default_factory=dict)
    """Size of one dimension of an input, as `--fix-dim` has it: {"input_ids.1": 128}."""
    types: Mapping[str, str] = field(default_factory=dict)
    """Element type of an input, where it is not the source's: it is cast inside."""
    outputs: tuple[str, ...] = ()
    """Outputs to return, in this order; none named: all but those of single layers."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Settings of the converter, by its own names."""
    steps: tuple[str, ...] = ()
    """What is done to the source, and before it is loaded: those of STEPS and IMPORT."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Input or output of the source -> what it is to be called."""
    weights: str | None = None
    """A PyTorch checkpoint, or `module:function` that gives a torch module, whose weights go into the source."""
    map: Mapping[str, str] = field(default_factory=dict)
    """Parameter of a checkpoint -> variable of the class, for weights that do not match by name; or module -> layer."""
    quantize: str | None = None
    """A scheme of `tflint fix --quantize`, made of the float model."""
    calibration: str | None = None
    """Samples for it."""
    registerers: tuple[str, ...] = ()
    """What registers the custom operators that the result may have, `module:name` each: it is run with them."""
    targets: tuple[str, ...] = ()
    """Runtimes that the result is checked against."""
    metrics: tuple[str, ...] = ()
    """Gates of parity, as of `tflint verify --metric`."""

    @property
    def by_torch(self) -> bool:
        """litert-torch converts, and not TensorFlow."""
        return self.converter.partition("==")[0] == TORCH

    def changed(self, change: Change) -> Recipe:
        """This recipe with a change."""
        value = change.value if change.key is None else {**getattr(self, change.field), change.key: change.value}
        fresh: dict[str, Any] = {change.field: value}
        changed = replace(self, **fresh)
        return changed if changed.by_torch == self.by_torch else replace(changed, settings={})  # each has its own

    @property
    def plain(self) -> dict[str, Any]:
        """As JSON has it: what is as it would be anyway is left out."""
        found: dict[str, Any] = {"version": VERSION}
        for each in fields(self):
            value = getattr(self, each.name)
            if value not in (None, (), {}) or each.name == "source":
                found[each.name] = list(value) if isinstance(value, tuple) else value
        return found


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a recipe, and why it is there. `key`: of a field that is a mapping."""

    field: str
    value: Any
    why: str
    key: str | None = None
    code: str = ""
    """The rule whose finding asks for it."""

    @property
    def line(self) -> str:
        """`settings.allow_custom_ops = true`."""
        name = self.field if self.key is None else f"{self.field}.{self.key}"
        return f"{name} = {json.dumps(self.value)}"


def read_recipe(path: Path) -> Recipe:
    """The recipe of a file, whose paths are relative to its folder. Raises TflintError."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as problem:
        raise TflintError(f"{path}: cannot be read: {problem.strerror or problem}") from None
    if len(data) > MAX_BYTES:
        raise TflintError(f"{path}: no recipe has more than {MAX_BYTES} bytes")
    try:
        plain = json.loads(data)
    except (ValueError, RecursionError) as problem:
        raise TflintError(f"{path}: no JSON: {problem}") from None
    recipe = parsed(plain, str(path))
    return replace(
        recipe,
        source=_beside(path, recipe.source),
        weights=recipe.weights and _beside(path, recipe.weights),
        calibration=recipe.calibration and _beside(path, recipe.calibration),
    )


def _beside(recipe: Path, text: str) -> str:
    """A path that a recipe names, which is relative to its folder; functions as they are."""
    return text if FUNCTION.fullmatch(text) else str(recipe.parent / text)


def parsed(plain: Any, where: str) -> Recipe:
    """A recipe of JSON's objects. Raises TflintError for what no recipe has."""
    if not isinstance(plain, dict) or plain.get("version") != VERSION:
        raise TflintError(f'{where}: a recipe is a JSON object with "version": {VERSION}')
    names = [each.name for each in fields(Recipe)]
    found: dict[str, Any] = {}
    for name, value in plain.items():
        if name == "version":
            continue
        if name not in names:
            raise TflintError(f"{where}: a recipe has no {name!r}{nearest(name, names)}")
        if name == "steps" and _texts(value):
            for step in value:
                if not IMPORT.fullmatch(step):
                    one_of(step, f"{where}: a step", (*STEPS, "import:MODULE"))
        if name == "registerers" and _texts(value):
            for spec in value:
                registerer(spec, where)
        kind, good = KINDS[name]
        if not good(value):
            raise TflintError(f"{where}: {name} is {kind}, not {json.dumps(value)[:80]}")
        found[name] = tuple(value) if isinstance(value, list) else value
    if "source" not in found:
        raise TflintError(f"{where}: a recipe names its source")
    recipe = Recipe(**found)
    checked(recipe.settings, f"{where}: settings", by_torch=recipe.by_torch)
    return recipe


def registerer(spec: str, where: str) -> str:
    """What registers operators. Raises TflintError for what is not `module:name`."""
    if not all(spec.partition(":")):
        raise TflintError(f"{where} {spec}: write module:name")
    return spec


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value)


def _size(value: Any) -> bool:
    return type(value) is int and value > 0


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _table(good: Any) -> Any:
    return lambda value: isinstance(value, dict) and all(good(each) for each in value.values())


KINDS: dict[str, tuple[str, Any]] = {
    **dict.fromkeys(
        ("source", "converter", "signature", "source_signature", "weights", "quantize", "calibration"), ("text", _text)
    ),
    "batch": ("a size", _size),
    "length": ("a size", _size),
    "dims": ('a table of sizes, such as {"input_ids.1": 128}', _table(_size)),
    "types": (f"a table of types ({', '.join(DTYPES)})", _table(lambda value: value in DTYPES)),
    "settings": ("a table", lambda value: isinstance(value, dict)),
    **dict.fromkeys(("names", "map", "signatures"), ("a table of names", _table(_text))),
    **dict.fromkeys(("outputs", "steps", "registerers", "targets", "metrics"), ("a list of text", _texts)),
}
