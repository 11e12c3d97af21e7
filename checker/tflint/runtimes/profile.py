"""A target: what one runtime can load, read from `data/` (made by scripts/generate_runtimes.py from measurements).

A name is a profile id (`litert-2.3.0`), a family (`litert`: its newest release), a part of a release (`litert-2.1`:
its oldest release, so the promise holds for all of them) or the path of a TOML file, and then suffixes: `+flex` for
builds that link the Flex delegate, `+no-xnnpack` without the default delegate, `+compiled` for LiteRT's CompiledModel.
An accelerator's name (`gpu`) is a target as well: that delegate or NPU, beside the newest CPU runtime.
One target costs three small JSON files; the tables of ops that are not a target's own are read on first use.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from tflint.dataclass import dataclass, field, fields, replace
from tflint.errors import TflintError, nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = Path(__file__).parent / "data"
FAMILIES = ("tflite", "tflite-runtime", "litert", "tflm", "mediapipe", "mlkit")

ACCELERATORS = ("gpu", "nnapi", "coreml", "hexagon", "xnnpack", "edgetpu", "ethos-u55", "ethos-u65", "ethos-u85")

VersionRange = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class RuntimeProfile:
    """One runtime and, from a user's TOML, the limits put on it. Names of ops and dtypes as in `tflint.model`."""

    id: str
    family: str
    release: tuple[int, ...]
    generation: tuple[int, ...]
    """Where its kernels stand on TFLite's own timeline, by which table contains which: litert-1.4.0 is (2, 19, 4)."""
    kernels: Mapping[str, VersionRange]
    max_builtin_code: int
    tensor_types: frozenset[str]
    opcode_field: Literal["max", "deprecated"]
    """Which field holds the builtin code: TF <= 2.3 reads the int8 one only."""
    constant_size: Literal["equal", "at-least"]
    """How a constant's bytes must compare with its shape's."""
    verifies_structure: bool
    """`Interpreter(model_content=...)` runs the FlatBuffers structure check."""
    signature_defs: bool
    null_signature_maps_ok: bool
    buffer_offset: bool
    empty_subgraph_ok: bool
    int4: Literal["packed", "bytes"] | None
    builtin_options2: bool
    xnnpack: bool
    xnnpack_custom_ops: frozenset[str] = frozenset()
    custom_ops: Mapping[str, VersionRange] = field(default_factory=dict)
    flex: bool = False
    compiled: bool = False
    verifies_graph: bool = False
    """It runs the official verifier (core/tools/verifier.cc), which no interpreter does by itself."""
    micro: bool = False
    dtypes: frozenset[str] | None = None
    io_dtypes: frozenset[str] | None = None
    batch: Literal["fixed", "dynamic", "one"] | None = None
    budgets: Mapping[str, int] = field(default_factory=dict)
    tasks: Literal["mediapipe", "mlkit"] | None = None
    """The task library around the runtime, which lives by TFLite Metadata."""
    accelerator: str = ""
    """The delegate or NPU that is to run the model, the rest of this profile being the CPU beside it."""
    inferred: str = ""
    """Why nothing is known for sure of this runtime: what its stand-in refuses it refuses, the rest is unknown."""
    provenance: Mapping[str, str] = field(default_factory=dict)


FLAGS = tuple(each.name for each in fields(RuntimeProfile) if each.type == "bool")


class MinimumRuntime(NamedTuple):
    """First releases whose default resolver takes an (op, version), measured; `claimed` by TFLite's own table."""

    tflite: str | None
    litert: str | None
    claimed: str | None


class CustomOpFact(NamedTuple):
    """A known custom op: who provides it and how to have it resolved."""

    name: str
    provider: str
    kind: str
    resolve: str
    source: str


class CustomOpPattern(NamedTuple):
    """A class of custom op names."""

    pattern: re.Pattern[str]
    meaning: str
    resolve: str
    source: str


def target_ids() -> list[str]:
    """List all profile ids, by family, oldest release first."""
    return list(_index()["targets"])


def tensor_type_names() -> list[str]:
    """Names of TensorType by number, of the newest schema known."""
    return list(_index()["tensor_types"])


def resolve(name: str, through: tuple[Path, ...] = ()) -> RuntimeProfile:
    """Give the profile of a target name or TOML file; `through` are the files that extend it. Raises TflintError."""
    if name.endswith(".toml"):
        from tflint.runtimes.toml_profile import load_profile  # noqa: PLC0415 - a user's own profile only

        return load_profile(Path(name), through)
    base, *suffixes = name.split("+")
    if base in ACCELERATORS:
        return _accelerated(base, suffixes)
    known = _canonical(base)
    return _suffixed(_load(known) if known else _of_pack(base, through), suffixes)


def _accelerated(name: str, suffixes: list[str]) -> RuntimeProfile:
    """Give the CPU runtime beside an accelerator, under the accelerator's name."""
    from tflint.runtimes.accelerator import accelerator  # noqa: PLC0415 - reads data by this module

    if suffixes:
        raise TflintError(f"target {name!r} has no '+{suffixes[0]}': it is an accelerator")
    table = accelerator(name)
    base = _load(table.base)
    facts = {"package": name, "accelerator": "; ".join(table.source), "cpu": table.base}
    return replace(base, id=name, accelerator=name, provenance={**base.provenance, **facts})


def _canonical(name: str) -> str | None:
    """Give the id that a name stands for; None when it is no target of tflint's own."""
    targets: list[str] = _index()["targets"]
    if name in targets:
        return name
    if name in FAMILIES:
        return [target for target in targets if _family(target) == name][-1]
    within = (target for target in targets if target.startswith(f"{name}.") and _family(target) == _family(name))
    return next(within, None)


def _of_pack(name: str, through: tuple[Path, ...]) -> RuntimeProfile:
    from tflint.runtimes.packs import pack_targets  # noqa: PLC0415 - looks through all that is installed
    from tflint.runtimes.toml_profile import load_profile  # noqa: PLC0415 - a pack's own profile only

    packs = pack_targets()
    if name not in packs:
        known = [*target_ids(), *FAMILIES, *ACCELERATORS, *packs]
        raise TflintError(f"unknown target {name!r}{nearest(name, known)}; see `tflint target list`")
    return replace(load_profile(packs[name].path, through), id=name)


def _family(target: str) -> str:
    return target.rpartition("-")[0] or target


def _suffixed(profile: RuntimeProfile, suffixes: list[str]) -> RuntimeProfile:
    """Apply suffixes; the id lists them in one order, however they were given."""
    for suffix in suffixes:
        if suffix not in _SUFFIXES:
            raise TflintError(f"unknown target suffix '+{suffix}'{nearest(suffix, _SUFFIXES)}")
        families, why = _SUFFIXES[suffix]
        if profile.family not in families:
            raise TflintError(f"target {profile.id!r} has no '+{suffix}': {why}")
    if "compiled" in suffixes and profile.release < _FIRST_COMPILED:
        raise TflintError(f"target {profile.id!r} has no '+compiled': {_SUFFIXES['compiled'][1]}")
    given = [suffix for suffix in _SUFFIXES if suffix in suffixes]
    if not given:
        return profile
    return replace(
        profile,
        id="+".join([profile.id, *given]),
        flex=profile.flex or "flex" in given,
        compiled="compiled" in given,
        xnnpack=profile.xnnpack and "no-xnnpack" not in given,
        xnnpack_custom_ops=frozenset() if "no-xnnpack" in given else profile.xnnpack_custom_ops,
    )


# suffix -> families that have it, and what to say to the others. Order: that of ids.
_SUFFIXES: dict[str, tuple[tuple[str, ...], str]] = {
    "flex": (
        ("tflite",),
        "no published build of it links Flex; for a build that does, `flex = true` in a TOML profile",
    ),
    "no-xnnpack": (("tflite", "tflite-runtime", "litert"), "it has no delegates"),
    "compiled": (("litert",), "the CompiledModel API is LiteRT's, in its wheels since 1.3.0"),
}
_FIRST_COMPILED = (1, 3)  # compiled_model.py is in the 1.3.0 wheel, not in the 1.2.0 one


def read_data(name: str) -> dict[str, Any]:
    """One file of `data/`."""
    found: dict[str, Any] = json.loads((DATA / f"{name}.json").read_bytes())
    return found


@lru_cache(maxsize=1)
def _index() -> dict[str, Any]:
    return read_data("index")


@lru_cache(maxsize=8)
def _load(target: str) -> RuntimeProfile:
    """Read a profile by its id: facts of the target, and the kernel table that it shares with others."""
    facts = read_data(f"targets/{target}")
    table = read_data(f"kernels/{facts.pop('kernels')}")
    return RuntimeProfile(
        id=target,
        kernels=version_ranges(table["kernels"]),
        custom_ops=version_ranges(facts.pop("custom_ops")),
        release=tuple(facts.pop("release")),
        generation=tuple(facts.pop("generation")),
        tensor_types=frozenset(_index()["tensor_types"][: facts.pop("max_tensor_type") + 1]),
        xnnpack_custom_ops=frozenset(facts.pop("xnnpack_custom_ops")),
        provenance={**facts.pop("provenance"), "kernels": table["provenance"]},
        **facts,
    )


def version_ranges(raw: Mapping[str, list[int]]) -> dict[str, VersionRange]:
    """Turn the lists of JSON and TOML into the pairs of a profile."""
    return {name: (low, high) for name, (low, high) in raw.items()}


def minimum_runtime(op: str, version: int) -> MinimumRuntime:
    """Give the first releases that take this (op, version); all None when nothing is known of it."""
    return MinimumRuntime(*_op_versions().get(op, {}).get(str(version), (None, None, None)))


@lru_cache(maxsize=1)
def known_ops() -> frozenset[str]:
    """Builtin ops that some measured release has a kernel for: all that TFLite's own table lists but one."""
    return frozenset(op for op, versions in _op_versions().items() if any(v[0] or v[1] for v in versions.values()))


@lru_cache(maxsize=1)
def _op_versions() -> dict[str, dict[str, tuple[str | None, str | None, str | None]]]:
    found: dict[str, dict[str, tuple[str | None, str | None, str | None]]] = read_data("op_versions")["ops"]
    return found


@lru_cache(maxsize=3)
def flex_allowlist(
    provider: Literal["tensorflow", "tensorflow_text", "sentencepiece"] = "tensorflow",
) -> frozenset[str]:
    """TensorFlow ops that Flex serves, without its prefix; a wheel has tensorflow's, a program may import others."""
    return frozenset(read_data("flex_allowlist")[provider])


@lru_cache(maxsize=1)
def _custom_ops() -> dict[str, Any]:
    return read_data("custom_ops")


def custom_op_facts(name: str) -> CustomOpFact | None:
    """Give what is known of a custom op by its exact name; a TensorFlow op left as custom is known as such."""
    raw = _custom_ops()["ops"].get(name)
    if raw is None and name in flex_allowlist():
        raw = _custom_ops()["unconverted"]
    return CustomOpFact(name, **raw) if raw is not None else None


def custom_op_names() -> list[str]:
    """All known custom ops."""
    return list(_custom_ops()["ops"])


@lru_cache(maxsize=1)
def custom_op_patterns() -> tuple[CustomOpPattern, ...]:
    """Classes of custom op names, the most specific first."""
    return tuple(
        CustomOpPattern(re.compile(raw["pattern"]), raw["meaning"], raw["resolve"], raw["source"])
        for raw in _custom_ops()["patterns"]
    )
