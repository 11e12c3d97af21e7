"""What real runtimes do with a model of each integrity rule: they die of it, read it wrong, or refuse it today.

No runtime at hand (LiteRT 2.3.0, tflite-runtime 2.9.1) was seen to die of what TFL902, TFL903 and TFL907 speak of: both
check sizes and indices when they load and allocate. Tried were constants too small and outside the file, operators,
graph outputs, WHILE and CALL_ONCE that name what is not there, sizes beyond 32 bits, and negative dimensions.
"""

from __future__ import annotations

import struct
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from runtimes import runs, tflite_runtime
from tflint import sketch
from tflint.engine import Plan, check_model
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

LITERT = "litert-2.3.0"
OFFSETS = struct.pack("<4i", 2, 16, 0x70000000, 0x7FFF0000).hex()  # a count, and where the strings start and end


class Case(NamedTuple):
    """A model, as text or tables; where each runtime stops, and the words or the signal of it."""

    rule: str
    model: str | dict[str, Any]
    litert: tuple[str, str]
    old: tuple[str, str] = ("", "")  # tflite-runtime 2.9.1, where it does something else


CASES = {
    "no subgraphs at all": Case("TFL901", {"version": 3, "buffers": [{}]}, ("crash", "signal 11")),
    "a constant of half its bytes": Case(
        "TFL902",
        "x: float32[4]\nc: float32[4] = raw 0x0000803f\ny: float32[4] = ADD(x, c)",
        ("load", "required_bytes <= bytes was not true"),
    ),
    "an operator that reads tensor 9 of 2": Case(
        "TFL903", "x: float32[4]\ny: float32[4] = RELU(?9)", ("allocate", "Invalid tensor index 9")
    ),
    "an output that is tensor 9 of 2": Case(
        "TFL903",
        "graph main(x) -> (?9)\nx: float32[4]\ny: float32[4] = RELU(x)",
        ("allocate", "Invalid tensor index 9 in outputs"),
    ),
    "a loop whose body is the graph that it stands in": Case(
        "TFL905",
        "graph main(x) -> (y)\nx: float32[4]\n"
        "y: float32[4] = WHILE(x) cond_subgraph_index=1 body_subgraph_index=0\n"
        "graph cond(a) -> (b)\na: float32[4]\nb: bool[] = const [false]",
        ("crash", "signal 11"),
    ),
    "a split into no parts": Case(
        "TFL906",
        "a: int32[] = const [0]\nx: float32[4]\ny: float32[4] = SPLIT(a, x) num_splits=0",
        ("crash", "signal 11"),
        ("allocate", "split.cc"),
    ),
    "a tensor of 2^32 elements": Case(
        "TFL907", "x: float32[65536,65536]\ny: float32[65536,65536] = RELU(x)", ("allocate", "")
    ),
    "a slice that begins 200 MB before its data": Case(
        "TFL908",
        "x: float32[2,3]\nb: int32[2] = const [-50000000,0]\ns: int32[2] = const [1,3]\n"
        "y: float32[1,3] = SLICE(x, b, s)",
        ("allocate", "Invalid begin"),
        ("crash", "signal 11"),
    ),
    "a string that ends 2 GB behind its buffer": Case(
        "TFL910",
        f"s: string[2] = raw 0x{OFFSETS}\ni: int32[1] = const [1]\ny: string[1] = GATHER(s, i)",
        ("allocate", "end_offset <= input->bytes was not true"),
        ("crash", "signal 11"),
    ),
}


def built(model: str | dict[str, Any]) -> bytes:
    return sketch.build(model) if isinstance(model, str) else bytes(encode(model))


def errors(data: bytes) -> set[str]:
    """Rules that find something worse than an info."""
    report = check_model(decode(data), Plan(tuple(catalogue().values()), (resolve(LITERT),)))
    return {finding.rule.code for finding in report.findings if str(finding.severity) != "info"}


def outcome(runtime: Path, data: bytes, folder: Path) -> tuple[str, str]:
    path = folder / "model.tflite"
    path.write_bytes(data)
    done = runs(runtime, path)
    return done["stage"], done["error"]


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_what_litert_makes_of_it(case: Case, tmp_path: Path) -> None:
    """The rule speaks of the model, and LiteRT does what is written here."""
    data = built(case.model)
    stage, words = outcome(Path(sys.executable), data, tmp_path)

    assert case.rule in errors(data)
    assert stage == case.litert[0], words
    assert case.litert[1] in words


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.old[0]])
def test_what_an_older_runtime_makes_of_it(name: str, tmp_path: Path) -> None:
    """What LiteRT refuses today killed the process before, and the other way round."""
    case = CASES[name]
    stage, words = outcome(tflite_runtime("2.9.1", "3.9"), built(case.model), tmp_path)

    assert stage == case.old[0], words
    assert case.old[1] in words


def answer(text: str) -> list[float]:
    plain = OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES  # XNNPACK brings the operators that it takes into order
    interpreter = Interpreter(model_content=sketch.build(text), experimental_op_resolver_type=plain)
    interpreter.allocate_tensors()
    given, made = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    interpreter.set_tensor(given["index"], np.arange(1, 5, dtype=np.float32).reshape(given["shape"]))
    interpreter.invoke()
    return [float(value) for value in interpreter.get_tensor(made["index"]).ravel()]


def test_operators_out_of_order_give_wrong_answers() -> None:
    """TFL904: what comes too early reads memory that nobody has written, without an error."""
    head = "graph main(x) -> (y)\nx: float32[4]\na: float32[4]\ny: float32[4]\n"
    wrong = head + "y = SQUARE(a)\na = SQUARE(x)"

    assert "TFL904" in errors(sketch.build(wrong))
    assert answer(head + "a = SQUARE(x)\ny = SQUARE(a)") == [1, 16, 81, 256]
    assert answer(wrong) != [1, 16, 81, 256]


def test_options_of_another_operator_are_not_read() -> None:
    """TFL910: the axis that stands beside the wrong type is lost, and the kernel joins along another."""
    right = "x: float32[2,2]\ny: float32[2,4] = CONCATENATION(x, x) axis=1"
    wrong = "x: float32[2,2]\ny: float32[2,4] = CONCATENATION(x, x) options=GatherOptions axis=1"

    assert "TFL910" in errors(sketch.build(wrong))
    assert answer(right) == [1, 2, 1, 2, 3, 4, 3, 4]
    assert answer(wrong) == [1, 2, 3, 4, 1, 2, 3, 4]
