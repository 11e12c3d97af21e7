"""Targets: names, tables, facts, and the command that shows them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tflint.commands import target as command
from tflint.errors import TflintError, nearest
from tflint.runtimes import profile as profiles
from tflint.runtimes.accelerator import accelerator
from tflint.runtimes.profile import ACCELERATORS, DATA, RuntimeProfile, resolve, target_ids

ROOT = Path(__file__).parent.parent
ALL = target_ids()
INTERPRETERS = [target for target in ALL if target.startswith(("tflite", "litert"))]


def test_the_46_interpreters_tflm_and_the_task_libraries() -> None:
    assert len(ALL) == len(set(ALL)) == 49
    assert ALL[0] == "tflite-2.3"
    assert ALL[-4:] == ["litert-2.3.0", "tflm", "mediapipe-1.2.3", "mlkit"]


@pytest.mark.parametrize("target", ALL)
def test_a_profile_is_whole(target: str) -> None:
    profile = resolve(target)
    assert profile.id == target
    assert all(0 < low <= high for low, high in (*profile.kernels.values(), *profile.custom_ops.values()))
    assert {"package", "behaviour", "kernels"} <= set(profile.provenance)
    assert {"float32", "int8"} <= profile.tensor_types
    assert not profile.flex
    assert not profile.compiled


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("litert", "litert-2.3.0"),
        ("tflite", "tflite-2.21"),
        ("tflite-runtime", "tflite-runtime-2.14.0"),
        ("tflite-runtime-2.9", "tflite-runtime-2.9.1"),
        ("litert-2.1", "litert-2.1.0"),
        ("litert-2", "litert-2.0.2"),
        ("litert-1.0", "litert-1.0.0"),
        ("mediapipe", "mediapipe-1.2.3"),
        ("mlkit", "mlkit"),
        ("tflite+flex", "tflite-2.21+flex"),
        ("tflite-2.12+no-xnnpack+flex", "tflite-2.12+flex+no-xnnpack"),
        ("litert+compiled+no-xnnpack", "litert-2.3.0+no-xnnpack+compiled"),
        ("litert-1.3+compiled", "litert-1.3.0+compiled"),
    ],
)
def test_names(name: str, expected: str) -> None:
    assert resolve(name).id == expected


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("lietrt-2.3.0", "unknown target 'lietrt-2.3.0' (did you mean 'litert-2.3.0'?)"),
        ("litert-2.9", "unknown target 'litert-2.9'"),
        ("tflite-2.1", "unknown target 'tflite-2.1'"),
        ("", "unknown target ''"),
        ("tflite-2.12+felx", "unknown target suffix '+felx' (did you mean 'flex'?)"),
        ("litert+flex", "target 'litert-2.3.0' has no '+flex'"),
        ("tflite-runtime+flex", "no published build of it links Flex"),
        ("tflm+no-xnnpack", "target 'tflm' has no '+no-xnnpack': it has no delegates"),
        ("tflite+compiled", "the CompiledModel API is LiteRT's"),
        ("litert-1.2.0+compiled", "in its wheels since 1.3.0"),
        ("no/such/board.toml", "no/such/board.toml: No such file or directory"),
    ],
)
def test_names_that_are_refused(name: str, words: str) -> None:
    with pytest.raises(TflintError) as caught:
        resolve(name)
    assert words in caught.value.message
    assert caught.value.exit_code == 2


def test_suffixes_change_what_they_say() -> None:
    plain = resolve("litert-2.3.0")
    assert plain.xnnpack
    assert "moe" in plain.xnnpack_custom_ops
    bare = resolve("litert-2.3.0+no-xnnpack")
    assert not bare.xnnpack
    assert not bare.xnnpack_custom_ops
    assert bare.kernels == plain.kernels
    assert resolve("tflite-2.12+flex").flex
    assert resolve("litert+compiled").compiled


def test_known_facts() -> None:
    old, new, micro = resolve("tflite-2.3"), resolve("litert-2.3.0"), resolve("tflm")
    assert (old.opcode_field, old.max_builtin_code, old.signature_defs, old.xnnpack) == (
        "deprecated",
        126,
        False,
        False,
    )
    assert (new.opcode_field, new.max_builtin_code, new.constant_size) == ("max", 209, "at-least")
    assert new.kernels["ADD"] == (1, 6)
    assert resolve("tflite-2.16").constant_size == "equal"
    assert [resolve(f"tflite-2.{minor}").int4 for minor in (10, 11, 12)] == [None, "bytes", "packed"]
    assert [resolve(f"tflite-2.{minor}").xnnpack for minor in (7, 8)] == [False, True]
    assert "ADD" in micro.kernels
    assert micro.micro
    assert micro.kernels["RESHAPE"][1] > 99  # TFLite Micro does not look at versions


def test_generations_follow_the_kernel_tables() -> None:
    by_age = sorted((resolve(target) for target in INTERPRETERS), key=lambda profile: profile.generation)
    since_2_5 = [profile for profile in by_age if profile.generation >= (2, 5)]  # ADD v4 was there in 2.4, gone in 2.5
    for older, newer in pairwise(since_2_5):
        lost = {op for op, (_, high) in older.kernels.items() if newer.kernels.get(op, (0, 0))[1] < high}
        assert lost <= ({"ADD"} if older.generation < (2, 6) else set()), (older.id, newer.id)
        assert older.max_builtin_code <= newer.max_builtin_code


def test_minimum_runtimes_agree_with_the_tables() -> None:
    tables = {profile.id: profile for profile in map(resolve, INTERPRETERS)}
    litert = [target for target in INTERPRETERS if target.startswith("litert-")]
    for op in profiles.known_ops():
        for version in range(1, 20):
            first = profiles.minimum_runtime(op, version)
            if first.litert is not None:
                having = [target for target in litert if _takes(tables[target], op, version)]
                assert having[0] == f"litert-{first.litert}", (op, version)
            if first.tflite is not None and first.tflite.startswith("2.") and first.tflite >= "2.4":
                minor = first.tflite.rpartition(".")[0]
                assert _takes(tables[f"tflite-{minor}"], op, version), (op, version)
    assert profiles.minimum_runtime("CONV_2D", 7) == profiles.MinimumRuntime("2.12.0", "1.0.0", "2.11.0")
    assert profiles.minimum_runtime("CONV_2D", 99) == profiles.MinimumRuntime(None, None, None)


def _takes(profile: RuntimeProfile, op: str, version: int) -> bool:
    low, high = profile.kernels.get(op, (1, 0))
    return low <= version <= high


def test_custom_op_facts() -> None:
    fact = profiles.custom_op_facts("MaxUnpooling2D")
    assert fact is not None
    assert fact.kind == "mediapipe"
    unconverted = profiles.custom_op_facts("Dilation2D")
    assert unconverted is not None
    assert unconverted.kind == "unconverted"
    assert profiles.custom_op_facts("MyOp") is None
    registered = {name for target in ALL for name in resolve(target).custom_ops}
    delegated = {name for target in ALL for name in resolve(target).xnnpack_custom_ops}
    assert registered | delegated <= set(profiles.custom_op_names())
    assert [pattern.meaning for pattern in profiles.custom_op_patterns() if pattern.pattern.search("FlexErf")] == [
        "a TensorFlow op for the Flex delegate"
    ]


def test_flex_allowlists() -> None:
    assert len(profiles.flex_allowlist()) == 744
    assert "Erf" in profiles.flex_allowlist()
    assert "WhitespaceTokenizeWithOffsets" not in profiles.flex_allowlist()
    assert len(profiles.flex_allowlist("tensorflow_text")) == 20
    assert len(profiles.flex_allowlist("sentencepiece")) == 6


@pytest.mark.parametrize("name", ACCELERATORS)
def test_accelerators(name: str) -> None:
    found = accelerator(name)
    assert found.name == name
    assert found.source
    assert found.ops.keys() <= profiles.known_ops()
    assert all(entry.min_version <= (entry.max_version or 99) for entry in found.ops.values())


def test_accelerator_facts() -> None:
    assert accelerator("gpu").ops["RESHAPE"].max_version == 1
    assert accelerator("hexagon").ops["RELU"].min_version == 2
    assert accelerator("coreml").ops["FULLY_CONNECTED"].max_version == 6
    assert accelerator("ethos-u65").ops == accelerator("ethos-u55").ops
    with pytest.raises(TflintError, match="did you mean 'edgetpu'"):
        accelerator("edge-tpu")


@pytest.mark.parametrize("path", sorted(DATA.rglob("*.json")), ids=lambda path: path.relative_to(DATA).as_posix())
def test_every_file_says_where_it_is_from(path: Path) -> None:
    data = json.loads(path.read_bytes())
    parts = [data, *data.values()] if path.name == "custom_ops.json" else [data]
    keyed = any("provenance" in part or "source" in part for part in parts if isinstance(part, dict))
    assert keyed or path.name == "index.json"


def test_resolving_is_fast_and_light() -> None:
    code = (
        "import sys, time; before = set(sys.modules)\n"
        "import tflint.runtimes.profile as p\n"
        "t = time.perf_counter(); p.resolve('litert-2.3.0+no-xnnpack'); print(time.perf_counter() - t)\n"
        "heavy = {'rich', 'numpy', 'typer', 'tomllib', 'difflib', 'importlib.metadata'}\n"
        "print(*sorted(heavy & set(sys.modules) - before))"
    )
    runs = []
    for _ in range(3):
        child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        seconds, _, heavy = child.stdout.partition("\n")
        assert not heavy.strip()
        runs.append(float(seconds))
    assert min(runs) < 0.005, runs  # 0.3 ms on an idle core


def test_resolving_again_is_free() -> None:
    resolve("litert-2.3.0")
    start = time.perf_counter()
    for _ in range(100):
        resolve("litert-2.3.0")
    assert time.perf_counter() - start < 0.1


@pytest.mark.skipif("TFLINT_FACTS" not in os.environ, reason="TFLINT_FACTS names the folder of the facts files")
def test_the_data_is_fresh() -> None:
    script = [sys.executable, str(ROOT / "scripts/generate_runtimes.py"), "--facts", os.environ["TFLINT_FACTS"]]
    assert subprocess.run([*script, "--check"], check=False).returncode == 0


# --- tflint target


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command.app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_list() -> None:
    text = run("list")
    assert all(target in text for target in ALL)
    assert "ethos-u85" in text
    rows = json.loads(run("list", "--output-format", "json"))
    assert [row["id"] for row in rows] == [*ALL, *ACCELERATORS]
    assert rows[0] == {
        "id": "tflite-2.3",
        "pack": "core",
        "family": "tflite",
        "release": [2, 3],
        "package": "tensorflow 2.3.0",
        "ops": 123,
        "max_builtin_code": 126,
    }


def test_show() -> None:
    assert "CONV_2D v1-8" in " ".join(run("show", "litert").split())
    facts = json.loads(run("show", "litert+no-xnnpack", "--output-format", "json"))
    assert facts["id"] == "litert-2.3.0+no-xnnpack"
    assert facts["kernels"]["ADD"] == [1, 6]
    assert facts["xnnpack"] is False
    assert "CONV_2D" in run("show", "tflm")


def test_diff() -> None:
    changes = json.loads(run("diff", "tflite-2.10", "tflite-2.16", "--output-format", "json"))
    assert "STABLEHLO_ADD" in changes["ops_gained"]
    assert changes["ops_lost"] == []
    assert changes["ops_versions"]["CONV_2D"] == [[1, 6], [1, 8]]
    assert changes["tensor_types_gained"] == ["int4"]
    assert changes["facts"]["int4"] == [None, "packed"]
    text = run("diff", "litert", "litert+no-xnnpack")
    assert "xnnpack: yes → no" in text
    assert "no difference" in run("diff", "tflm", "tflm")


def test_nearest() -> None:
    assert nearest("CONV2D", ["CONV_2D", "CONV_3D"]) == " (did you mean 'CONV_2D'?)"
    assert nearest("flex", ["FLEX"]) == " (did you mean 'FLEX'?)"
    assert not nearest("xyzzy", ["CONV_2D"])
