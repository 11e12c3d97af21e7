"""What flags of the command line say of a recipe. Each raises TflintError for what is written otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tflint.errors import TflintError
from tflint.source import source_of

if TYPE_CHECKING:
    from tflint.convert.recipe import Recipe


def signed(recipe: Recipe, text: str) -> Recipe:
    """With the signatures of `KEY,SOURCE=KEY`: several of a SavedModel, else what the one is called."""
    if source_of(recipe.source).kind != "saved-model":
        if "," in text or "=" in text:
            raise TflintError(f"--signature {text}: {recipe.source} gives one signature: write KEY")
        return replace(recipe, signature=text)
    pairs = [pair("--signature", each if "=" in each else f"{each}={each}") for each in text.split(",")]
    return replace(recipe, signatures=dict(pairs))


def dim(text: str) -> tuple[str, int]:
    """`INPUT.DIM=SIZE`."""
    place, equals, size = text.rpartition("=")
    name, dot, number = place.rpartition(".")
    if not (equals and dot and name and number.isdecimal() and size.isdecimal() and int(size)):
        raise TflintError(f"--fix-dim {text}: write INPUT.DIM=SIZE, such as input_ids.1=128")
    return f"{name}.{int(number)}", int(size)


def pair(flag: str, text: str) -> tuple[str, str]:
    """`OLD=NEW` of a flag."""
    old, equals, new = text.partition("=")
    if not (equals and old and new):
        raise TflintError(f"{flag} {text}: write OLD=NEW")
    return old, new
