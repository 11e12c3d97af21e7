"""One target of the facts files, under the names of a RuntimeProfile (part of generate_runtimes.py)."""

from __future__ import annotations

import json
import sys
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PROBES = Path(__file__).with_name("runtime_probes.json")
TEXTS = Path(__file__).with_name("fact_texts.json")
# Where a LiteRT release stands between TensorFlow's, by which kernel table contains which (profiles.json
# kernels_superset_of_tf); the third number keeps LiteRT's own order where two tables do not tell.
GENERATIONS = {
    "1.0": (2, 17, 5),
    "1.1": (2, 19),
    "1.2": (2, 19, 2),
    "1.3": (2, 19, 3),
    "1.4": (2, 19, 4),
    "2.0": (2, 20, 2),
    "2.1.0": (2, 20, 5),
    "2.1.1": (2, 20, 5),
    "2.1.2": (2, 21),
    "2.1.3": (2, 21, 3),
    "2.1.4": (2, 21, 4),
    "2.1.5": (2, 21, 5),
    "2.1.6": (2, 21, 6),
    "2.2": (2, 22),
    "2.3": (2, 23),
}
BEHAVIOUR: dict[str, tuple[str, Callable[[Any], Any]]] = {  # key of a profile -> how the facts say it
    "opcode_field": ("opcode_field", lambda text: "max" if text.startswith("max") else "deprecated"),
    "constant_size": ("constant_buffer_size", lambda text: "at-least" if ">=" in text else "equal"),
    "verifies_structure": ("flatbuffer_structure_verified_by_python_from_buffer", bool),
    "signature_defs": ("signature_defs_parsed", bool),
    "buffer_offset": ("buffer_offset_honoured", bool),
    "empty_subgraph_ok": ("subgraph_without_operators_ok", bool),
    "int4": ("int4_constants_packed", {True: "packed", False: "bytes", None: None}.get),
}


class Facts:
    """The facts files, the probes and our texts."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.probes: dict[str, Any] = json.loads(PROBES.read_bytes())
        self.texts: dict[str, Any] = json.loads(TEXTS.read_bytes())

    def read(self, name: str) -> dict[str, Any]:
        """One facts file."""
        found: dict[str, Any] = json.loads((self.folder / f"{name}.json").read_bytes())
        return found

    @cached_property
    def profiles(self) -> dict[str, Any]:
        """profiles.json."""
        return self.read("profiles")

    @cached_property
    def kernels(self) -> dict[str, Any]:
        """Kernel tables by release of a package."""
        tables: dict[str, Any] = self.read("kernels")["runtimes"]
        return tables

    @cached_property
    def prepare(self) -> dict[str, Any]:
        """prepare.json."""
        return self.read("prepare")

    @cached_property
    def releases(self) -> dict[str, Any]:
        """Wheels by release of a package."""
        found: dict[str, Any] = self.read("builtin_ops")["releases"]
        return found

    def probe(self, release: str) -> dict[str, Any] | None:
        """Give the answer of a release of a package; TensorFlow's CPU build stands for it."""
        found: dict[str, Any] | None = self.probes.get(release) or self.probes.get(
            release.replace("tensorflow-", "tensorflow-cpu-")
        )
        return found


class Target:
    """One profile in the making."""

    def __init__(self, target: str, facts: Facts) -> None:
        self.id, self.facts = target, facts
        self.family, _, number = target.rpartition("-")
        self.release = tuple(map(int, number.split(".")))
        self.raw: dict[str, Any] = facts.profiles["runtimes"][target]
        twin = self.raw.get("same_kernels_as")
        self.twin = Target(twin, facts) if twin else None
        self.package = self.raw["package"].replace(" ", "-")  # "ai-edge-litert-2.3.0"

    @property
    def generation(self) -> tuple[int, ...]:
        """Position on TFLite's own timeline."""
        if self.family != "litert":
            return self.release[:2]
        number = ".".join(map(str, self.release))
        found = GENERATIONS.get(number) or GENERATIONS[".".join(map(str, self.release[:2]))]
        contained = tuple(map(int, self.raw["kernels_superset_of_tf"].split(".")[:2]))
        expect(found[:2] >= contained and found[:2] <= (2, 23), f"{self.id}: generation {found}, contains {contained}")
        return found

    @property
    def kernels(self) -> dict[str, list[int]]:
        """The measured table."""
        table: dict[str, list[int]] = self.facts.kernels[self.package]["kernels"]
        return table

    @property
    def probe(self) -> dict[str, Any] | None:
        """What this very release answered."""
        return self.facts.probe(self.package)

    @cached_property
    def tensor_types(self) -> list[str]:
        """Those that load, by number."""
        raw = self.raw.get("tensor_types_loadable")
        if raw is None and self.twin:
            return self.twin.tensor_types
        return [name.lower() for name in raw or ()]

    @property
    def behaviour(self) -> dict[str, Any]:
        """The facts of the loader, under the names of a profile."""
        raw = self.raw.get("behaviour") or self.facts.prepare["profiles_missing_behaviour"][self.id]
        found = {key: convert(raw[name]) for key, (name, convert) in BEHAVIOUR.items()}
        features = self.raw.get("schema_features") or (self.twin.raw.get("schema_features", {}) if self.twin else {})
        found["builtin_options2"] = features.get("builtin_options2", self.raw["max_builtin_code"] > 161)
        return found

    @property
    def custom_ops(self) -> list[str]:
        """Those that the default resolver registers."""
        owner = self.twin.raw if self.twin else self.raw
        found: list[str] = owner.get("builtin_custom_ops") or owner["resolvers"]["builtin_custom_ops"]
        return sorted(found)

    def confirm(self) -> None:
        """Hold the facts against the probe of this release."""
        if self.probe is None:
            return
        stated = {
            "kernels": self.kernels,
            "max_builtin_code": self.raw["max_builtin_code"],
            "tensor_types": self.tensor_types,
            "custom_ops": {name: [1, 1] for name in self.custom_ops},
            **self.behaviour,
        }
        for key, value in stated.items():
            expect(self.probe[key] == value, f"{self.id}: {key} is {value} in the facts, {self.probe[key]} by probe")


def expect(condition: bool, problem: str) -> None:
    """Stop on facts that contradict each other."""
    if not condition:
        sys.exit(problem)
