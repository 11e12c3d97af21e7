"""Accelerators as targets: what is taken, what stays on the CPU, and what nobody can say."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tflint import sketch
from tflint.engine import Plan, check_model
from tflint.errors import TflintError
from tflint.model.read import decode
from tflint.registry import catalogue
from tflint.runtimes.accelerator import accelerator
from tflint.runtimes.kernel import ARGUMENTS
from tflint.runtimes.offload import partitions
from tflint.runtimes.profile import ACCELERATORS, resolve
from tflint.runtimes.verdict import refusals_of

if TYPE_CHECKING:
    from pathlib import Path

CONV = """
x: {dtype}[1,8,8,4] {q}
w: {dtype}[4,1,1,4] {q} = const
b: {bias} = const
y: {dtype}[1,8,8,4] {q} = CONV_2D.v{version}(x, w, b) stride_w=1 stride_h=1 {more}
"""
FLOAT = {"dtype": "float32", "q": "", "bias": "float32[4]", "version": 1, "more": ""}
INT8 = {"dtype": "int8", "q": "q=0.1+0", "bias": "int32[4] q=0.01+0", "version": 3, "more": ""}


def judged(text: str, target: str) -> tuple[str, list[str]]:
    """The stage that decides, and what is said of each operator."""
    reasons = refusals_of(decode(sketch.build(text)), resolve(target))
    words = [f"{r.data.get('op')} {r.data.get('problem', r.data.get('what'))}" for r in reasons]
    return reasons[0].stage if reasons else "", words


@pytest.mark.parametrize(
    ("conv", "target", "stage", "words"),
    [
        (FLOAT, "gpu", "", []),
        (INT8, "gpu", "", []),
        (FLOAT | {"version": 7}, "gpu", "cpu", ["CONV_2D has version 7, gpu takes 1 to 6"]),
        (INT8, "edgetpu", "", []),
        (
            FLOAT,
            "edgetpu",
            "delegate",
            ["the model is not quantized, and the compiler of edgetpu refuses it: Model not quantized"],
        ),
        (
            INT8 | {"more": "dilation_w_factor=2 dilation_h_factor=1"},
            "edgetpu",
            "cpu",
            ["CONV_2D does not meet edgetpu's condition: same dilation in x and y"],
        ),
        (
            FLOAT,
            "ethos-u55",
            "cpu",
            ["CONV_2D does not meet ethos-u55's condition: feature maps int8, uint8, int16, int32 or int64"],
        ),
        (INT8, "ethos-u85", "", []),
        (INT8, "hexagon", "", []),
        (FLOAT, "xnnpack", "", []),
        (FLOAT, "coreml", "", []),
        (INT8, "coreml", "cpu", ["CONV_2D has version 3, coreml takes 1 to 1"]),
    ],
)
def test_one_operator(conv: dict[str, object], target: str, stage: str, words: list[str]) -> None:
    """Versions, dtypes and options decide as each table says."""
    share = [f"0 of 1 operators run on {target}"] if stage == "cpu" else []

    assert judged(CONV.format_map(conv), target) == (stage, [*share, *words])


def test_what_no_expression_says_is_unknown() -> None:
    """NNAPI's own conditions are not in the table: a model of listed operators is not called compatible."""
    stage, (words,) = judged("x: float32[1,4]\ny: float32[1,4] = RELU(x)\n", "nnapi")

    assert stage == "unknown"
    assert words.startswith("nnapi not evaluated: types, shapes and options")


def test_float16_weights_are_constants_to_the_gpu() -> None:
    """DEQUANTIZE of a float16 constant leaves a convolution with one runtime input."""
    text = """
    x: float32[1,8,8,4]
    h: float16[4,1,1,4] = const
    w: float32[4,1,1,4] = DEQUANTIZE(h)
    b: float16[4] = const
    c: float32[4] = DEQUANTIZE(b)
    y: float32[1,8,8,4] = CONV_2D(x, w, c) stride_w=1 stride_h=1
    """

    assert judged(text, "gpu") == ("", [])


def test_a_graph_with_dynamic_tensors_is_refused() -> None:
    """The GPU delegate is not applied to it at all; XNNPACK takes what it can."""
    text = """
    x: float32[1,4]
    shape: int32[2]
    y: float32[2,2] = RESHAPE(x, shape)
    z: float32[2,2] = RELU(y)
    """

    assert judged(text, "gpu") == (
        "delegate",
        ["RESHAPE has outputs sized by the data, and gpu is not applied to a graph with dynamic tensors"],
    )


CHAIN = """
x: float32[1,4]
a: float32[1,4] = ABS(x)
b: float32[1,4] = L2_NORMALIZATION(a)
c: float32[1,4] = ABS(b)
d: float32[1,4] = ABS(c)
e: float32[1,4] = L2_NORMALIZATION(d)
f: float32[1,4] = ABS(e)
"""


def test_the_gpu_takes_one_partition() -> None:
    """Four operators could run there, in three partitions; the default takes the largest, of two."""
    stage, words = judged(CHAIN, "gpu")

    assert stage == "cpu"
    assert words[0] == "2 of 6 operators run on gpu (4 could, in 3 partitions)"


def test_partitions_follow_the_data_not_the_order() -> None:
    """Operators that do not wait for one another run together, wherever they stand in the file."""
    model = decode(
        sketch.build(
            """
            x: float32[1,4]
            a: float32[1,4] = ABS(x)
            b: float32[1,4] = L2_NORMALIZATION(a)
            c: float32[1,4] = NEG(x)
            d: float32[1,4] = NEG(c)
            """
        )
    )
    graph = model.subgraphs[0]

    assert list(partitions(graph, {graph.ops[1]: "stays"})) == [3]


def test_an_edge_tpu_stops_at_the_first() -> None:
    """What stands behind the first operator that it leaves runs on the CPU."""
    text = """
    x: int8[1,4] q=0.1+0
    a: int8[1,4] q=0.1+0 = RELU(x)
    b: int8[1,4] q=0.1+0 = ABS(a)
    c: int8[1,4] q=0.1+0 = RELU(b)
    d: int8[1,4] q=0.1+0 = RELU(c)
    """

    assert judged(text, "edgetpu")[1][0] == "1 of 4 operators run on edgetpu (3 could, in 2 partitions)"


@pytest.mark.parametrize("name", ACCELERATORS)
def test_every_expression_compiles(name: str) -> None:
    """A table has no expression that Python cannot read, and none for a sentence that it does not have."""
    table = accelerator(name)
    said = {*table.requirements, *(text for op in table.ops.values() for text in op.conditions)}

    assert set(table.checks) <= said
    for text in filter(None, table.checks.values()):
        compile(f"lambda {ARGUMENTS}: ({text})", name, "eval")


def test_an_accelerator_has_no_suffix() -> None:
    """It is not a runtime of its own."""
    with pytest.raises(TflintError, match="it is an accelerator"):
        resolve("gpu+compiled")
    with pytest.raises(TflintError, match="did you mean 'edgetpu'"):
        resolve("edge-tpu")


def test_the_command(tmp_path: Path) -> None:
    """The verdict is partial, operators that stay are warnings, the share is info, and the table can be shown."""
    path = tmp_path / "m.tflite"
    path.write_bytes(sketch.build(CHAIN))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-m", "tflint", *arguments], capture_output=True, text=True, check=False)

    done = run("check", str(path), "--target", "gpu", "--select", "TFL205", "-f", "json")
    (file,) = json.loads(done.stdout)["files"]
    assert done.returncode == 1
    assert file["verdicts"] == {"gpu": {"verdict": "partial", "reasons": ["TFL205"]}}
    assert [(f["severity"], f["message"], f["count"]) for f in file["findings"]] == [
        ("warning", "L2_NORMALIZATION is not among the operators that gpu takes", 2),
        ("info", "2 of 6 operators run on gpu (4 could, in 3 partitions)", 1),
    ]
    shown = json.loads(run("target", "show", "gpu", "--output-format", "json").stdout)
    assert shown["accelerator_ops"]["RESHAPE"] == "version 1 to 1; 1 runtime input"
    assert {row["id"] for row in json.loads(run("target", "list", "--output-format", "json").stdout)} >= set(
        ACCELERATORS
    )


HYBRID = """
x: float32[1,8]
w: int8[4,8] q=[0.1,0.2,0.3,0.4]+[0,0,0,0] = const
y: float32[1,4] = FULLY_CONNECTED.v12(x, w, -)
"""
FLOAT_IO = """
x: float32[1,4]
q: int8[1,4] q=0.1+0 = QUANTIZE(x)
r: int8[1,4] q=0.1+0 = RELU(q)
"""


@pytest.mark.parametrize(
    ("code", "text", "severities"),
    [
        ("TFL504", HYBRID, {"litert": "info", "gpu": "info", "edgetpu": "error", "hexagon": "error"}),
        ("TFL505", FLOAT_IO, {"litert": "info", "edgetpu": "warning", "gpu": "info"}),
        ("TFL511", HYBRID, {"litert": "info", "edgetpu": "warning", "hexagon": "warning", "gpu": "info"}),
    ],
)
def test_rules_rise_for_integer_hardware(code: str, text: str, severities: dict[str, str]) -> None:
    """What a CPU computes on the fly, hardware that has integers only does not."""
    model = decode(sketch.build(text))
    found = {
        target: [f.severity.value for f in check_model(model, Plan((catalogue()[code],), (resolve(target),))).findings]
        for target in severities
    }

    assert found == {target: [severity] for target, severity in severities.items()}
