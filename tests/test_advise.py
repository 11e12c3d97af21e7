"""`tflint advise`: every target has an answer with its sources, and the answers agree with the tables and the tools."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from command import tflint
from models import EXAMPLES
from tflint import sketch
from tflint.advice import tree
from tflint.advice.advise import _one_scale, advise
from tflint.fixer import quantizer
from tflint.fixer.document import open_document
from tflint.fixer.half import halve
from tflint.open import open_model
from tflint.parity.entry import entries
from tflint.parity.generate import Side, generate
from tflint.parity.process import Children
from tflint.runtimes.profile import ACCELERATORS, resolve, target_ids
from tflint.runtimes.verdict import judge

if TYPE_CHECKING:
    from pathlib import Path

TARGETS = (*target_ids(), *ACCELERATORS)
SCHEMES = tuple(tree.schemes())
RANDOM = np.random.default_rng(0)


def weights(*shape: int) -> str:
    """Random weights as a sketch has them."""
    return json.dumps(RANDOM.normal(size=shape).astype(np.float32).reshape(-1).round(3).tolist())


DENSE = f"""
x: float32[1,64]
w: float32[32,64] = const {weights(32, 64)}
b: float32[32] = const {weights(32)}
h: float32[1,32] = FULLY_CONNECTED(x, w, b) fused_activation_function=RELU
y: float32[1,32] = SOFTMAX(h) beta=1
signature serving_default(x=x) -> (y=y)
"""
CONV = f"""
x: float32[1,8,8,3]
w: float32[32,3,3,3] = const {weights(32, 3, 3, 3)}
b: float32[32] = const {weights(32)}
y: float32[1,8,8,32] = CONV_2D(x, w, b) padding=SAME stride_w=1 stride_h=1
signature serving_default(x=x) -> (y=y)
"""
VOLUME = """
x: float32[1,4,4,4,8]
w: float32[3,3,3,8,64] = const
y: float32[1,4,4,4,64] = CONV_3D(x, w, -) padding=SAME stride_w=1 stride_h=1 stride_d=1
"""
LOOP = """
graph main (i, x) -> (z)
i: int32[]
x: float32[1,64]
w: float32[64,64] = const
h: float32[1,64] = FULLY_CONNECTED(x, w, -)
y: int32[] = WHILE(i, h) cond_subgraph_index=1 body_subgraph_index=2
z: float32[1,64] = ^1
graph cond (i, x) -> (p)
i: int32[]
x: float32[1,64]
n: int32[] = const [3]
p: bool[] = LESS(i, n)
graph body (i, x) -> (j, y)
i: int32[]
x: float32[1,64]
n: int32[] = const [1]
j: int32[] = ADD(i, n)
y: float32[1,64] = TANH(x)
"""
QUANTIZED = """
x: float32[1,64]
w: int8[32,64] q=0.1+0 = const
y: float32[1,32] = FULLY_CONNECTED.v3(x, w, -)
signature serving_default(x=x) -> (y=y)
"""


def asked(folder: Path, text: str, *targets: str) -> dict[str, Any]:
    """Advice of the installed command for a sketch, the first target's."""
    (folder / "m.tflite").write_bytes(sketch.build(text))
    done = tflint("advise", "m.tflite", "-f", "json", *(f"--target={each}" for each in targets), cwd=folder)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)["advice"][0]
    return found


def rows(advice: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Its schemes by name."""
    return {row["scheme"]: row for row in advice["schemes"]}


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_has_an_answer(target: str) -> None:
    """One scheme is the best, all seven are judged, and what is said of each has a source."""
    found = advise(resolve(target))

    assert sorted(rows(found)) == sorted(SCHEMES)
    assert rows(found)[found["best"]]["verdict"] == "supported"
    assert all(row["sources"] or row["obstacles"] for row in found["schemes"] if row["verdict"] != "unknown")
    assert all(step["sources"] for step in found["because"])


def test_the_tree_is_whole() -> None:
    """Each leaf and question is some target's, each source is cited and a URL, and no answer leads nowhere."""
    ways = [tree.walk(resolve(target)) for target in TARGETS]
    raw = tree._tree()
    urls = set(raw["sources"].values())

    assert {leaf.name for _, leaf in ways} == set(raw["leaves"])
    assert {step.asks for steps, _ in ways for step in steps} == {each["asks"] for each in raw["questions"].values()}
    assert all(url.startswith("https://") for url in urls)
    said = [row for _, leaf in ways for row in (*leaf.said, *leaf.notes, *filter(None, [leaf.one_scale]))]
    assert {url for row in said for url in row.sources} | {u for s, _ in ways for x in s for u in x.sources} == urls


@pytest.fixture(scope="module", params=[DENSE, CONV], ids=["dense", "conv"])
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Give a float model, and its variants as `tflint fix --quantize` makes them, by scheme."""
    folder = tmp_path_factory.mktemp("schemes")
    path = folder / "m.tflite"
    path.write_bytes(sketch.build(request.param))
    model = open_model(path)
    samples = {
        entry.key: generate((Side(model, entry, {port.name: port.name for port in entry.inputs}),), count=4, seed=0)
        for entry in entries(model)
    }
    orders = [quantizer.Order(each, each) for each in SCHEMES if each not in ("float32", "float16")]
    done = quantizer.make(path, model, orders, samples, folder, 300, Children())
    assert done.failures == {}
    document = open_document(path)
    halve(document)
    half = folder / "half.tflite"
    half.write_bytes(b"".join(bytes(piece) for piece in document.pieces()))
    return {"float32": path, "float16": half} | {name: files[0][0] for name, files in done.files.items()}


def test_advice_agrees_with_verdicts_on_real_variants(made: dict[str, Path]) -> None:
    """On all targets: no scheme is called supported whose model the target refuses, nor out for a kernel it has."""
    models = {scheme: open_model(made[scheme]) for scheme in SCHEMES}
    for target in TARGETS:
        profile = resolve(target)
        for row in advise(profile, models["float32"], "m.tflite")["schemes"]:
            if _one_scale(tree.walk(profile)[1], row["scheme"], models["float32"]):
                continue  # of the converter's making
            verdict = judge(models[row["scheme"]], profile).value
            if row["verdict"] in ("supported", "partial"):
                assert verdict != "unsupported", (target, row)
            if verdict == "unsupported":
                assert row["verdict"] in ("unsupported", "unknown"), (target, row)


def test_estimated_sizes_are_near_the_real_ones(made: dict[str, Path]) -> None:
    """Within a few kilobytes of structure, names and scales."""
    advice = rows(advise(resolve("litert"), open_model(made["float32"]), "m.tflite"))
    for scheme, path in made.items():
        assert abs(advice[scheme]["size"] - path.stat().st_size) < 3000, scheme


def test_operators_without_a_kernel_put_a_scheme_out(tmp_path: Path) -> None:
    """CONV_3D has float kernels only: no int8 of it on a CPU, by the kernel's own demand."""
    found = asked(tmp_path, VOLUME, "litert-2.3.0")

    assert found["best"] not in ("int8", "int16x8")
    for scheme in ("int8", "int16x8"):
        assert rows(found)[scheme]["verdict"] == "unsupported"
        assert "1 CONV_3D: its kernel requires" in rows(found)[scheme]["obstacles"][0]


def test_operators_that_stay_behind_make_a_scheme_partial(tmp_path: Path) -> None:
    """An NPU takes the convolution and not what follows it: said with the operator's name."""
    found = asked(tmp_path, CONV.replace("y: ", "h: ") + "y: float32[1,8,8,32] = EXP(h)\n", "edgetpu")

    assert found["best"] == "int8"
    assert rows(found)["int8"]["verdict"] == "partial"
    assert "1 of 2 operators stay on the CPU (1 EXP: is not among" in rows(found)["int8"]["obstacles"][0]


def test_loops_put_calibration_out(tmp_path: Path) -> None:
    """WHILE: no int8 and no int16x8, for calibration reaches no subgraph that control flow enters."""
    found = asked(tmp_path, LOOP, "litert-2.3.0")

    assert found["model"]["control_flow"] == ["WHILE"]
    assert {rows(found)[scheme]["verdict"] for scheme in ("int8", "int16x8")} == {"unsupported"}
    assert "calibrates no subgraph" in rows(found)["int8"]["obstacles"][0]
    assert (found["best"], found["without_calibration"]) == ("dynamic", "dynamic")


def test_dynamic_shapes_are_fixed_first_where_the_target_wants_that(tmp_path: Path) -> None:
    """An Edge TPU needs fixed sizes: the first command fixes them. A CPU does not."""
    text = CONV.replace("x: float32[1,8,8,3]", "x: float32[1,8,8,3] sig=[-1,8,8,3]")
    tpu, cpu = asked(tmp_path, text, "edgetpu"), asked(tmp_path, text, "litert")

    fixed = tflint(*shlex.split(tpu["next"][0]["command"].replace("SIZE", "1"))[1:], cwd=tmp_path)

    assert fixed.returncode == 0, fixed.stderr
    assert tpu["model"]["dynamic_inputs"] == [{"input": "x", "dims": [-1, 8, 8, 3]}]
    assert "--fix-dim=x.0=SIZE" in tpu["next"][0]["command"]
    assert rows(tpu)["int8"]["verdict"] == "supported"
    assert not any("--fix-dim" in step["command"] for step in cpu["next"])


def test_a_quantized_model_is_said_to_be_one(tmp_path: Path) -> None:
    """Its scheme, and that the float model is what to quantize; no command quantizes the model itself."""
    found = asked(tmp_path, QUANTIZED, "tflm")

    assert (found["model"]["scheme"], found["best"]) == ("dynamic", "int8")
    assert [step["command"].split()[2] for step in found["next"]] == ["m.tflite", "FLOAT.tflite"]
    assert found["notes"][0]["text"].startswith("the model is dynamic already")


def test_dense_layers_of_old_kernels_are_not_given_a_scale_a_channel(tmp_path: Path) -> None:
    """Before TFLite 2.17 the converter's setting is named, not `tflint fix --quantize`; a CNN has no such layer."""
    old, new = asked(tmp_path, DENSE, "tflite-2.14"), asked(tmp_path, DENSE, "tflite-2.17")
    cnn = asked(tmp_path, CONV, "tflite-2.14")

    assert old["next"][0]["setting"].endswith("quantization_for_dense_layers = True")
    assert "--quantize int8" in new["next"][0]["command"]
    assert "--quantize int8" in cnn["next"][0]["command"]
    assert (new["notes"], cnn["notes"]) == ([], [])


def test_limits_of_a_profile_count(tmp_path: Path) -> None:
    """A budget and the dtypes of inputs and outputs, from a user's TOML."""
    limits = 'extends = "tflm"\nio_dtypes = ["int8"]\n[budgets]\nmax_size = 4000\n'
    (tmp_path / "board.toml").write_text(limits)
    found = rows(asked(tmp_path, DENSE, "board.toml"))

    assert found["int8"]["verdict"] == "supported"
    assert "more than the target's 4,000" in " ".join(found["float32"]["obstacles"])
    assert "no int16 inputs and outputs" in " ".join(found["int16x8"]["obstacles"])


def test_a_model_that_the_target_refuses_is_told(tmp_path: Path) -> None:
    """No scheme mends a Flex operator: a note with the rule, and a check first."""
    found = asked(tmp_path, "x: float32[1]\ny: float32[1] = CUSTOM:FlexErf(x)\n", "litert")

    assert "TFL301" in found["notes"][0]["text"]
    assert found["next"][0]["command"].startswith("tflint check")


def test_the_commands_that_are_named_run(tmp_path: Path) -> None:
    """What stands under `next` does what it says, with a file name that a shell would take apart."""
    path = tmp_path / "a model's.tflite"
    path.write_bytes(sketch.build(DENSE))
    found = json.loads(tflint("advise", path.name, "--target=litert", "-f", "json", cwd=tmp_path).stdout)["advice"][0]
    commands = [shlex.split(step["command"]) for step in found["next"]]
    free = next(words for words in commands if "dynamic" in words)
    assert tflint(*free[1:], cwd=tmp_path).returncode == 0
    assert advise(resolve("litert"), open_model(tmp_path / free[-1]), "m")["model"]["scheme"] == "dynamic"


def test_text_says_the_same_and_twice_alike(tmp_path: Path) -> None:
    """The headline, each scheme, each source; the same bytes each time; nothing of a name reaches the terminal."""
    text = CONV.replace("[1,8,8,3]", "[1,8,8,3] sig=[-1,8,8,3]").replace("(x=x)", '("\\u001b[31mx"=x)')
    (tmp_path / "m.tflite").write_bytes(sketch.build(text))
    first, second = (tflint("advise", "m.tflite", "-t", "litert", "-t", "gpu", cwd=tmp_path) for _ in range(2))

    assert first.returncode == 0
    assert first.stdout == second.stdout
    assert "litert-2.3.0, a CPU: int8 runs best (needs calibration data; without: dynamic)" in first.stdout
    assert "gpu, a GPU, beside a CPU: float16 runs best" in first.stdout
    assert all(scheme in first.stdout for scheme in SCHEMES)
    assert r"--fix-dim=\x1b[31mx.0=SIZE" in first.stdout
    assert "\x1b" not in first.stdout


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    """An unknown target names the nearest; no such file, no model, no such format."""
    (tmp_path / "m.tflite").touch()
    for arguments, code, word in (
        (("--target", "litrt"), 2, "did you mean 'litert'"),
        (("nope.tflite",), 2, "no such file"),
        (("m.tflite",), 1, "empty"),
        (("-f", "yaml"), 2, "--output-format"),
    ):
        done = tflint("advise", *arguments, cwd=tmp_path)
        assert (done.returncode, len(done.stderr.splitlines())) == (code, 1), done.stderr
        assert word in done.stderr


def test_without_a_target_it_is_the_configured_one(tmp_path: Path) -> None:
    """As for a check: the configuration's target, else the newest LiteRT."""
    (tmp_path / "m.tflite").write_bytes((EXAMPLES / "clean.tflite").read_bytes())
    bare = tflint("advise", "m.tflite", cwd=tmp_path)
    (tmp_path / "tflint.toml").write_text('target = "tflm"\n')
    configured = tflint("advise", "m.tflite", cwd=tmp_path)

    assert bare.stdout.startswith("litert-2.3.0, ")
    assert configured.stdout.startswith("tflm, ")
