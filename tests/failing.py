"""Conversions that fail, and how far the ladder gets with each. As a script it records what converters answer.

TENSORFLOW_PYTHON=... TORCH_PYTHON=... TENSORFLOW_2_13_PYTHON=... python tests/failing.py [CASE ...]
"""
# ruff: noqa: T201 - a script says what it does

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tflint.convert.attempt import Attempt, attempt
from tflint.convert.diagnosis import Diagnosis, diagnose
from tflint.convert.environment import Environment
from tflint.convert.ladder import next_rung
from tflint.convert.recipe import Recipe
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).parent
RECORDED = HERE / "failures"
SAID = 2000  # characters of stderr that are recorded: the last
INT8 = {"optimizations": ["DEFAULT"], "supported_ops": ["TFLITE_BUILTINS_INT8"]}
INT16 = {
    "optimizations": ["DEFAULT"],
    "supported_ops": ["EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8"],
}
IO = {"inference_input_type": "int8"}
SAMPLES: dict[str, tuple[int, ...]] = {"x14": (1, 4), "x154": (1, 5, 4), "x33": (3, 3)}  # inputs `x`, by their shapes


@dataclass(frozen=True)
class Case:
    """`kinds`: diagnoses on the way up the ladder, and None at its end where a model comes of it.

    `place`: text of the line that the first diagnosis names.
    """

    source: str
    kinds: tuple[str | None, ...]
    settings: Mapping[str, Any] = field(default_factory=dict)
    samples: str = ""
    place: str = ""
    targets: tuple[str, ...] = ()
    torch: bool = False
    timeout: float = 300.0
    old: bool = False
    """By TensorFlow 2.13: newer ones do better."""
    hidden: str = ""
    """A module that is hidden from the converter."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """More of the recipe."""

    @property
    def module(self) -> str:
        """The file of the function that gives the model."""
        return f"{self.source.partition(':')[0]}.py"

    def recipe(self, folder: Path) -> Recipe:
        """What is attempted; `folder` holds the files of this project's tests, and samples."""
        samples = str(folder / f"{self.samples}.npz") if self.samples else None
        converter = "litert-torch" if self.torch else "tensorflow"
        recipe = Recipe(self.source, converter, settings=self.settings, calibration=samples, targets=self.targets)
        return replace(recipe, **self.fields)


def ours(name: str, *kinds: str | None, **more: Any) -> Case:
    return Case(f"failing_sources:{name}", kinds, **more)


def torchs(name: str, *kinds: str | None, torch: bool = True, **more: Any) -> Case:
    return Case(f"failing_torch:{name}", kinds, torch=torch, **more)


CASES: dict[str, Case] = {
    "flex": ours("flex", "flex", place="return tf.linalg.inv(x)"),
    "flex-target": ours("flex", "flex", None, targets=("tflite-2.21+flex",)),
    "custom": ours("custom", "custom"),
    "custom-target": ours("custom", "custom", targets=("mediapipe",)),
    "lstm": ours("lstm", "tensor-list", None),
    "tensor-list": ours("tensor_list", "tensor-list", "tensor-list"),
    "tensor-list-flex": ours("tensor_list", "tensor-list", "tensor-list", None, targets=("tflite-2.21+flex",)),
    "control-flow-v1": Case("merge.pb", ("control-flow-v1",)),
    "loop": Case("loop.pb", (None,)),
    "calibration": ours("dense", "calibration", settings=INT8),
    "integer-io": ours("dense", "integer-io", settings=IO),
    "integer-io-dynamic": ours("dense", "integer-io", settings={"optimizations": ["DEFAULT"], **IO}),
    "integer-io-16x8": ours("dense", "integer-io", settings={**INT16, **IO}, samples="x14"),
    "types": ours("dense", "types", settings={**INT8, "supported_types": ["float16"]}, samples="x14"),
    "no-kernel": ours("sine", "no-kernel", settings=INT16, samples="x14"),
    "no-kernel-int8": ours("sine", "float", settings=INT8, samples="x14"),
    "unseen": ours("branches", "unseen", settings={**INT8, "experimental_new_quantizer": False}, samples="x14"),
    "unseen-now": ours("branches", None, settings=INT8, samples="x14"),
    "calibrator": ours("lstm_of_one", "calibrator", settings=INT8, samples="x154"),
    "flex-calibration": ours(
        "flex_after_weights",
        "flex-calibration",
        settings={**INT8, "supported_ops": ["TFLITE_BUILTINS_INT8", "SELECT_TF_OPS"]},
        samples="x33",
    ),
    "float": ours("dense", "float", settings={"optimizations": ["DEFAULT"]}),
    "int8": ours("dense", None, settings=INT8, samples="x14"),
    "variables": ours("assigning", None, settings={"experimental_enable_resource_variables": False}),
    "variables-old": ours(
        "assigning", "variables", None, settings={"experimental_enable_resource_variables": False}, old=True
    ),
    "table": ours("table", None),
    "untracked": ours("untracked", "untracked"),
    "unbuilt": ours("unbuilt", "unbuilt"),
    "built": ours("built", "inputs"),
    "unknown": ours("number", "unknown"),
    "error": ours("raising", "error", place='return names["input_6"]'),
    "missing": ours("importing", "missing"),
    "exit": ours("leaving", "exit"),
    "silence": ours("gone", "silence"),
    "crash": ours("crashing", "crash"),
    "killed": ours("killed", "memory"),
    "timeout": ours("hanging", "timeout", timeout=5.0),
    "memory": ours("greedy", "memory"),
    "starved": ours("starved", "memory"),
    "graph-mode": ours("placeholder", "graph-mode"),
    "eager": Case("failing_eager:model", ("eager", None)),
    "unregistered": Case("text", ("unregistered", "flex")),
    "bare": Case("bare", ("signature",)),
    "signature": Case("two", ("signature",), fields={"source_signature": "three"}),
    "code": Case("lambda.h5", ("code",)),
    "class": Case("classless", ("class",)),
    "weights": Case("headless", ("weights",)),
    "warned": ours("headless", "weights"),
    "tf-keras": Case("encoder", ("tf-keras",), hidden="tf_keras"),
    "torch": ours("torch_like", "torch"),
    "torch-missing": torchs("mask", "missing", torch=False),
    "data-dependent": torchs("mask", "data-dependent", place="return x[x > 0]"),
    "data-dependent-branch": torchs("branch", "data-dependent"),
    "legalize": torchs("power", "legalize"),
    "lowering": torchs("bessel", "legalize"),
    "element-type": torchs("spectrum", "element-type"),
    "torch-inputs": torchs("no_samples", "inputs"),
}


def prepared(folder: Path, python: str) -> None:
    """The files of all cases: made by TensorFlow, copied, or samples."""
    for name in ("failing_sources.py", "failing_torch.py", "failing_eager.py"):
        shutil.copyfile(HERE / name, folder / name)
    values = np.random.default_rng(0)
    for name, shape in SAMPLES.items():
        rows = {f"{index}/x": values.random(shape, dtype=np.float64) for index in range(4)}
        np.savez(folder / f"{name}.npz", allow_pickle=False, **rows)
    subprocess.run(
        [python, HERE / "failing_files.py", folder], check=True, capture_output=True, timeout=600, cwd=folder
    )


def interpreter(case: Case) -> str | None:
    """What a case is converted by, where a variable of the environment names it."""
    name = "TORCH_PYTHON" if case.torch else "TENSORFLOW_2_13_PYTHON" if case.old else "TENSORFLOW_PYTHON"
    return os.environ.get(name)


def climbed(case: Case, folder: Path, python: str) -> list[tuple[Attempt, Diagnosis | None]]:
    """Attempts up the ladder, as far as one interpreter goes."""
    recipe, found = case.recipe(folder), []
    targets = [resolve(target) for target in case.targets]
    with tempfile.TemporaryDirectory(prefix="tflint-failing-") as scratch:
        for number in range(6):
            if recipe.by_torch and not case.torch:
                break
            where = Environment(Path(python), "there", built=False)
            tried = attempt(recipe, where, where, Path(scratch) / str(number), timeout=case.timeout)
            diagnosis = diagnose(tried)
            found.append((tried, diagnosis))
            changes = next_rung(tried, diagnosis, targets) if diagnosis is not None else []
            if not changes:
                break
            for change in changes:
                recipe = recipe.changed(change)
    return found


def hide(name: str, folder: Path) -> str:
    """PYTHONPATH by which a module is none."""
    place = folder / "hidden"
    place.mkdir(exist_ok=True)
    (place / f"{name}.py").write_text(f'raise ModuleNotFoundError("No module named {name}", name="{name}")')
    return str(place)


def record(names: list[str]) -> None:
    """Write what converters answer to the first attempt of each case, without what differs from run to run."""
    RECORDED.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tflint-failing-") as made:
        folder = Path(made)
        prepared(folder, os.environ["TENSORFLOW_PYTHON"])
        os.chdir(folder)
        for name in names or CASES:
            case = CASES[name]
            os.environ.pop("PYTHONPATH", None)
            if case.hidden:
                os.environ["PYTHONPATH"] = hide(case.hidden, folder)
            python = interpreter(case)
            if python is None:
                print(name, "has no interpreter")
                continue
            found = climbed(case, folder, python)
            kinds = tuple(diagnosis and diagnosis.kind for _, diagnosis in found)
            print(name, "as told" if kinds == case.kinds else f"NOT {case.kinds}: {kinds}")
            for tried, diagnosis in found:
                print("   ", tried.ended.stage, diagnosis and diagnosis.told)
            if found and found[0][1] is not None and found[0][0].file is None:
                plain = {**_marked(case), **_plain(found[0][0])}
                text = json.dumps(plain, indent=1, ensure_ascii=False)
                (RECORDED / f"{name}.json").write_text(_clean(text, folder) + "\n", encoding="utf-8")
            sys.stdout.flush()


def _marked(case: Case) -> dict[str, int]:
    """Where the line of a case stood when it was recorded."""
    lines = (HERE / case.module).read_text(encoding="utf-8").splitlines()
    return {"marked": next(at for at, line in enumerate(lines, 1) if case.place in line)} if case.place else {}


def _plain(tried: Attempt) -> dict[str, Any]:
    ended = tried.ended
    answer = None if ended.answer is None else {k: v for k, v in ended.answer.items() if k != "seconds"}
    return {
        "code": ended.code,
        "timed_out": ended.timed_out,
        "stage": ended.stage,
        "answer": answer,
        "said": ended.said[-SAID:],
    }


def _clean(text: str, folder: Path) -> str:
    text = text.replace(str(folder), "/project")
    text = re.sub(r"/[\w/.-]+/lib/python3\.\d+/", "/env/lib/python3.11/", text)
    text = re.sub(r"/[\w/.-]*tflint-failing-\w+/(\d+)/", r"/attempt/", text)
    return re.sub(r"0x[0-9a-f]{6,}|\b17\d{8}\.\d+ +\d+", "0", text)


if __name__ == "__main__":
    record(sys.argv[1:])
