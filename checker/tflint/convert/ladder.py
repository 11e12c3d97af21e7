"""The next rung: what to try after an attempt that gave no model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from tflint.convert.corrections import BATCH, longest
from tflint.convert.failures import library_of
from tflint.convert.recipe import TENSORFLOW, TORCH, Change
from tflint.source import FUNCTION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tflint.convert.attempt import Attempt
    from tflint.convert.diagnosis import Diagnosis
    from tflint.convert.recipe import Recipe
    from tflint.runtimes.profile import RuntimeProfile

    Rung = Callable[["Place"], Iterator[tuple[Change, ...]]]

BUILTINS, FLEX = "TFLITE_BUILTINS", "SELECT_TF_OPS"


class Place(NamedTuple):
    """Where on the ladder one stands."""

    tried: Attempt
    diagnosis: Diagnosis
    targets: Sequence[RuntimeProfile]

    @property
    def recipe(self) -> Recipe:
        """What was tried."""
        return self.tried.recipe

    @property
    def flex(self) -> bool:
        """Each target has TensorFlow's own kernels."""
        return bool(self.targets) and all(target.flex for target in self.targets)


def next_rung(tried: Attempt, diagnosis: Diagnosis, targets: Sequence[RuntimeProfile]) -> list[Change]:
    """Changes to try next; none: nothing is left. `targets`: what the result is for, none where nobody says."""
    rungs = RUNGS.get(diagnosis.kind)
    for changes in rungs(Place(tried, diagnosis, targets)) if rungs else ():
        told = [
            replace(change, why=str(diagnosis)) for change in changes if tried.recipe.changed(change) != tried.recipe
        ]
        if told:
            return told
    return []


def _sized(place: Place) -> Iterator[tuple[Change, ...]]:
    """Sizes for what the source leaves open."""
    shapes = [shape for shape, _ in place.tried.answer.get("source_inputs", {}).values() if shape]
    changes = []
    if place.recipe.batch is None and any(shape[0] is None for shape in shapes):
        changes.append(Change("batch", BATCH, ""))
    if place.recipe.length is None and any(None in shape[1:] for shape in shapes):
        changes.append(Change("length", longest(place.recipe.source), ""))
    yield tuple(changes)


def _setting(name: str, value: object) -> Rung:
    def rung(_: Place) -> Iterator[tuple[Change, ...]]:
        yield (Change("settings", value, "", name),)

    return rung


def _flex(place: Place) -> Iterator[tuple[Change, ...]]:
    yield from _sized(place)
    if place.flex:
        yield (_with_flex(place.recipe),)


def _with_flex(recipe: Recipe) -> Change:
    has = recipe.settings.get("supported_ops") or [BUILTINS]
    return Change("settings", has if FLEX in has else [*has, FLEX], "", "supported_ops")


def _tensor_list(place: Place) -> Iterator[tuple[Change, ...]]:
    yield from _sized(place)
    yield (Change("settings", True, "", "_experimental_default_to_single_batch_in_tensor_list_ops"),)
    if place.flex:
        lowered = Change("settings", False, "", "_experimental_lower_tensor_list_ops")
        yield _with_flex(place.recipe), lowered


def _custom(place: Place) -> Iterator[tuple[Change, ...]]:
    names = {operator.removeprefix("tf.") for operator in place.diagnosis.operators}
    if names and place.targets and all(names <= set(target.custom_ops) for target in place.targets):
        yield (Change("settings", True, "", "allow_custom_ops"),)


def _step(place: Place, *steps: str) -> Iterator[tuple[Change, ...]]:
    has = place.recipe.steps
    yield (Change("steps", (*has, *(step for step in steps if step not in has)), ""),)


def _imported(place: Place) -> Iterator[tuple[Change, ...]]:
    found = dict.fromkeys(filter(None, map(library_of, place.diagnosis.operators)))
    yield from _step(place, *(f"import:{library}" for library in found))


def _torch(_: Place) -> Iterator[tuple[Change, ...]]:
    yield (Change("converter", TORCH, ""),)


def _missing(place: Place) -> Iterator[tuple[Change, ...]]:
    """PyTorch, of which TensorFlow's environment has no part; or TensorFlow, where a function may give PyTorch's."""
    missing, recipe = str(place.tried.answer.get("missing")).partition(".")[0], place.recipe
    function = FUNCTION.fullmatch(recipe.source) and recipe.converter == TENSORFLOW
    if not recipe.by_torch and (missing == "torch" or (missing == "tensorflow" and function)):
        yield from _torch(place)


RUNGS: dict[str, Rung] = {
    "torch": _torch,
    "missing": _missing,
    "eager": lambda place: _step(place, "eager"),
    "flex": _flex,
    "custom": _custom,
    "functions": _setting("_experimental_guarantee_all_funcs_one_use", value=True),
    "tensor-list": _tensor_list,
    "unregistered": _imported,
    "variables": _setting("experimental_enable_resource_variables", value=True),
    "two-gigabytes": _setting("_experimental_use_buffer_offset", value=True),
}
