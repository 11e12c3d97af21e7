"""`tflint.fix`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from tflint.library.given import text, words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tflint.fixer.loop import FixReport
    from tflint.fixer.reconvert import Reconverted
    from tflint.fixer.variant import Quantized
    from tflint.library.given import Name, Names


@overload
def fix(
    model: Name,
    *,
    out: Name | None = ...,
    signature: str | None = ...,
    rename: Mapping[str, str] | None = ...,
    keep_outputs: Names = ...,
    fix_dims: Mapping[str, int | None] | None = ...,
    order: Names = ...,
    mean: float | Sequence[float] | None = ...,
    std: float | Sequence[float] | None = ...,
    labels: Name | None = ...,
    vocabulary: Name | None = ...,
    select: Names | None = ...,
    target: Names = ...,
    unsafe_fixes: bool = ...,
    plan: bool = ...,
    backup: bool = ...,
    progress: Callable[[str], None] | None = ...,
) -> FixReport: ...
@overload
def fix(
    model: Name,
    *,
    quantize: str,
    calibration: Name | None = ...,
    inputs: Name | None = ...,
    metrics: Names = ...,
    out: Name | None = ...,
    target: Names = ...,
    backup: bool = ...,
    timeout: float = ...,
    progress: Callable[[str], None] | None = ...,
) -> Quantized: ...
@overload
def fix(
    model: Name,
    *,
    source: Name,
    out: Name | None = ...,
    signature: str | None = ...,
    rename: Mapping[str, str] | None = ...,
    keep_outputs: Names = ...,
    fix_dims: Mapping[str, int] | None = ...,
    quantize: str | None = ...,
    calibration: Name | None = ...,
    inputs: Name | None = ...,
    metrics: Names = ...,
    weights: Name | None = ...,
    weight_map: Mapping[str, str] | None = ...,
    converter: str | None = ...,
    registerers: Names = ...,
    python: Name | None = ...,
    trust_source: bool = ...,
    target: Names = ...,
    backup: bool = ...,
    timeout: float = ...,
    progress: Callable[[str], None] | None = ...,
) -> Reconverted: ...
@overload
def fix(
    model: Name,
    *,
    recipe: Name,
    inputs: Name | None = ...,
    python: Name | None = ...,
    trust_source: bool = ...,
    out: Name | None = ...,
    backup: bool = ...,
    timeout: float = ...,
    progress: Callable[[str], None] | None = ...,
) -> Reconverted: ...
def fix(model: Name, **asked: Any) -> FixReport | Quantized | Reconverted:
    """Mend a model in its file, or write what comes of it to `out`; or quantize it; or convert it again from a source.

    Without more: findings of the selected rules that carry a safe fix, and what is asked for beside them (`signature`,
    `rename` as old -> new, `keep_outputs`, `fix_dims` as {"ids.1": 128} with None to open a size, `order`, TFLite
    Metadata); with `plan` it is only told what would be done. With `quantize` (a scheme, several with commas, or auto):
    variants of a float model. With `source` or `recipe`: a new conversion with a corrected setup.

    Each proves itself before the file is replaced, else that stays as it was. What held and what did not is in the
    report: `done` and `left` of a FixReport, `kept` and `missing` of Quantized, `problem` of Reconverted. Raises
    TflintError for what is the user's to mend, and for a fix that could not be made.
    """
    path = Path(model)
    plain = {key: value for key, value in asked.items() if value is not None}
    if "source" in plain or "recipe" in plain:
        from tflint.commands.convert import reconverted  # noqa: PLC0415 - conversion is large
        from tflint.commands.recipe import Request as Again  # noqa: PLC0415 - same

        return reconverted(Again(model=path, **_fields(plain)))
    if "quantize" in plain:
        from tflint.commands.quantize import Request as Smaller  # noqa: PLC0415 - same
        from tflint.commands.quantize import quantized  # noqa: PLC0415 - same

        return quantized(Smaller(model=path, scheme=plain.pop("quantize"), **_fields(plain)))
    from tflint.commands.fix import Request, mended  # noqa: PLC0415 - edits are many

    plan = plain.pop("plan", False)
    return mended(Request(model=path, **_fields(plain)), (lambda _: None) if plan else None)


def _fields(asked: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in asked.items():
        field, form = _FIELDS.get(name, (name, None))
        found[field] = form(value) if form else value
    return found


def _pairs(pairs: Mapping[str, object]) -> tuple[str, ...]:
    return tuple(f"{name}={'?' if value is None else value}" for name, value in pairs.items())


def _numbers(numbers: float | Sequence[float]) -> str:
    return ",".join(map(str, numbers if isinstance(numbers, (list, tuple)) else (numbers,)))


def _commas(names: Names) -> str:
    return ",".join(words(names))


_FIELDS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "out": ("out", Path),
    "recipe": ("recipe", Path),
    "labels": ("labels", Path),
    "vocabulary": ("vocabulary", Path),
    "source": ("source", text),
    "weights": ("weights", text),
    "calibration": ("calibration", text),
    "inputs": ("inputs", text),
    "python": ("python", text),
    "rename": ("renames", _pairs),
    "weight_map": ("map", _pairs),
    "fix_dims": ("fix_dims", _pairs),
    "keep_outputs": ("keep_outputs", words),
    "order": ("orders", words),
    "metrics": ("metrics", words),
    "registerers": ("registerers", words),
    "target": ("targets", words),
    "select": ("select", _commas),
    "mean": ("mean", _numbers),
    "std": ("std", _numbers),
    "unsafe_fixes": ("unsafe", bool),
    "trust_source": ("trusted", bool),
}
"""Argument -> the field of a request, and how it is written there."""
