"""Verdicts against what real runtimes did: recorded truth of ../shared, and ai-edge-litert here and now."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import probe_kernels
from models import ROOT, SHARED, shared_rows
from tflint import sketch
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode, read_model
from tflint.model.write import encode
from tflint.runtimes.profile import resolve, target_ids
from tflint.runtimes.verdict import judge

if TYPE_CHECKING:
    from pathlib import Path

CORPUS_TARGETS = {
    "litert-2.3.0": "litert-2.3.0",
    "litert-2.3.0-nodelegate": "litert-2.3.0+no-xnnpack",
    "litert-2.3.0-compiled": "litert-2.3.0+compiled",
    "litert-1.4.0": "litert-1.4.0",
    "litert-1.0.1": "litert-1.0.1",
    "tflite-runtime-2.14.0": "tflite-runtime-2.14.0",
    "tensorflow-2.12.0": "tflite-2.12+flex",
    "tflm-20261023": "tflm",
}
FLEX_UNTIL = (2, 18)  # the releases of TensorFlow's wheel whose interpreter links Flex
OPS = sorted(path.stem for path in (ROOT / "scripts" / "kernel_cases").glob("*.tfl"))
MUTATED = ("ADD", "CONCATENATION", "CONV_2D", "FULLY_CONNECTED", "RESHAPE", "SOFTMAX")


def loads(path: Path, target: str) -> bool | None:
    """What tflint says; None: it does not know."""
    try:
        value = judge(read_model(path), resolve(target)).value
    except MalformedModelError:
        return False
    return {"supported": True, "partial": True, "unsupported": False}.get(value)


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is absent")
@pytest.mark.parametrize("runtime", CORPUS_TARGETS)
def test_published_models(runtime: str) -> None:
    """126 published models: the verdict is what the runtime did."""
    wrong = {}
    for name, row in shared_rows("truth.jsonl").items():
        truth = row["truth"].get(runtime, {})
        if not truth or truth.get("timeout") or truth.get("unstable") or "resize buffer" in (truth.get("error") or ""):
            continue
        said = loads(SHARED / "corpus" / "files" / name, CORPUS_TARGETS[runtime])
        if said != bool(truth.get("construct") and truth.get("allocate")):
            wrong[name] = (said, truth.get("error"))

    assert wrong == {}


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is absent")
def test_defective_models() -> None:
    """70 defective models on 32 runtimes: the verdict is what each did."""
    stages = json.loads((SHARED / "facts" / "errors.json").read_text())["measured_models_stage_by_runtime"]
    wrong = {}
    for model, by_runtime in stages.items():
        for runtime, stage in by_runtime.items():
            family, version = runtime.rsplit("-", 1)
            minor = tuple(map(int, version.split(".")[:2]))
            short = f"tflite-{minor[0]}.{minor[1]}" + ("+flex" if minor <= FLEX_UNTIL else "")
            target = short if family == "tensorflow" else runtime
            if model != "13_flex" and loads(SHARED / "bad" / f"{model}.tflite", target) != (stage in ("ok", "invoke")):
                wrong[model, runtime] = stage

    assert wrong == {}


def run_here(paths: list[Path], mode: str) -> dict[str, str]:
    """Stage that ai-edge-litert of this environment reaches, by file name."""
    argv = [sys.executable, str(ROOT / "scripts" / "run_models.py"), "--mode", mode, *map(str, paths)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    return {row["file"]: row["stage"] for row in map(json.loads, done.stdout.splitlines())}


@pytest.mark.parametrize(("mode", "target"), [("default", "litert-2.3.0"), ("no-delegate", "litert-2.3.0+no-xnnpack")])
def test_a_model_of_every_op_on_the_runtime_here(mode: str, target: str, tmp_path: Path) -> None:
    """A valid model of each op, and ones that are not: ai-edge-litert 2.3.0 does what the verdict says."""
    paths = []
    for op in OPS:
        texts = (ROOT / "scripts" / "kernel_cases" / f"{op}.tfl").read_text().split("\n---\n")
        for number, text in enumerate(texts):
            path = tmp_path / f"{op}_{number}.tflite"
            path.write_bytes(sketch.build(text))
            paths.append(path)
    truth = run_here(paths, mode)
    wrong = {path.stem: truth[str(path)] for path in paths if loads(path, target) != (truth[str(path)] == "ok")}

    assert len(paths) > 500
    assert wrong == {}


@pytest.mark.parametrize("op", MUTATED)
def test_mutations_of_common_ops_on_the_runtime_here(op: str, tmp_path: Path) -> None:
    """Wrong dtypes, ranks, sizes, arity, quantization and options: at most 3 % of the verdicts differ, none unknown."""
    paths = []
    for number, (_, root) in enumerate(probe_kernels.cases(op)):
        path = tmp_path / f"{number}.tflite"
        try:
            path.write_bytes(bytes(encode(root)))
        except (TypeError, ValueError, OverflowError):
            continue
        paths.append(path)
    truth = run_here(paths, "default")
    said = {path: loads(path, "litert-2.3.0") for path in paths}
    wrong = [path.stem for path in paths if said[path] != (truth[str(path)] in ("ok", "invoke"))]

    assert len(paths) > 100
    assert None not in said.values()
    assert len(wrong) <= 3 * len(paths) / 100


def test_every_target_judges_every_example() -> None:
    """Every target takes a model of plain ops, but that of ML Kit nobody knows."""
    model = read_model(ROOT / "examples" / "models" / "clean.tflite")
    verdicts = {target: judge(model, resolve(target)).value for target in target_ids()}

    assert {target for target, value in verdicts.items() if value != "supported"} == {"mlkit"}
    assert verdicts["mlkit"] == "unknown"


def test_what_lies_behind_a_dynamic_output_fails_later() -> None:
    """A custom op behind a dynamic RESHAPE loads and allocates: partial; before it, it does not."""
    behind = """
x: float32[1,4]
s: int32[2]
a: float32[1,4] = RESHAPE(x, s)
b: float32[1,4] = CUSTOM:Mine(a)
"""
    before = """
x: float32[1,4]
s: int32[2]
a: float32[1,4] = CUSTOM:Mine(x)
b: float32[1,4] = RESHAPE(a, s)
"""

    assert judge(decode(sketch.build(behind)), resolve("litert")).value == "partial"
    assert judge(decode(sketch.build(before)), resolve("litert")).value == "unsupported"


def test_an_op_that_nobody_measured_is_unknown(tmp_path: Path) -> None:
    """A build with a kernel of its own: no fact decides, and that is what is said."""
    (tmp_path / "own.toml").write_text('name = "own"\nextends = "litert-2.3.0"\n[kernels]\nSTABLEHLO_CBRT = [1, 1]\n')
    model = decode(sketch.build("x: float32[4]\ny: float32[4] = STABLEHLO_CBRT(x)"))

    assert judge(model, resolve("litert-2.3.0")).value == "unsupported"
    assert judge(model, resolve(str(tmp_path / "own.toml"))).value == "unknown"


def test_mediapipe_verifies_the_graph() -> None:
    """An input that nothing makes loads in an interpreter, and not in MediaPipe, which runs the official verifier."""
    model = decode(sketch.build("graph main(x) -> (y)\nx: float32[4]\nz: float32[4]\ny: float32[4] = ADD(x, z)\n"))
    refused = judge(model, resolve("mediapipe"))

    assert judge(model, resolve("litert")).value == "supported"
    assert (refused.value, refused.reasons) == ("unsupported", ("TFL904",))


def test_custom_ops_of_mediapipe_have_versions() -> None:
    """Its landmark ops are registered as version 2."""
    text = "x: float32[4]\ny: float32[4] = CUSTOM.v{}:TransformLandmarks(x)\n"
    verdicts = [judge(decode(sketch.build(text.format(v))), resolve("mediapipe")).value for v in (1, 2)]

    assert verdicts == ["unsupported", "supported"]
