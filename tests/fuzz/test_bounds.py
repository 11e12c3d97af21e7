"""What a small file can describe at most, and what it costs: parts that are shared, nested and repeated without end."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import flatbuffers
import pytest
import tflite

from fuzz_check import WholeCheck
from tflint.model import schema
from tflint.model.flatbuf import MalformedModelError
from tflint.model.read import decode
from tflint.model.write import encode

if TYPE_CHECKING:
    from collections.abc import Callable

MANY = 4000
CODES = {name: code for code, name in schema.ENUMS["BuiltinOperator"].items()}
OPTIONS = {name: code for code, name in schema.ENUMS["BuiltinOptions"].items()}
PAIR = [{"shape": [2], "name": name} for name in "xy"]
ONE = {"inputs": [0], "outputs": [1]}


def model(*operators: dict[str, Any], op: str = "RELU", codes: int = 1, **graph: Any) -> dict[str, Any]:
    """Tables of a model with one subgraph."""
    code = {"builtin_code": CODES[op], "deprecated_builtin_code": min(127, CODES[op])}
    whole = {"tensors": PAIR, "inputs": [0], "outputs": [1], "operators": operators, **graph}
    return {"version": 3, "operator_codes": [code] * codes, "buffers": [{}], "subgraphs": [whole]}


def nested() -> dict[str, Any]:
    """Subgraphs that each call the next by an IF, the last the first."""

    def calling(index: int) -> dict[str, Any]:
        then = {"then_subgraph_index": (index + 1) % MANY, "else_subgraph_index": (index + 1) % MANY}
        call = {**ONE, "builtin_options_type": OPTIONS["IfOptions"], "builtin_options": then}
        return {"tensors": PAIR, "inputs": [0], "outputs": [1], "operators": [call]}

    return {**model(op="IF"), "subgraphs": [calling(index) for index in range(MANY)]}


CASES: dict[str, Callable[[], dict[str, Any]]] = {
    "one tensor that all operators write": lambda: model(*[ONE] * MANY),
    "one tensor that is all inputs and outputs": lambda: model(ONE, inputs=[0] * MANY, outputs=[0] * MANY),
    "one operator of many operands": lambda: model({"inputs": [0] * MANY, "outputs": [0] * MANY}, op="ADD_N"),
    "operator codes that no runtime has": lambda: model(ONE, op="STABLEHLO_LOGISTIC", codes=MANY),
    "subgraphs nested without end": nested,
}


@pytest.mark.parametrize("build", CASES.values(), ids=CASES)
def test_cost_grows_with_the_file(build: Callable[[], dict[str, Any]]) -> None:
    """Four thousand of anything are checked within the time that fuzzing allows, and no rule raises."""
    data, checker = bytes(encode(build())), WholeCheck()

    for _ in checker.plans:
        checker.check(data)


def test_one_table_is_not_read_without_end() -> None:
    """900 subgraphs of 1,000 tensors each, all one: 8 kB that were 600 MB in memory."""
    builder = flatbuffers.Builder()
    tflite.TensorStart(builder)
    tensor = tflite.TensorEnd(builder)
    tensors = repeated(builder, tensor, 1000)
    tflite.SubGraphStart(builder)
    tflite.SubGraphAddTensors(builder, tensors)
    graph = tflite.SubGraphEnd(builder)
    graphs = repeated(builder, graph, 900)
    tflite.ModelStart(builder)
    tflite.ModelAddSubgraphs(builder, graphs)
    builder.Finish(tflite.ModelEnd(builder), b"TFL3")
    data = bytes(builder.Output())
    start = time.process_time()

    assert len(data) < 8000
    with pytest.raises(MalformedModelError, match=r"more than 10,9.. tables"):
        decode(data)
    assert time.process_time() - start < 2


def repeated(builder: flatbuffers.Builder, table: int, times: int) -> int:
    """A vector of one table, again and again."""
    builder.StartVector(4, times, 4)
    for _ in range(times):
        builder.PrependUOffsetTRelative(table)
    return int(builder.EndVector())
