"""Recipes: JSON that says everything, that is read back as it was written, and that is refused by its first mistake."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tflint.convert.recipe import VERSION, Change, Recipe, parsed, read_recipe
from tflint.errors import TflintError

if TYPE_CHECKING:
    from pathlib import Path

FULL = Recipe(
    "checkpoint",
    converter="tensorflow==2.13.1",
    signature="encode",
    batch=1,
    length=64,
    dims={"input_ids.1": 32},
    types={"input_ids": "int32"},
    outputs=("last_hidden_state",),
    settings={"allow_custom_ops": True, "supported_ops": ["TFLITE_BUILTINS"]},
    names={"last_hidden_state": "hidden"},
    steps=("eager", "import:tensorflow_text", "tf-keras", "unroll"),
    weights="weights:module",
    map={"classifier.0": "hidden"},
    registerers=("tensorflow_text:tflite_registrar.SELECT_TFTEXT_OPS",),
    signatures={"encode": "enc"},
    targets=("tflite-2.12",),
    metrics=("cosine:0.999",),
)


BY_TORCH = Recipe(
    "c", converter="litert-torch", settings={"strict_export": "auto", "_litert_converter_flags": {"x": 1}}
)


@pytest.mark.parametrize("recipe", [Recipe("m.keras"), FULL, BY_TORCH])
def test_what_is_written_is_read(recipe: Recipe, tmp_path: Path) -> None:
    """A recipe is the same after a trip through a file."""
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps(recipe.plain))

    assert read_recipe(file) == replace(recipe, source=str(tmp_path / recipe.source))


MISTAKES: list[tuple[Any, str]] = [
    ([], "a JSON object"),
    ({"source": "m"}, '"version": 1'),
    ({"version": VERSION}, "names its source"),
    ({"version": VERSION, "source": "m", "settigns": {}}, "did you mean 'settings'"),
    ({"version": VERSION, "source": "m", "batch": 0}, "batch is a size, not 0"),
    ({"version": VERSION, "source": "m", "batch": True}, "batch is a size, not true"),
    ({"version": VERSION, "source": "m", "outputs": "x"}, "outputs is a list of text"),
    ({"version": VERSION, "source": "m", "steps": ["eager", "import:os;x"]}, "a step is one of"),
    ({"version": VERSION, "source": "m", "registerers": ["tensorflow_text"]}, "write module:name"),
    ({"version": VERSION, "source": "m", "steps": ["tf_keras"]}, "did you mean 'tf-keras'"),
    ({"version": VERSION, "source": "m", "types": {"x": "int12"}}, "types is a table of types"),
    ({"version": VERSION, "source": "m", "settings": {"allow_custom_op": True}}, "did you mean 'allow_custom_ops'"),
    ({"version": VERSION, "source": "m", "settings": {"allow_custom_ops": 1}}, "is true or false, not 1"),
    (
        {"version": VERSION, "source": "m", "settings": {"use_v2": True}},
        "TensorFlow's converter has no setting 'use_v2'",
    ),
    (
        {"version": VERSION, "source": "m", "converter": "litert-torch", "settings": {"allow_custom_ops": True}},
        "litert-torch's converter has no setting 'allow_custom_ops': it is TensorFlow's",
    ),
    (
        {"version": VERSION, "source": "m", "converter": "litert-torch==0.10.0", "settings": {"strict_export": "yes"}},
        "strict_export is one of true, false, auto, not 'yes'",
    ),
    (
        {"version": VERSION, "source": "m", "converter": "litert-torch", "settings": {"_litert_converter_flags": []}},
        "_litert_converter_flags is a table",
    ),
    ({"version": VERSION, "source": "m", "settings": {"supported_ops": ["GPU"]}}, "supported_ops is a list of"),
]


@pytest.mark.parametrize(("plain", "told"), MISTAKES)
def test_a_mistake_is_named(plain: Any, told: str) -> None:
    """What no recipe has is refused in one line that says what it should be."""
    with pytest.raises(TflintError) as raised:
        parsed(plain, "recipe.json")

    assert told in raised.value.message
    assert raised.value.message.startswith("recipe.json")
    assert "\n" not in raised.value.message


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe", b"[" * 100_000, b" " * (1 << 21)])
def test_what_is_no_json_is_refused(content: bytes, tmp_path: Path) -> None:
    """Damaged, deep and huge files end in one line."""
    file = tmp_path / "recipe.json"
    file.write_bytes(content)

    with pytest.raises(TflintError, match=r"recipe\.json"):
        read_recipe(file)


def test_a_change_is_one_line() -> None:
    """A change of a field and of a key of one, and the line that says it."""
    whole = Change("batch", 1, "why")
    part = Change("settings", ["TFLITE_BUILTINS"], "why", "supported_ops")

    changed = Recipe("m").changed(whole).changed(part)

    assert (changed.batch, changed.settings) == (1, {"supported_ops": ["TFLITE_BUILTINS"]})
    assert [whole.line, part.line] == ["batch = 1", 'settings.supported_ops = ["TFLITE_BUILTINS"]']
