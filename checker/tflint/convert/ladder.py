"""The next rung: what to try after an attempt that gave no model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.convert.corrections import BATCH, LENGTH
from tflint.convert.recipe import TORCH, Change

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tflint.convert.diagnosis import Diagnosis
    from tflint.convert.recipe import Recipe

    Rung = Callable[[Recipe, bool], Iterator[Change]]


def next_rung(recipe: Recipe, diagnosis: Diagnosis, *, flex: bool) -> list[Change]:
    """Changes to try next; none: nothing is left. `flex`: the targets have TensorFlow's own kernels."""
    rungs = RUNGS.get(diagnosis.kind)
    why = str(diagnosis)
    for change in rungs(recipe, flex) if rungs else ():
        told = Change(change.field, change.value, why, change.key)
        if recipe.changed(told) != recipe:
            return [told]
    return []


def _flex(recipe: Recipe, flex: bool) -> Iterator[Change]:
    yield from _shapes(recipe, flex)
    if flex:
        yield Change("settings", ["TFLITE_BUILTINS", "SELECT_TF_OPS"], "", "supported_ops")


def _custom(recipe: Recipe, flex: bool) -> Iterator[Change]:
    yield from _shapes(recipe, flex)


def _shapes(recipe: Recipe, _: bool) -> Iterator[Change]:
    if recipe.batch is None:
        yield Change("batch", BATCH, "")
    if recipe.length is None:
        yield Change("length", LENGTH, "")


def _torch(_: Recipe, __: bool) -> Iterator[Change]:
    yield Change("converter", TORCH, "")


def _functions(_: Recipe, __: bool) -> Iterator[Change]:
    yield Change("settings", True, "", "_experimental_guarantee_all_funcs_one_use")


RUNGS: dict[str, Rung] = {
    "flex": _flex,
    "custom": _custom,
    "functions": _functions,
    "torch": _torch,
}
