"""`tflint fix MODEL --source` before anything is converted: from findings, flags and configuration to a recipe."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from command import tflint
from tflint import sketch
from tflint.commands.fix import targets_of
from tflint.convert.corrections import corrected, wanted
from tflint.convert.recipe import Change, Recipe
from tflint.engine import Plan, check_model
from tflint.fixer import reconvert
from tflint.model.read import decode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from pathlib import Path

OPEN = """
x: float32[1,4] sig=[-1,4]
y: float32[1,4] sig=[-1,4] = TANH(x)
signature serving_default(x=x) -> (y=y)
"""
"""A batch that may vary."""


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """What looks like a checkpoint, for what does not load it."""
    folder = tmp_path / "checkpoint"
    folder.mkdir()
    (folder / "config.json").write_text('{"architectures": ["BertModel"]}')
    (folder / "tf_model.h5").write_bytes(b"")
    return folder


def test_a_plan_says_why(checkpoint: Path, tmp_path: Path) -> None:
    """Each line of the recipe has the finding behind it, and nothing is written or run."""
    (tmp_path / "m.tflite").write_bytes(sketch.build("x: int64[1,4]\ny: int64[1,4] = NEG(x)\n"))
    done = tflint("fix", "m.tflite", "--source", "checkpoint", "--plan", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert 'types.x = "int32": TFL501' in done.stdout
    assert "a signature, as every conversion gives: TFL101 no-signature" in done.stdout
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint", "m.tflite"]
    assert checkpoint.exists()


def test_a_plan_is_a_recipe(checkpoint: Path, tmp_path: Path) -> None:
    """As JSON the plan can be replayed: the recipe that it is gives itself."""
    (tmp_path / "m.tflite").write_bytes(sketch.build("x: int64[1,4]\ny: int64[1,4] = NEG(x)\n"))
    flags = ("--fix-dim", "x.0=2", "--keep-output", "y", "--rename", "y=z", "--metric", "cosine:0.9", "-t", "litert")
    first = tflint("fix", "m.tflite", "--source", str(checkpoint), *flags, "--plan", "-f", "json", cwd=tmp_path)
    (tmp_path / "recipe.json").write_text(first.stdout)
    again = tflint("fix", "m.tflite", "--recipe", "recipe.json", "--plan", "-f", "json", cwd=tmp_path)

    assert (again.returncode, again.stdout) == (0, first.stdout)
    (tmp_path / "tflint.toml").write_text('[models."m.tflite"]\nrecipe = "recipe.json"\n')
    assert tflint("fix", "m.tflite", "--plan", "-f", "json", cwd=tmp_path).stdout == first.stdout
    recipe = json.loads(first.stdout)
    assert recipe["types"] == {"x": "int32"}
    assert (recipe["dims"], recipe["outputs"], recipe["names"]) == ({"x.0": 2}, ["y"], {"y": "z"})
    assert (recipe["converter"], recipe["targets"], recipe["metrics"]) == ("tensorflow", ["litert"], ["cosine:0.9"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--source", "no-such-thing"), "no such file or folder, and no module:function"),
        (("--source", "weights.bin"), "a pickle"),
        (("--source", "m.tflite"), "no source: write a SavedModel folder"),
        (("--source", "."), "neither a SavedModel (saved_model.pb) nor a checkpoint"),
        (("--source", "checkpoint", "--recipe", "r.json"), "--recipe names its source"),
        (("--recipe", "no-such.json"), "cannot be read"),
        (("--recipe", "no-such.json", "--fix-dim", "x.0=1"), "--fix-dim is for --source"),
        (("--source", "checkpoint", "--fix-dim", "x=1"), "write INPUT.DIM=SIZE"),
        (("--source", "checkpoint", "--select", "TFL101"), "--source goes with no edit of the file"),
        (("--source", "checkpoint", "--registerer", "ops"), "--registerer ops: write module:name"),
        (("--registerer", "ops:register"), "--registerer goes with --source"),
    ],
)
def test_a_mistake_is_one_line(checkpoint: Path, tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    """Exit code 2, one line, and the model is as it was."""
    content = sketch.build(OPEN)
    (tmp_path / "m.tflite").write_bytes(content)
    (tmp_path / "weights.bin").write_bytes(b"")
    done = tflint("fix", "m.tflite", *arguments, cwd=tmp_path)

    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert told in done.stderr
    assert (tmp_path / "m.tflite").read_bytes() == content
    assert checkpoint.exists()


FLEX = "x: float64[2]\ny: float64[2] = CUSTOM:FlexErf(x)"
GELU = "x: float32[2]\ny: float32[2] = GELU(x)"


def test_a_configured_source_is_taken(checkpoint: Path, tmp_path: Path) -> None:
    """A model whose source is known is converted again from it; what asks for an edit of the file gets that."""
    (tmp_path / "m.tflite").write_bytes(sketch.build(OPEN))
    (tmp_path / "tflint.toml").write_text('[models."m.tflite"]\nsource = "checkpoint"\n')
    plan = tflint("fix", "m.tflite", "--plan", cwd=tmp_path)
    edit = tflint("fix", "m.tflite", "--plan", "--select", "ALL", cwd=tmp_path)

    assert (plan.returncode, plan.stderr) == (0, "")
    assert f"m.tflite from {checkpoint}" in plan.stdout
    assert "batch = 1: TFL401" in plan.stdout
    assert "from" not in edit.stdout.split("\n", maxsplit=1)[0]


EINSUM = (
    "x: float32[2,4]\ns: int32[2] = const [0,0]\nn: int32[] = const [1]\n"
    "y: float32[1,4] = UNSORTED_SEGMENT_PROD(x, s, n)\n"
)


@pytest.mark.parametrize(
    ("configured", "environment", "names"),
    [
        ("", {}, []),
        ('target = ["tflite-2.13"]', {}, ["tflite-2.13"]),
        ('target = ["tflite-2.13", "litert"]', {"TFLITE_LINT_TARGET": "tflite-2.14"}, ["tflite-2.14"]),
    ],
)
def test_targets_are_those_of_a_check(
    configured: str,
    environment: dict[str, str],
    names: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A conversion is for what the configuration of the model says, unless a flag or a recipe does."""
    (tmp_path / "tflint.toml").write_text(configured)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert [profile.id for profile in targets_of(tmp_path / "m.tflite", ())] == names
    assert [profile.id for profile in targets_of(tmp_path / "m.tflite", ("tflite-2.12",))] == ["tflite-2.12"]


def test_auto_goes_by_the_configuration(checkpoint: Path, tmp_path: Path) -> None:
    """Without a target it asks for one; with that of the configuration it goes on to what installs a release."""
    (tmp_path / "m.tflite").write_bytes(sketch.build(OPEN))
    arguments = ("fix", "m.tflite", "--source", str(checkpoint), "--converter", "auto")
    nowhere = {"PATH": str(tmp_path), "HOME": str(tmp_path), "TFLITE_LINT_CONVERTERS": str(tmp_path / "converters")}
    nowhere |= {"UV_OFFLINE": "1", "UV_CACHE_DIR": str(tmp_path / "uv")}
    asking = tflint(*arguments, cwd=tmp_path, **nowhere)
    (tmp_path / "tflint.toml").write_text('target = ["tflite-2.13"]')
    going = tflint(*arguments, cwd=tmp_path, **nowhere)

    assert (asking.returncode, going.returncode) == (2, 2)
    assert "goes by the runtime that the model is for: --target" in asking.stderr
    assert "--target" not in going.stderr
    assert going.stderr.count("\n") == 1
    assert "tensorflow 2.13.1" in going.stderr


CASES = [
    (OPEN.replace("sig=[-1,4]", "sig=[-1,-1]"), "litert", {"batch": 1, "length": 128}),
    (FLEX, "litert", {"settings": {"supported_ops": ["TFLITE_BUILTINS"]}}),
    (GELU, "tflite-2.3", {"converter": "auto"}),
]


@pytest.mark.parametrize(("model", "target", "wanted"), CASES)
def test_findings_become_lines(model: str, target: str, wanted: dict[str, object]) -> None:
    """What is wrong with a model is what its recipe gets, and a second look at it changes nothing."""
    plan = Plan(tuple(catalogue().values()), (resolve(target),))
    report = check_model(decode(sketch.build(model)), plan, "m.tflite")
    recipe, changes = corrected(Recipe("m.keras"), report.findings)

    assert wanted.items() <= recipe.plain.items()
    assert all(change.code and change.why for change in changes)
    assert corrected(recipe, report.findings) == (recipe, [])


def test_sizes_are_for_what_is_open() -> None:
    """Of a source whose shapes are known, those that nothing is open for change nothing, and take no attempt."""
    changes = [Change("batch", 1, "open"), Change("length", 128, "open"), Change("steps", ("unroll",), "a loop")]

    def left(*shapes: list[int | None] | None) -> list[str]:
        inputs = {f"x{place}": [shape, "float32"] for place, shape in enumerate(shapes)}
        return [change.field for change in wanted(changes, inputs)]

    assert left([1, 4], [2]) == ["steps"]
    assert left([1, 4], [None, 4]) == ["batch", "steps"]
    assert left([1, None]) == ["length", "steps"]
    assert left(None) == left() == ["batch", "length", "steps"]
    report = check_model(
        decode(sketch.build(OPEN)), Plan(tuple(catalogue().values()), (resolve("litert"),)), "m.tflite"
    )
    assert [change.line for change in corrected(Recipe("m.keras"), report.findings)[1]] == ["batch = 1"]


def test_sizes_come_before_an_older_release() -> None:
    """An operator of open shapes may go when they are fixed; where it is still there, an older TensorFlow converts."""
    plan = Plan(tuple(catalogue().values()), (resolve("tflite-2.9"),))
    report = check_model(decode(sketch.build(EINSUM)), plan, "m.tflite")
    first, _ = corrected(Recipe("m.keras"), report.findings)
    second, _ = corrected(first, report.findings)

    assert (first.batch, first.converter) == (1, "tensorflow")
    assert (second.batch, second.converter) == (1, "auto")
    [change] = reconvert._next(Recipe("m.keras"), list(report.findings), {"x": [[2, 4], "float32"]})
    assert change.line == 'converter = "auto"'
