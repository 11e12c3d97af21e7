"""Rules meet operators whose operands are not there, as no fuzzer would make up often enough."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

import pytest

from tflint import sketch
from tflint.engine import Plan, check_model
from tflint.model import schema
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

TARGETS = ("litert", "tflite-2.3", "tflite-2.12+flex", "tflm", "gpu")
MISSING = -1
NOT_BUILTIN = {"CUSTOM", "PLACEHOLDER_FOR_GREATER_OP_CODES"}


def damaged(tables: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """For each operator: without its inputs, outputs or both, without the last of each, and with omitted ones."""
    for number, subgraph in enumerate(tables["subgraphs"]):
        for index in range(len(subgraph["operators"])):
            for sides in (("inputs",), ("outputs",), ("inputs", "outputs")):
                for change in (lambda _: [], lambda each: each[:-1], lambda each: [MISSING] * len(each)):
                    copied = copy.deepcopy(tables)
                    op = copied["subgraphs"][number]["operators"][index]
                    op.update({side: change(list(op.get(side) or ())) for side in sides})
                    yield copied


@pytest.fixture(scope="module")
def plan() -> Plan:
    """All rules, for targets of every kind."""
    return Plan(tuple(catalogue().values()), tuple(map(resolve, TARGETS)), deep=True, verbose=True)


def crashes(tables: dict[str, Any], plan: Plan) -> list[str]:
    """What rules have raised."""
    report = check_model(decode(bytes(encode(tables))), plan)
    return [finding.message for finding in report.findings if finding.rule.code == "TFL000"]


@pytest.mark.parametrize("dtype", ["float32", "int8"])
@pytest.mark.parametrize("inputs", range(4))
def test_any_operator_may_have_any_number_of_operands(inputs: int, dtype: str, plan: Plan) -> None:
    """Every builtin operator by itself, with up to three inputs, and with an output or without."""
    form = f"{dtype}[1,2,2,4]{' q=0.1+0' if dtype == 'int8' else ''}"
    names = ["a", "b", "c"][:inputs]
    for name in sorted(set(schema.ENUMS["BuiltinOperator"].values()) - NOT_BUILTIN):
        tables = sketch.parse(
            "\n".join([*(f"{each}: {form}" for each in names), f"y: {form} = {name}({', '.join(names)})"])
        )
        assert crashes(tables, plan) == [], name
        tables["subgraphs"][0]["operators"][0]["outputs"] = []
        assert crashes(tables, plan) == [], name


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_operands_may_be_missing(code: str, plan: Plan) -> None:
    """Whatever operand an operator of a rule's examples loses, no rule raises."""
    for example in catalogue()[code].load().examples:
        for text in filter(None, (example.bad, example.good)):
            for tables in damaged(sketch.parse(text)):
                assert crashes(tables, plan) == [], sketch.show(decode(bytes(encode(tables))))


@pytest.mark.parametrize("dtype", ["float32", "int64", "bool", "string"])
def test_constants_may_be_of_another_type(dtype: str, plan: Plan) -> None:
    """Permutations of floats, axes of bools: the same numbers in constants of a type that no rule expects."""
    constant = re.compile(r"^(\w+): \w+(\[.*\]) = const (\[[-\d,. ]+\])$", re.MULTILINE)
    retyped = 0
    for entry in catalogue().values():
        for example in entry.load().examples:
            for text in filter(None, (example.bad, example.good)):
                changed = constant.sub(lambda found: _retyped(found, dtype), text)
                retyped += changed != text
                assert crashes(sketch.parse(changed), plan) == [], changed
    assert retyped > 10


def _retyped(found: re.Match[str], dtype: str) -> str:
    name, shape, values = found.groups()
    numbers = [int(float(each)) for each in values[1:-1].split(",")]
    written = {"bool": lambda number: str(abs(number) % 2), "string": lambda number: f'"{number}"'}.get(dtype, str)
    return f"{name}: {dtype}{shape} = const [{','.join(map(written, numbers))}]"
