"""One attempt: a recipe is followed in a child process, and what came of it, whatever that is."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tflint.convert.interpreters import surroundings
from tflint.convert.source import source_of
from tflint.errors import TflintError
from tflint.process import run_script

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tflint.convert.environment import Environment
    from tflint.convert.recipe import Recipe
    from tflint.process import Ended

HERE = Path(__file__).parent
COMMON = (HERE / "weights.py", HERE / "work.py")
BY_TENSORFLOW = (HERE / "tf_child.py", HERE / "tf_sources.py", *COMMON)
BY_TORCH = (HERE / "torch_child.py", HERE / "torch_sources.py", *COMMON)
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
    recipe: Recipe, where: Environment, folder: Path, *, timeout: float = TIMEOUT, trusted: bool = False
) -> Attempt:
    """Follow a recipe where its converter is; what is made lies in `folder`.

    Raises TflintError for a source that is none, for calibration samples that are not what the model takes, and where
    there is no such interpreter.
    """
    folder.mkdir()
    source = source_of(recipe.source)
    request = {
        **recipe.plain,
        "source": source.spec,
        "kind": source.kind,
        "trusted": trusted,
        "signature": recipe.signature,
        "weights": recipe.weights and _place(recipe.weights),
        **{name: getattr(recipe, name) for name in ("batch", "length", "outputs", "steps")},
        **{name: dict(getattr(recipe, name)) for name in ("dims", "types", "settings", "names", "map")},
    }
    run = partial(
        run_script,
        BY_TORCH if recipe.by_torch else BY_TENSORFLOW,
        python=str(where.python),
        timeout=timeout,
        memory=_memory(),
        environment=surroundings() if where.built else None,
    )
    if recipe.calibration is not None and recipe.quantize is None:
        if recipe.by_torch:
            raise TflintError(f"{recipe.converter} does not calibrate: quantize what comes of it, with `--quantize`")
        from tflint.convert.calibration import calibrated  # noqa: PLC0415 - numpy

        first = folder / "describe"
        first.mkdir()
        ended = run({**request, "describe": True}, first)
        if ended.answer is None or "failure" in ended.answer:
            return Attempt(recipe, None, ended, (ended.answer or {}).get("failure", {}))
        request |= calibrated(recipe.calibration, ended.answer["inputs"], folder / "samples.npz")
    ended = run(request, folder)
    file = folder / "model.tflite"
    answer = ended.answer or {}
    made = file if ended.answer is not None and "failure" not in answer and file.exists() else None
    return Attempt(recipe, made, ended, answer.get("failure", {}))


def _place(weights: str) -> str:
    """A file's absolute path, for a child works elsewhere; or `module:function`."""
    return str(Path(weights).resolve()) if Path(weights).exists() else weights


def _memory() -> int | None:
    """What a child may take: the machine's."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
