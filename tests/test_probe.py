"""The probe asks real runtimes; its answer equals the table that is shipped for them."""

from __future__ import annotations

import ast
import dataclasses
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from runtimes import tflite_runtime
from tflint.commands.target import app
from tflint.errors import TflintError
from tflint.process import CHILDREN, program
from tflint.runtimes import probe
from tflint.runtimes.profile import RuntimeProfile, resolve, target_ids


@pytest.fixture(scope="module")
def answer() -> dict[str, Any]:
    """Ask what the dev environment's ai-edge-litert loads."""
    return probe.ask(Path(sys.executable))


def facts(profile: RuntimeProfile) -> dict[str, Any]:
    kept = dataclasses.asdict(profile)
    return {key: value for key, value in kept.items() if key not in ("id", "provenance")}


def equals_shipped(profile: RuntimeProfile, target: str) -> None:
    assert facts(profile) == facts(resolve(target))


def written(answer: dict[str, Any], folder: Path) -> RuntimeProfile:
    probe.write_profile(probe.profile_toml(answer), folder / "my.toml")
    return resolve(str(folder / "my.toml"))


def test_ai_edge_litert_equals_the_shipped_table(answer: dict[str, Any], tmp_path: Path) -> None:
    profile = written(answer, tmp_path)
    assert profile.id == "ai-edge-litert-2.3.0"
    equals_shipped(profile, "litert-2.3.0")
    assert profile.provenance["package"] == "ai-edge-litert"
    assert profile.provenance["python"] == sys.version.split()[0]


@pytest.mark.slow
def test_tflite_runtime_2_14_equals_the_shipped_table(tmp_path: Path) -> None:
    profile = written(probe.ask(tflite_runtime("2.14.0", "3.11")), tmp_path)
    assert profile.id == "tflite-runtime-2.14.0"
    equals_shipped(profile, "tflite-runtime-2.14.0")


def test_the_command_writes_a_target(answer: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "ask", lambda _: answer)
    output = tmp_path / "new/my.toml"
    result = CliRunner().invoke(app, ["probe", "--python", sys.executable, "-o", str(output)], catch_exceptions=False)
    assert result.output.count("\n") == 1
    assert "ai-edge-litert 2.3.0" in result.output
    assert "172 ops up to code 209, 5 custom ops" in result.output
    assert resolve(str(output)).kernels["ADD"] == (1, 6)
    assert [path.name for path in output.parent.iterdir()] == ["my.toml"]


def test_without_fork_the_answers_are_the_same(answer: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "request.json").write_text(json.dumps({"custom_ops": ["Mfcc", "moe"]}))
    code = (
        "import os, runpy, sys; del os.fork; sys.argv = sys.argv[1:]; runpy.run_path(sys.argv[0], run_name='__main__')"
    )
    command = [sys.executable, "-c", code, *program("probe"), str(tmp_path)]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    found = json.loads((tmp_path / "answer.json").read_bytes())
    assert found["custom_ops"] == {"Mfcc": [1, 1]}
    assert found["xnnpack_custom_ops"] == ["moe"]
    names = ("custom_ops", "xnnpack_custom_ops", "tensor_types")
    assert {k: v for k, v in found.items() if k not in names} == {k: v for k, v in answer.items() if k not in names}


@pytest.mark.parametrize("script", ["__init__.py", "__main__.py", "probe.py", "probe_models.py"])
def test_the_scripts_are_of_python_3_6(script: str) -> None:
    tree = ast.parse((CHILDREN / script).read_text(), feature_version=(3, 6))
    imports = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not {name for name in imports if name and name.startswith("tflint")}


@pytest.mark.parametrize("target", [target for target in target_ids() if target != "tflm"])
def test_an_unknown_release_gets_the_generation_of_its_kernels(target: str) -> None:
    profile = resolve(target)
    custom = {
        "version": "99.0",
        "kernels": profile.kernels,
        "max_builtin_code": profile.max_builtin_code,
    }
    twins = [other for other in map(resolve, target_ids()) if other.kernels == profile.kernels]
    assert probe._generation(custom, "litert") == max(twin.generation for twin in twins)


def test_a_build_with_fewer_ops_keeps_its_generation() -> None:
    kernels = dict(list(resolve("litert-2.1.6").kernels.items())[:40])
    assert probe._generation({"version": "0", "kernels": kernels, "max_builtin_code": 209}, "litert") >= (2, 21, 6)


def test_types_and_ops_newer_than_tflint_are_kept(answer: dict[str, Any], tmp_path: Path) -> None:
    newer = {**answer, "version": "9.0.0.dev1", "kernels": {**answer["kernels"], "BUILTIN_NEW": [1, 1]}}
    profile = written(newer, tmp_path)
    assert profile.kernels["BUILTIN_NEW"] == (1, 1)
    assert profile.release == (9, 0, 0)
    assert profile.generation == (2, 23)


def test_no_such_interpreter() -> None:
    with pytest.raises(TflintError, match="no/python: No such file"):
        probe.ask(Path("/no/python"))


def test_an_environment_without_a_runtime(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "empty")], check=True)
    with pytest.raises(TflintError, match="no TFLite runtime: ai_edge_litert: No module named"):
        probe.ask(tmp_path / "empty/bin/python")


def test_an_output_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TflintError, match="file"):
        probe.write_profile("", tmp_path / "file" / "my.toml")
    (tmp_path / "my.toml").mkdir()
    with pytest.raises(TflintError, match=r"my\.toml"):
        probe.write_profile("", tmp_path / "my.toml")
    assert {path.name for path in tmp_path.iterdir()} == {"file", "my.toml"}
