"""What is asked of a conversion, and the recipe that it makes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.config.hierarchy import Hierarchy
from tflint.convert.flags import dim, pair, signed
from tflint.convert.recipe import TENSORFLOW, TORCH, Recipe, read_recipe, registerer
from tflint.errors import TflintError
from tflint.source import by_torch, require_torch, source_of

if TYPE_CHECKING:
    from collections.abc import Callable

IN_RECIPE = {
    "--signature": "signature",
    "--keep-output": "keep_outputs",
    "--rename": "renames",
    "--fix-dim": "fix_dims",
    "--quantize": "quantize",
    "--calibration": "calibration",
    "--metric": "metrics",
    "--target": "targets",
    "--weights": "weights",
    "--map": "map",
    "--converter": "converter",
    "--registerer": "registerers",
}
"""Flag -> what it says, of those that a recipe has fields for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What to convert again, and how: a source, or a recipe that names one. Texts are as the command line has them."""

    model: Path
    source: str | None = None
    recipe: Path | None = None
    signature: str | None = None
    keep_outputs: tuple[str, ...] = ()
    renames: tuple[str, ...] = ()
    fix_dims: tuple[str, ...] = ()
    quantize: str | None = None
    calibration: str | None = None
    inputs: str | None = None
    metrics: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    weights: str | None = None
    map: tuple[str, ...] = ()
    converter: str | None = None
    registerers: tuple[str, ...] = ()
    python: str | None = None
    trusted: bool = False
    out: Path | None = None
    backup: bool = False
    timeout: float = 600.0
    progress: Callable[[str], None] = lambda _: None


def origin_of(model: Path) -> tuple[str | None, Path | None]:
    """Source, or the recipe that names one, as the configuration has it for a model."""
    known: dict[str, Any] = {}
    for glob, table in Hierarchy().of(model).models.items():
        if glob.matches(os.path.abspath(model)):  # noqa: PTH100 - globs match paths as they are written, links and all
            known |= table
    return (None, Path(known["recipe"])) if "recipe" in known else (known.get("source"), None)


def recipe_of(request: Request) -> Recipe:
    """The recipe of the file, or the first one for a source. Raises TflintError."""
    if request.recipe is not None:
        if request.source is not None:
            raise TflintError("--recipe names its source: write --source or --recipe")
        said = next((flag for flag, name in IN_RECIPE.items() if getattr(request, name)), None)
        if said is not None:
            raise TflintError(f"{said} is for --source: a recipe is followed as it is, so write it there")
        return read_recipe(request.recipe)
    assert request.source is not None  # noqa: S101 - the caller's condition
    source = source_of(request.source)
    converter = request.converter or (TORCH if by_torch(source) else TENSORFLOW)
    if converter.partition("==")[0] == TORCH:
        require_torch(source)
    recipe = Recipe(
        request.source,
        converter=converter,
        settings={"allow_custom_ops": True} if request.registerers and converter.partition("==")[0] != TORCH else {},
        outputs=request.keep_outputs,
        dims=dict(map(dim, request.fix_dims)),
        names=dict(pair("--rename", text) for text in request.renames),
        weights=request.weights,
        map=dict(pair("--map", text) for text in request.map),
        targets=request.targets,
        metrics=request.metrics,
        quantize=request.quantize,
        calibration=request.calibration,
        registerers=tuple(registerer(spec, "--registerer") for spec in request.registerers),
    )
    return signed(recipe, request.signature) if request.signature else recipe
