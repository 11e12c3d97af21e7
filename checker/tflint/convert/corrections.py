"""From findings to a recipe: which line of it would have kept a finding from being there.

A conversion by tflint has a signature, the source's own names and inference mode, keeps the weights of variables and
leaves out outputs of single layers, whatever the recipe says: what those mend takes no line.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.convert.recipe import AUTO, CHANNELS_LAST, FUSE, SIGNATURE, TENSORFLOW, UNROLL, Change
from tflint.findings import Severity
from tflint.parity.entry import entries

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tflint.convert.recipe import Recipe
    from tflint.findings import Finding
    from tflint.model.view import Model

    Correct = Callable[[Finding, Recipe], Iterator[Change]]

BATCH, LENGTH = 1, 128  # sizes of what is open, where nobody says another
OPEN = "a checkpoint leaves it open, and an app would have to resize it (TFL401)"
STATIC = "litert-torch converts for the shapes of a sample: none stays open"
SHAPING = ("BROADCAST_ARGS", "UNSORTED_SEGMENT_PROD")
"""Operators by which a graph computes open shapes (of a broadcast, of an einsum): they go when sizes are fixed."""
NEWER = ("TFL201", "TFL202")
NARROW = {"int64": "int32", "uint64": "int32", "float64": "float32"}
ANYWAY = {
    "TFL101": "a signature",
    "TFL102": "the source's own names",
    "TFL103": "names in one order",
    "TFL108": "the outputs that are wanted, and none of single layers",
    "TFL109": "the outputs that are wanted, and none of single layers",
    "TFL207": "the graph of inference",
    "TFL606": "the weights of its variables",
}
"""What each conversion gives, and the findings that it mends."""


def corrected(recipe: Recipe, findings: Iterable[Finding]) -> tuple[Recipe, list[Change]]:
    """The recipe with what these findings ask for, and each line that is new, in the order of the findings.

    First what is newer than the target: it has to see whether sizes are set. A checkpoint asks for sizes by itself.
    """
    changes: list[Change] = []

    def take(some: Iterable[Change]) -> None:
        nonlocal recipe
        for change in some:
            better = recipe.changed(change)
            if better != recipe:
                changes.append(change)
                recipe = better

    for finding in sorted(findings, key=lambda each: each.rule.code not in NEWER):
        if finding.suppressed is None and finding.rule.code in CORRECTIONS:
            take(CORRECTIONS[finding.rule.code](finding, recipe))
    take(_sizes(recipe))
    return recipe, changes


def wanted(changes: Iterable[Change], inputs: Mapping[str, Any]) -> list[Change]:
    """Changes but sizes of what a source does not leave open. `inputs`: name -> [sizes, None where open; dtype]."""
    shapes = [shape for shape, _ in inputs.values()]
    open_batch = any(shape is None or (shape and shape[0] is None) for shape in shapes)
    open_length = any(shape is None or None in shape[1:] for shape in shapes)
    useless = {name for name, needed in (("batch", open_batch), ("length", open_length)) if shapes and not needed}
    return [change for change in changes if change.field not in useless]


def longest(source: str) -> int:
    """The length for what a source leaves open: a checkpoint may have fewer positions."""
    try:
        most = json.loads(Path(source, "config.json").read_text(encoding="utf-8"))["max_position_embeddings"]
    except (OSError, ValueError, LookupError, TypeError):
        return LENGTH
    return min(LENGTH, most) if isinstance(most, int) and most > 0 else LENGTH


AS_BEFORE = "as the model has it"


def as_before(recipe: Recipe, model: Model) -> list[Change]:
    """What an app calls and feeds stays as it is: signatures, and the sizes that a model of text has."""
    return [*_called(recipe, signature_keys(model)), *_fed(recipe, model)]


def signature_keys(model: Model) -> list[str]:
    """Keys of its signatures."""
    return [entry.key for entry in entries(model) if entry.key is not None]


def _called(recipe: Recipe, keys: list[str]) -> list[Change]:
    """Signatures that a model has, unless the recipe says which."""
    if recipe.signatures or recipe.source_signature or recipe.signature != SIGNATURE:
        return []
    if Path(recipe.source, "saved_model.pb").exists():
        return [Change("signatures", key, AS_BEFORE, key) for key in keys]
    return [Change("signature", keys[0], AS_BEFORE)] if len(keys) == 1 and keys != [SIGNATURE] else []


def _fed(recipe: Recipe, model: Model) -> list[Change]:
    """Sizes of a model of text, for a checkpoint that leaves them open."""
    shapes = {port.shape for port in entries(model)[0].inputs}
    if not _is_checkpoint(recipe) or len(shapes) != 1:
        return []
    found = dict(zip(("batch", "length"), shapes.pop() or (), strict=False))
    if found.get("length", 0) <= 1:  # open, or what a converter makes of that
        return []
    return [Change(name, size, AS_BEFORE) for name, size in found.items() if size > 0 and getattr(recipe, name) is None]


def _is_checkpoint(recipe: Recipe) -> bool:
    return Path(recipe.source, "config.json").exists()


def _sizes(recipe: Recipe) -> Iterator[Change]:
    """A checkpoint leaves them open: litert-torch wants them, and of TensorFlow's first model they would be asked."""
    if not _is_checkpoint(recipe):
        return
    why = STATIC if recipe.by_torch else OPEN
    if recipe.batch is None:
        yield Change("batch", BATCH, why)
    if recipe.length is None:
        yield Change("length", longest(recipe.source), why)


def _change(finding: Finding, field: str, value: Any, key: str | None = None) -> Change:
    return Change(field, value, finding.message, key, finding.rule.code)


def _fixed(finding: Finding, recipe: Recipe) -> Iterator[Change]:
    """Open dimensions are given sizes: those that a finding shows, or all. Sizes that somebody has set stay."""
    dims = finding.data.get("dims") if finding.data.get("side") == "input" else None
    if recipe.batch is None and (dims is None or -1 in dims[:1]):
        yield _change(finding, "batch", BATCH)
    if recipe.length is None and (dims is None or -1 in dims[1:]):
        yield _change(finding, "length", longest(recipe.source))


def _narrowed(finding: Finding, recipe: Recipe) -> Iterator[Change]:
    """Inputs of 64 bits become ones of 32."""
    name, dtype = finding.data.get("name"), finding.data.get("dtype")
    if finding.data.get("role") == "input" and dtype in NARROW and name not in recipe.types:
        yield _change(finding, "types", NARROW[dtype], name)


def _lowered(finding: Finding, recipe: Recipe) -> Iterator[Change]:
    """What is newer than the target: sizes or the setting that lower it, else the release that matches."""
    op = finding.data.get("op")
    if op in SHAPING and recipe.batch is None:
        yield from _fixed(finding, recipe)
        return
    if recipe.by_torch:
        return  # litert-torch has no setting that lowers a version
    if op == "FULLY_CONNECTED" and recipe.settings.get("optimizations"):
        yield _per_tensor(finding)
    elif op == "BATCH_MATMUL" and "unfold_batchmatmul" not in recipe.settings:
        yield _change(finding, "settings", value=True, key="unfold_batchmatmul")
    elif recipe.converter == TENSORFLOW:
        yield _change(finding, "converter", AUTO)


def _dense(finding: Finding, recipe: Recipe) -> Iterator[Change]:
    """One scale for all weights of a dense layer."""
    if recipe.settings.get("optimizations"):
        yield _per_tensor(finding)


def _per_tensor(finding: Finding) -> Change:
    return _change(
        finding, "settings", value=True, key="_experimental_disable_per_channel_quantization_for_dense_layers"
    )


def _builtins(finding: Finding, recipe: Recipe) -> Iterator[Change]:
    """Builtin operators alone, on fixed shapes: what the converter then names has to change."""
    yield from _fixed(finding, recipe)
    if "supported_ops" not in recipe.settings and not recipe.by_torch:
        yield _change(finding, "settings", ["TFLITE_BUILTINS"], "supported_ops")


def _fake_quantized(finding: Finding, recipe: Recipe) -> Iterator[Change]:
    """What training with quantization left is made use of."""
    if not recipe.by_torch:
        yield _change(finding, "settings", ["DEFAULT"], "optimizations")


def _fused(finding: Finding, recipe: Recipe) -> Iterator[Change]:
    """Recurrent layers as Keras 2 has them, with a batch of one; what no operator does is written out."""
    yield from _fixed(finding, recipe)
    yield from _step(finding, recipe, FUSE, UNROLL)


def _unrolled(finding: Finding, recipe: Recipe) -> Iterator[Change]:
    """Recurrent layers are written out."""
    yield from _step(finding, recipe, UNROLL)


def _step(finding: Finding, recipe: Recipe, *steps: str) -> Iterator[Change]:
    if not recipe.by_torch:
        yield _change(finding, "steps", (*recipe.steps, *(step for step in steps if step not in recipe.steps)))


def _channels_last(finding: Finding, recipe: Recipe) -> Iterator[Change]:
    """Images go in and come out as the kernels want them; an input alone that is turned is one copy, and stays."""
    if recipe.by_torch and finding.severity is Severity.WARNING and CHANNELS_LAST not in recipe.steps:
        yield _change(finding, "steps", (*recipe.steps, CHANNELS_LAST))


CORRECTIONS: dict[str, Correct] = {
    "TFL201": _lowered,
    "TFL202": _lowered,
    "TFL301": _builtins,
    "TFL302": _builtins,
    "TFL401": _fixed,
    "TFL402": _fixed,
    "TFL404": _fixed,
    "TFL405": _fixed,
    "TFL409": _channels_last,
    "TFL501": _narrowed,
    "TFL511": _dense,
    "TFL515": _fake_quantized,
    "TFL601": _fused,
    "TFL602": _unrolled,
    "TFL604": _fused,
}
