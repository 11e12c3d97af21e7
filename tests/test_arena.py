"""The plan of the arena, against the addresses that the real runtime gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ai_edge_litert.interpreter import Interpreter, OpResolverType
from hypothesis import given, settings
from hypothesis import strategies as st

from models import EXAMPLES
from tflint import sketch
from tflint.model.read import decode, read_model
from tflint.runtimes import arena as planner
from tflint.runtimes.arena import plan_arena

if TYPE_CHECKING:
    import pytest

    from tflint.model.view import Subgraph


@st.composite
def graphs(draw: st.DrawFn) -> str:
    """Graphs of concatenations, which ask for no scratch and share no memory with their inputs."""
    widths = [draw(st.integers(1, 400))]
    lines = [f"t0: float32[1,{widths[0]}]"]
    for i in range(1, draw(st.integers(2, 12))):
        picked = [draw(st.integers(0, i - 1)) for _ in range(draw(st.integers(1, 3)))]
        widths.append(sum(widths[j] for j in picked))
        names = ", ".join(f"t{j}" for j in picked)
        lines.append(f"t{i}: float32[1,{widths[i]}] = CONCATENATION({names}) axis=1")
        if widths[i] > 20_000:
            break
    return "\n".join(lines)


def span(model: bytes, graph: Subgraph) -> int:
    """Bytes from the first to the last of the arena, as the interpreter has laid it out."""
    interpreter = Interpreter(
        model_content=model, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    interpreter.allocate_tensors()
    places = []
    for index in {*graph.input_indices, *(i for op in graph.ops for i in op.output_indices)}:
        values = interpreter.tensor(index)()
        places.append((values.__array_interface__["data"][0], values.nbytes))
    return int(max(at + size for at, size in places) - min(at for at, _ in places))


@settings(max_examples=60, deadline=None)
@given(graphs())
def test_the_plan_is_the_runtime_s(text: str) -> None:
    """Graphs of any shape get an arena of the size that LiteRT allocates."""
    model = sketch.build(text)
    graph = decode(model).subgraphs[0]
    found = plan_arena(graph)

    assert found.planned == span(model, graph)
    assert found.peak <= found.planned


def test_variables_are_not_activations() -> None:
    """What is kept from call to call has an arena of its own; constants have none."""
    text = "x: float32[1,4]\nv: float32[1,100] variable\nc: float32[1,4] = const\ny: float32[1,4] = ADD(x, c)"
    found = plan_arena(decode(sketch.build(text)).subgraphs[0])

    assert (found.peak, found.variables) == (32, 448)
    assert found.at is not None
    assert found.at.name == "ADD"


def test_many_tensors_are_summed_and_not_placed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the limit the peak is told and the plan is not."""
    monkeypatch.setattr(planner, "MOST", 1)
    model = read_model(EXAMPLES / "clean.tflite")

    assert plan_arena(model.subgraphs[0]).planned is None
    assert plan_arena(model.subgraphs[0]).peak > 0
