"""TFL905: subgraphs that call themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.api import Model, Severity, callees, hit, rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tflint.api import Hit, Op

BAD = """
graph main(x) -> (y)
x: float32[4]
y: float32[4] = WHILE(x) cond_subgraph_index=1 body_subgraph_index=0
graph cond(a) -> (b)
a: float32[4]
b: bool[] = const [false]
"""
GOOD = (
    BAD.replace("body_subgraph_index=0", "body_subgraph_index=2")
    + """
graph body(c) -> (d)
c: float32[4]
d: float32[4] = RELU(c)
"""
)


@rule(
    "TFL905",
    "subgraph-recursion",
    Severity.ERROR,
    since="0.1.0",
    mandatory=True,
    group=("problem",),
    options={"depth": 8},
    message="{problem}",
    examples=[(BAD, GOOD)],
)
def subgraph_recursion(model: Model, options: Mapping[str, int]) -> Iterator[Hit]:
    """The subgraphs of control-flow ops call each other in a circle, or are nested very deeply.

    ## Why is this bad?
    A runtime prepares a body when it reaches the op, and again in it, until its stack ends: every measured runtime dies
    with SIGSEGV in `allocate_tensors()`. No loader and no verifier looks for it (tensorflow#60621, LiteRT#172).

    ## What to do
    Do not load the file: TensorFlow cannot export recursion, so the file was crafted or damaged.

    ## Exceptions
    Nesting without a circle, deeper than the option `depth` (8), is a warning.

    ## References
    Measured on wheels, see docs/verdicts.md: a WHILE whose body is its own subgraph crashes each that was tried.
    """
    calls = [_calls(model, graph.ops) for graph in model.subgraphs]
    depths: dict[int, int] = {}
    for start in range(len(calls)):
        open_: dict[int, int] = {}  # subgraph -> how many of its calls are done
        stack = [start] if start not in depths else []
        while stack:
            at = stack[-1]
            done = open_.setdefault(at, 0)
            if done < len(calls[at]):
                open_[at] += 1
                op, to = calls[at][done]
                if to in open_:
                    yield hit(op, problem="subgraphs call each other in a circle")
                elif to not in depths:
                    stack.append(to)
                continue
            depths[at] = 1 + max((depths.get(to, 0) for _, to in calls[at]), default=0)
            del open_[at]
            stack.pop()
    deepest = max(depths, key=lambda index: depths[index], default=None)
    if deepest is not None and depths[deepest] > options["depth"]:
        problem = f"subgraphs are nested {depths[deepest]} deep"
        yield hit(model.subgraphs[deepest], severity=Severity.WARNING, problem=problem)


def _calls(model: Model, ops: tuple[Op, ...]) -> list[tuple[Op, int]]:
    """The distinct subgraphs that the ops call, each with the first op that does."""
    found: dict[int, Op] = {}
    for op in ops:
        for index in callees(op):
            if 0 <= index < len(model.subgraphs):
                found.setdefault(index, op)
    return [(op, index) for index, op in found.items()]
