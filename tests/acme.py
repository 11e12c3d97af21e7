"""Rules of a pack, each for one thing that a check does with rules."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from tflint.engine import Plan
from tflint.findings import Severity, hit
from tflint.fixer.edits.edit import ByHand
from tflint.model.path import Place
from tflint.registry import Entry, notices
from tflint.rule import rule
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.findings import Hit
    from tflint.model.tensor import Tensor
    from tflint.model.view import Model, Op, Subgraph
    from tflint.rule import Rule
    from tflint.subject import ModelFile, Notice, Target

MODEL = """
graph main(x) -> (y)
x: float32[1,4]
a: float32[1,4] = RELU(x)
y: float32[1,4] = GELU(a)

graph other(u) -> (v)
u: float32[2]
v: float32[2] = RELU(u)
"""
OLD, NEW = resolve("tflite-2.3"), resolve("litert-2.3.0")  # without GELU and with it
seen = partial(rule, severity=Severity.WARNING, since="1", message="seen", examples=())


@seen("ACM101", "file")
def file(it: ModelFile) -> Iterator[Hit]:
    """The file."""
    yield hit(it, size=it.size, problem=it.problem, where=it.where)


@seen("ACM102", "whole")
def whole(it: Model) -> Iterator[Hit]:
    """The model."""
    yield hit(it)


@seen("ACM103", "graphs")
def graphs(it: Subgraph) -> Iterator[Hit]:
    """Subgraphs."""
    yield hit(it)


@seen("ACM104", "ops")
def ops(it: Op) -> Iterator[Hit]:
    """Operators."""
    yield hit(it)


@seen("ACM105", "relus", on={"RELU", "ABS"})
def relus(it: Op) -> Iterator[Hit]:
    """Operators of some types."""
    yield hit(it)


@seen("ACM106", "tensors")
def tensors(it: Tensor) -> Iterator[Hit]:
    """Tensors."""
    yield hit(it)


@seen("ACM107", "nobody")
def nobody(_: Notice) -> Iterator[Hit]:
    """Nothing."""
    yield hit(Place("/", "nothing"))


@seen("ACM201", "targets")
def targets(it: Target) -> Iterator[Hit]:
    """Targets."""
    yield hit(it.model, assumed=it.assumed)


@seen("TFL201", "refused", on_refusal=True)
def refused(it: Target) -> Iterator[Hit]:
    """Targets without an operator."""
    yield hit(it.model, refusals=len(list(it.refusals("TFL201"))))


@seen("ACM301", "asking", options={"a": 1, "b": 2})
def asking(it: ModelFile, model: Any, options: Any, contracts: Any, weights: Any) -> Iterator[Hit]:
    """What is given."""
    graphs = None if model is None else len(model.subgraphs)
    yield hit(it, graphs=graphs, asked=options, contracts=[c.name for c in contracts], weights=weights is not None)


@seen("ACM302", "heavy", reads="weights")
def heavy(it: Tensor, weights: Any) -> Iterator[Hit]:
    """The sum of constants."""
    if it.is_constant and it.buffer:
        yield hit(it, sum=sum(weights.raw(it.buffer)))


@seen("ACM401", "raising")
def raising(it: Op) -> Iterator[Hit]:
    """It raises at the second operator."""
    if it.index:
        raise ValueError("no luck")
    yield hit(it)


@seen("ACM402", "blind")
def blind(it: Target) -> Iterator[Hit]:
    """It raises at what is no place."""
    if it.model:
        raise ValueError("no luck")
    yield hit(it.model)


@seen("ACM403", "wordless", message="{word}")
def wordless(it: Model) -> Iterator[Hit]:
    """It lacks a word of its message."""
    yield hit(it)


@seen("ACM501", "grouped", message="{one} of {two}", group=("one",))
def grouped(it: Tensor) -> Iterator[Hit]:
    """Hits that differ in two words, of which one is a reason."""
    edit, other = ByHand(it.name[0]), Place("/other", it.name)
    yield hit(it, one=it.index % 2, two=it.name, related=(other,), fix=(edit, ByHand("all")))
    yield hit(it, one=it.index % 2, two="again")


@seen("ACM502", "mixed", message="{name}")
def mixed(it: Tensor) -> Iterator[Hit]:
    """Of the rule's severity, and of others."""
    yield hit(it, name=it.name, severity={"x": Severity.ERROR, "y": Severity.INFO}.get(it.name))


def plan(*rules: Rule, **given: Any) -> Plan:
    """What to do: these rules for LiteRT, with what the checker itself may say, but for what is given."""
    entries = [*(Entry.of(each, "acme") for each in rules), *notices().values()]
    return Plan(**{"entries": tuple(entries), "profiles": (NEW,)} | given)
