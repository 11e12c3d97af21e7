"""What fuzzing has found, each as the smallest model that shows it."""

from __future__ import annotations

import pytest

from fuzz_check import WholeCheck
from tflint import sketch
from tflint.model import schema
from tflint.model.read import decode
from tflint.model.write import encode

FOUND = {
    "TFL707 took the spread of weights that are no numbers": """
x: float32[1,64]
v: float32[8,64] = const [nan,...*512]
y: float32[1,8] = FULLY_CONNECTED(x, v, -)
""",
    "TFL207 asked for the shape of an input that is not there": """
x: float32[1,4]
y: float32[1,4] = MEAN()
""",
    "TFL705 took permutations of floats for indices": """
x: float32[1,4]
p: float32[2] = const [1,0]
a: float32[4,1] = TRANSPOSE(x, p)
b: float32[1,4] = TRANSPOSE(a, p)
y: float32[1,4] = RELU(b)
""",
}


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_what_was_found_is_mended(text: str) -> None:
    """No rule raises for any target, and every report is made."""
    data, checker = sketch.build(text), WholeCheck()

    for _ in checker.plans:
        checker.check(data)


@pytest.mark.parametrize("name", sorted(schema.OP_OPTIONS))
def test_options_may_be_named_and_absent(name: str) -> None:
    """An operator's options have a type and are not there, as the verifier takes them: none, and nothing raises."""
    tables = sketch.parse(f"x: float32[1,2,2,4]\ny: float32[1,2,2,4] = {name}(x, x, x)")
    op, checker = tables["subgraphs"][0]["operators"][0], WholeCheck()
    for field, types in (("builtin_options", "BuiltinOptions"), ("builtin_options_2", "BuiltinOptions2")):
        numbers = {member: number for number, member in schema.ENUMS[types].items()}
        if number := numbers.get(schema.OP_OPTIONS[name], 0):
            op.update({f"{field}_type": number, field: None})
    data = bytes(encode(tables))

    assert [op.options_type for op in decode(data).ops] == [""]
    for _ in checker.plans:
        checker.check(data)
