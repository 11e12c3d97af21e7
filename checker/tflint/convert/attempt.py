"""One attempt: a recipe is followed in a child process, and what came of it, whatever that is."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.convert.interpreters import surroundings
from tflint.errors import TflintError
from tflint.process import machine_memory, program, run_program
from tflint.source import source_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.convert.environment import Environment
    from tflint.convert.recipe import Recipe
    from tflint.parity.samples import Samples
    from tflint.process import Ended

PROGRAM = {False: "convert_tensorflow", True: "convert_torch"}
"""Of `children`; by litert-torch: True."""
GIVEN = {False: "saved_model", True: "program.pt2"}
"""What a converter is given, in the folder of an attempt; by litert-torch: True."""
TIMEOUT = 3600.0  # seconds: a full MobileBERT takes 75


@dataclass(frozen=True, slots=True)
class Attempt:
    """A recipe and what came of it. `file`: the model, or None; `failure`: what the child says of it."""

    recipe: Recipe
    file: Path | None
    ended: Ended
    failure: Mapping[str, Any] = field(default_factory=dict)

    @property
    def answer(self) -> Mapping[str, Any]:
        """What the child told: versions, inputs, seconds of its stages."""
        return self.ended.answer or {}

    @property
    def seconds(self) -> float:
        """Time of all its stages."""
        return float(sum(self.answer.get("seconds", {}).values()))


def attempt(
    recipe: Recipe,
    where: Environment,
    home: Environment,
    folder: Path,
    *,
    timeout: float = TIMEOUT,
    trusted: bool = False,
) -> Attempt:
    """Follow a recipe where its converter is; what is made lies in `folder`.

    `home` has the source's framework. A converter elsewhere is another release, which may know neither the framework
    nor the file: it gets a SavedModel that is written at home, as does one that calibrates, for what the inputs are is
    known by then. Raises TflintError for a source that is none, for calibration samples that are not what the model
    takes, and where there is no such interpreter.
    """
    folder.mkdir()
    request = _request(recipe, folder, trusted=trusted)
    calibrates = recipe.calibration is not None and recipe.quantize is None
    if calibrates and recipe.by_torch:
        raise TflintError(f"{recipe.converter} does not calibrate: quantize what comes of it, with `--quantize`")
    if recipe.by_torch or (where == home and not calibrates):
        return _followed(recipe, {**request, "goal": "all"}, where, folder / "all", timeout)
    exported = _followed(recipe, {**request, "goal": "export"}, home, folder / "export", timeout)
    if exported.failure or exported.ended.answer is None:
        return exported
    if recipe.calibration is not None and calibrates:
        from tflint.convert.calibration import calibrated, stored  # noqa: PLC0415 - numpy
        from tflint.parity.texts import Tokenizer  # noqa: PLC0415 - same

        tokenizer = Tokenizer(recipe.source, str(home.python), timeout)
        samples = calibrated(recipe.calibration, exported.answer["inputs"], tokenizer)
        request |= stored(samples, folder / "samples.npz")
    made = _followed(recipe, {**request, "goal": "convert"}, where, folder / "convert", timeout)
    told = made.ended.answer
    if told is not None:
        spent = {f"home {stage}": seconds for stage, seconds in exported.answer["seconds"].items()}
        told.update({**exported.answer, **told, "seconds": {**spent, **told["seconds"]}})
    return made


def again(
    made: Attempt,
    recipe: Recipe,
    where: Environment,
    samples: Mapping[str | None, Samples],
    folder: Path,
    timeout: float,
) -> Attempt:
    """Convert what a TensorFlow converter was given in an attempt by another recipe, calibrated with these samples."""
    from tflint.convert.calibration import stored  # noqa: PLC0415 - numpy

    assert made.file is not None  # noqa: S101 - the callers' condition
    folder.mkdir()
    request = {**_request(recipe, made.file.parent.parent, trusted=False), "goal": "convert"}
    request |= stored(samples, folder / "samples.npz")
    return _followed(recipe, request, where, folder / "convert", timeout)


def _request(recipe: Recipe, folder: Path, *, trusted: bool) -> dict[str, Any]:
    """What the program is told."""
    source = source_of(recipe.source)
    return {
        **recipe.plain,
        "source": source.spec,
        "kind": source.kind,
        "trusted": trusted,
        "weights": recipe.weights and _place(recipe.weights),
        "given": str(folder / GIVEN[recipe.by_torch]),
        **{name: getattr(recipe, name) for name in ("signature", "batch", "length", "outputs", "steps")},
        **{name: dict(getattr(recipe, name)) for name in ("dims", "types", "settings", "names", "map", "signatures")},
    }


def _followed(recipe: Recipe, request: dict[str, Any], where: Environment, folder: Path, timeout: float) -> Attempt:
    """Run the program."""
    folder.mkdir()
    ended = run_program(
        program(PROGRAM[recipe.by_torch]),
        request,
        folder,
        str(where.python),
        timeout=timeout,
        memory=machine_memory(),
        environment=surroundings() if where.built else None,
    )
    file = folder / "model.tflite"
    answer = ended.answer or {}
    made = file if ended.answer is not None and "failure" not in answer and file.exists() else None
    return Attempt(recipe, made, ended, answer.get("failure", {}))


def _place(weights: str) -> str:
    """A file's absolute path, for a child works elsewhere; or `module:function`."""
    return str(Path(weights).resolve()) if Path(weights).exists() else weights
