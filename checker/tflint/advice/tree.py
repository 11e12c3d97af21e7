"""The decision tree of `tree.json`: read, and walked for one target.

A question asks for one fact of a target; a leaf ranks the schemes that run there, the best first, and says why the
others are out. A scheme that a leaf does not name is `unknown`: no source says anything of it.
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tflint.runtimes.profile import RuntimeProfile

LEAF = "leaf:"


class Scheme(NamedTuple):
    """A way to quantize: dtypes of the parts of a layer with weights, and the kernels that it cannot do without."""

    name: str
    weights: str
    activations: str
    bias: str
    needs: Mapping[str, int]  # op -> least version
    calibration: bool = False
    dequantized: bool = False  # a DEQUANTIZE reads the weights, so that layers see floats


class Step(NamedTuple):
    """A question and its answer for a target."""

    asks: str
    answer: bool
    sources: tuple[str, ...]


class Said(NamedTuple):
    """What a leaf says of a scheme. `verdict`: supported, unsupported or unknown."""

    scheme: str
    verdict: str
    why: str
    sources: tuple[str, ...]


class Leaf(NamedTuple):
    """What the tree says of a kind of target."""

    name: str
    what: str  # "a GPU, beside a CPU"
    said: tuple[Said, ...]  # of all schemes, the best first
    fixed_shapes: bool
    one_scale: Said | None  # why dense layers need one scale, and for which schemes: names in `scheme`, commas between
    then: str  # a command on the quantized model {out}
    notes: tuple[Said, ...]


@lru_cache(maxsize=1)
def _tree() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(Path(__file__).with_name("tree.json").read_bytes())
    return found


@lru_cache(maxsize=1)
def schemes() -> dict[str, Scheme]:
    """All schemes by name."""
    return {name: Scheme(name, **raw) for name, raw in _tree()["schemes"].items()}


def walk(profile: RuntimeProfile) -> tuple[tuple[Step, ...], Leaf]:
    """The questions on the way to a target's leaf, and the leaf."""
    tree, facts, steps = _tree(), _facts(profile), []
    place = tree["start"]
    while not place.startswith(LEAF):
        question = tree["questions"][place]
        answer = _holds(question, facts[question["fact"]])
        steps.append(Step(question["asks"], answer, _urls(question["sources"])))
        place = question["yes" if answer else "no"]
    return tuple(steps), _leaf(place.removeprefix(LEAF))


def _facts(profile: RuntimeProfile) -> dict[str, Any]:
    """What questions may ask for."""
    return {
        "delegated": bool(profile.accelerator),
        "accelerator": profile.accelerator,
        "integers_only": integers_only(profile),
        "micro": profile.micro,
        "tasks": profile.tasks,
        "generation": profile.generation,
    }


def integers_only(profile: RuntimeProfile) -> bool:
    """It names an accelerator that computes with integers only."""
    if not profile.accelerator:
        return False
    from tflint.runtimes.accelerator import accelerator  # noqa: PLC0415 - for accelerators only

    return accelerator(profile.accelerator).quantized_only


def _holds(question: Mapping[str, Any], fact: Any) -> bool:
    return fact in question["in"] if "in" in question else fact >= tuple(question["at_least"])


def _leaf(name: str) -> Leaf:
    leaves = _tree()["leaves"]
    raw = leaves[name]
    raw = {**leaves[raw["like"]], **raw} if "like" in raw else raw
    out = [Said(row["scheme"], "unsupported", row["why"], _urls(row["sources"])) for row in raw["out"]]
    order = [row for row in raw["order"] if row["scheme"] not in {each.scheme for each in out}]
    said = [Said(row["scheme"], "supported", row["why"], _urls(row["sources"])) for row in order]
    named = {row.scheme for row in (*said, *out)}
    unknown = [Said(each, "unknown", "no source says whether it runs", ()) for each in schemes() if each not in named]
    scale = raw.get("one_scale")
    return Leaf(
        name,
        raw["is"],
        (*said, *unknown, *out),
        raw.get("fixed_shapes", False),
        Said(",".join(scale["schemes"]), "", scale["why"], _urls(scale["sources"])) if scale else None,
        raw.get("then", ""),
        tuple(Said("", "", note["text"], _urls(note["sources"])) for note in raw.get("notes", ())),
    )


def _urls(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(_tree()["sources"][name] for name in names)
