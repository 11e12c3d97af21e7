"""Patterns of ops: what fits, what is captured, and that no graph makes a search long."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

from tflint import sketch
from tflint.model.match import VIEWS, Made, Match, const, made, match, matches, readers
from tflint.model.read import decode

if TYPE_CHECKING:
    from tflint.model.view import Model

GATED = """
a: float32[1,4]
b: float32[1,4]
s: float32[1,4] = LOGISTIC(a)
t: float32[1,4] = TANH(b)
y: float32[1,4] = MUL(t, s)
"""


def model_of(text: str) -> Model:
    """The model of a sketch."""
    return decode(sketch.build(text))


def found(text: str, pattern: Made, through: frozenset[str] = frozenset()) -> list[Match]:
    """Every match in the primary subgraph."""
    model = model_of(text)
    assert model.primary is not None
    return list(matches(model, model.primary, pattern, through))


def names(text: str, pattern: Made, through: frozenset[str] = frozenset()) -> list[dict[str, str]]:
    """Names of what each match captures."""
    return [{key: t.name for key, t in one.tensors.items()} for one in found(text, pattern, through)]


def test_an_operand_tree_fits_in_either_order_of_a_commutative_op() -> None:
    """MUL(LOGISTIC(x), TANH(y)) finds TANH times LOGISTIC, and captures what each reads."""
    assert names(GATED, made("MUL", made("LOGISTIC", "x"), made("TANH", "y"))) == [{"x": "a", "y": "b"}]


def test_an_ordered_op_fits_in_its_order_only() -> None:
    """SUB(LOGISTIC, TANH) is not SUB(TANH, LOGISTIC)."""
    text = GATED.replace("MUL", "SUB")
    assert names(text, made("SUB", made("TANH", "y"), made("LOGISTIC", "x"))) == [{"x": "a", "y": "b"}]
    assert names(text, made("SUB", made("LOGISTIC"), made("TANH"))) == []


def test_a_name_stands_for_one_tensor() -> None:
    """A product x * LOGISTIC(x) is swish; x * LOGISTIC(z) is not."""
    swish = made("MUL", "x", made("LOGISTIC", "x"))
    text = "x: float32[4]\nz: float32[4]\ns: float32[4] = LOGISTIC({0})\ny: float32[4] = MUL(s, x)"
    assert names(text.format("x"), swish) == [{"x": "x"}]
    assert names(text.format("z"), swish) == []


def test_a_made_tensor_is_captured_and_met_again() -> None:
    """The blend n + z * (h - n) names n where it is made and where it is read, whichever comes first."""
    text = """
    h: float32[4]
    z: float32[4]
    x: float32[4]
    n: float32[4] = TANH(x)
    d: float32[4] = SUB(h, {0})
    m: float32[4] = MUL(d, z)
    y: float32[4] = ADD(m, n)
    """
    blend = made("ADD", made("TANH", name="n"), made("MUL", made("SUB", "_", "n"), "z"))
    assert names(text.format("n"), blend) == [{"n": "n", "z": "z"}]
    assert names(text.format("x"), blend) == []


def test_alternatives_and_predicates_on_ops() -> None:
    """A node may be any of several ops, and may look at their options."""
    text = "x: float32[4]\na: float32[4] = ADD(x, x)\nb: float32[4] = SUB(a, x) fused_activation_function=RELU"
    assert [m.op.name for m in found(text, made("ADD SUB"))] == ["ADD", "SUB"]
    fused = made("ADD SUB", where=lambda op: op.options["fused_activation_function"] == "RELU")
    assert [m.op.name for m in found(text, fused)] == ["SUB"]


def test_constants_by_value_by_predicate_and_any() -> None:
    """`const(1, 2)` is these values, `const(where=...)` values that satisfy it, `const()` weights as well."""
    text = "x: float32[2]\nk: int32[1] = const [0]\ny: float32[] = MEAN(x, k)"
    for wanted in (const(0), const(where=lambda values: max(values) < 1), const()):
        assert len(found(text, made("MEAN", "_", wanted))) == 1
    for wanted in (const(1), const(where=lambda values: max(values) > 0)):
        assert found(text, made("MEAN", "_", wanted)) == []
    assert found(text, made("MEAN", const())) == []
    weights = "x: float32[1,2000]\nw: float32[1,2000] = const\ny: float32[1,1] = FULLY_CONNECTED(x, w, -)"
    assert len(found(weights, made("FULLY_CONNECTED", "_", const()))) == 1
    assert found(weights, made("FULLY_CONNECTED", "_", const(where=lambda _: True))) == []  # larger than is read


def test_views_are_looked_through_where_asked() -> None:
    """RESHAPE and QUANTIZE between two ops are invisible with `through`, and a capture is the tensor behind them."""
    text = """
    x: float32[4]
    k: int32[2] = const [2,2]
    s: float32[4] = LOGISTIC(x)
    r: float32[2,2] = RESHAPE(s, k)
    q: int8[2,2] q=0.1+0 = QUANTIZE(r)
    y: int8[2,2] q=0.1+0 = MUL(q, q)
    """
    square = made("MUL", made("LOGISTIC"), "_")
    assert found(text, square) == []
    assert len(found(text, square, VIEWS)) == 1
    assert names(text, made("MUL", "s", "s"), VIEWS) == [{"s": "s"}]
    behind = made("MUL", made("LOGISTIC", behind={"QUANTIZE", "RESHAPE"}))
    assert len(found(text, behind)) == 1


def test_joins_are_looked_through_to_every_operand_and_splits_to_their_data() -> None:
    """Behind ADD and SPLIT stands the matrix product, on whichever side."""
    text = """
    x: float32[1,4]
    m: float32[1,4]
    w: float32[8,4] = const
    d: int32[] = const [1]
    f: float32[1,8] = FULLY_CONNECTED(x, w, -)
    g: float32[1,4] = SPLIT(d, f) num_splits=2
    h: float32[1,4] = ^1
    e: float32[1,4] = EXP(m)
    a: float32[1,4] = ADD(e, h)
    y: float32[1,4] = LOGISTIC(a)
    """
    gate = made("LOGISTIC", made("FULLY_CONNECTED", "x", behind={"ADD", "SPLIT"}))
    assert names(text, gate) == [{"x": "x"}]
    assert found(text, made("LOGISTIC", made("FULLY_CONNECTED", behind={"ADD"}))) == []


def test_a_tensor_is_matched_by_what_makes_it() -> None:
    """From a graph output backwards, and None where nothing fits or nobody makes it."""
    model = model_of(GATED)
    assert model.primary is not None
    (output,), (first, _) = model.primary.outputs, model.primary.inputs
    assert output is not None
    assert first is not None
    one = match(model, output, made("MUL", made("TANH", "b"), "_", name="y"))
    assert one is not None
    assert (one.op.name, one["b"].name, one["y"].name) == ("MUL", "b", "y")
    assert match(model, output, made("LOGISTIC")) is None
    assert match(model, first, made("MUL")) is None


def test_omitted_and_missing_operands_do_not_fit() -> None:
    """A bias that is left out is no operand, and neither is one that the op does not have."""
    text = "x: float32[1,4]\nw: float32[2,4] = const\ny: float32[1,2] = FULLY_CONNECTED(x, w, -)"
    assert len(found(text, made("FULLY_CONNECTED", "_", "_"))) == 1
    assert found(text, made("FULLY_CONNECTED", "_", "_", "_")) == []
    assert found(text, made("FULLY_CONNECTED", "_", "_", "_", "_")) == []


def test_an_op_that_makes_nothing_makes_no_pattern() -> None:
    """An output index that no tensor has leaves nothing to capture."""
    model = model_of("x: float32[4]\ny: float32[4] = ADD(x, x)")
    assert model.primary is not None
    op = replace(model.primary.ops[0], outputs=(None,))
    assert match(model, op, made("ADD", name="y")) is None


def test_custom_ops_go_by_their_own_name() -> None:
    """A Flex op is matched as what it is called."""
    text = "s: int32[1]\nr: float32[4] = CUSTOM:FlexRandomUniform(s)\np: float32[]\ny: bool[4] = GREATER_EQUAL(r, p)"
    assert len(found(text, made("GREATER_EQUAL", made("RANDOM_UNIFORM FlexRandomUniform"), "_"))) == 1


def test_readers_are_followed_through_views() -> None:
    """Forward: who reads a tensor, and who reads it behind ops that are looked through."""
    model = model_of("x: float32[4]\na: float32[4] = CAST(x)\nb: float32[4] = TANH(a)\nc: float32[4] = EXP(x)")
    assert model.primary is not None
    x = model.primary.inputs[0]
    assert x is not None
    assert [op.name for op in readers(model, x)] == ["CAST", "EXP"]
    assert [op.name for op in readers(model, x, VIEWS)] == ["EXP", "TANH"]
    assert [op.name for op in readers(model, model.primary.ops[0])] == ["TANH"]


def test_no_graph_makes_a_search_long() -> None:
    """A lattice with 2^60 paths, a chain of 600 views and an op that reads its own output end at once."""
    lattice = ["n0: float32[4]", *(f"n{i + 1}: float32[4] = ADD(n{i}, n{i})" for i in range(60))]
    deep = made("TANH")
    for _ in range(30):
        deep = made("ADD", made("ADD", "_", "_"), deep)
    chain = [
        "n0: float32[4]",
        *(f"n{i + 1}: float32[4] = CAST(n{i})" for i in range(600)),
        "y: float32[4] = EXP(n600)",
    ]
    loop = "x: float32[4] = CAST(x)\ny: float32[4] = EXP(x)"
    cases = [
        ("\n".join(lattice), deep),
        ("\n".join(lattice), made("ADD", made("TANH", behind={"ADD"}))),
        ("\n".join(chain), made("EXP", made("TANH"))),
        (loop, made("EXP", made("TANH"))),
    ]
    for text, pattern in cases:
        model = model_of(text)
        assert model.primary is not None
        start = time.process_time()
        assert list(matches(model, model.primary, pattern, VIEWS)) == []
        assert time.process_time() - start < 2
