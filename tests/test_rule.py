"""A rule as a value: its page in parts, how it travels, and what the decorator refuses."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import pytest

from tflint.api import Hit, Op, Severity, hit, rule
from tflint.registry import catalogue
from tflint.rule import Example

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tflint.rule import Rule

PAGE = """One sentence, on
    two lines.

    A paragraph more.

    ## Why is this bad?
    It is.

    ## What to do
    Do this,
    then that.

    And then rest.
    """


def made(check: Callable[..., Any], code: str = "ACM101", name: str = "acme-thing", **given: Any) -> Rule:
    """The rule of a check."""
    return rule(code, name, Severity.INFO, since="1.0", message="{op}", examples=[], **given)(check)


def found(op: Op) -> Iterator[Hit]:
    yield hit(op, op=op.name)


def test_the_page_is_read_in_parts() -> None:
    """A summary, sections by heading, and what to do in a sentence; text reports print the last."""

    def paged(op: Op) -> Iterator[Hit]:
        yield hit(op)

    paged.__doc__ = PAGE
    rule = made(paged)
    assert rule.summary == "One sentence, on two lines."
    assert list(rule.sections) == ["Why is this bad?", "What to do"]
    assert rule.sections["Why is this bad?"] == "It is."
    assert rule.remedy == "Do this, then that."


def test_a_rule_without_a_page_has_empty_parts() -> None:
    """A pack's may; reports then say nothing. What is not said of it is what most rules are."""
    bare = made(found)
    assert (bare.doc, bare.summary, bare.sections, bare.remedy) == ("", "", {}, "")
    assert (bare.status, bare.reads, bare.mandatory, bare.on_refusal) == ("stable", "graph", False, False)
    assert (bare.on, bare.group, bare.options, bare.fix, bare.examples) == (frozenset(), None, {}, None, ())


def test_an_example_is_a_model_to_flag_and_the_one_to_have_instead() -> None:
    """And the target, where it is not the newest; each sketch without the indentation of its string."""
    two = rule(
        "ACM101", "acme-thing", Severity.INFO, since="1.0", message="", examples=[("  a", " b"), ("c", "d", "gpu")]
    )
    assert two(found).examples == (Example("a", "b"), Example("c", "d", "gpu"))


@pytest.mark.parametrize("scope", ["ModelFile", "Model", "Subgraph", "Op", "Tensor", "Target"])
def test_a_rule_looks_at_what_its_check_is_annotated_with(scope: str) -> None:
    """Any part of a model, the file, or a target; by name, as annotations are text here."""

    def check(part: object) -> Iterator[Hit]:
        yield hit(part)  # type: ignore[arg-type] # it does not run

    check.__annotations__["part"] = scope
    assert made(check).scope == scope
    check.__annotations__["part"] = type(scope, (), {})
    assert made(check).scope == scope


def test_a_rule_travels_by_name() -> None:
    """To a worker, which has it already: the same object comes out."""
    known = catalogue()["TFL101"].load()
    assert pickle.loads(pickle.dumps(known)) is known  # noqa: S301 - our own


def test_a_check_may_ask_for_all_that_there_is() -> None:
    """By name, in any order, and gets its options with what is set of them."""

    def greedy(op: Op, weights: Any, options: Any, model: Any, contracts: Any) -> Iterator[Hit]:
        yield hit(op, given=(weights, options, model, contracts))

    rule = made(greedy, options={"most": 8, "least": 1})
    assert rule.wants == ("weights", "options", "model", "contracts")
    given = {"model": 1, "contracts": 2, "weights": 3, "more": 4}
    assert rule.arguments({"most": 9}, given) == {
        "weights": 3,
        "options": {"most": 9, "least": 1},
        "model": 1,
        "contracts": 2,
    }


def plain(op: Op) -> list[Hit]:
    return [hit(op)]


def untyped(op) -> Iterator[Hit]:  # type: ignore[no-untyped-def] # noqa: ANN001 - what is refused
    yield hit(op)


def curious(op: Op, catalogue: object) -> Iterator[Hit]:
    yield hit(op, seen=catalogue)


def numbered(number: int) -> Iterator[Hit]:
    yield hit(number)  # type: ignore[arg-type] # what is refused


@pytest.mark.parametrize(
    ("check", "given", "problem"),
    [
        (found, {"code": "acm101"}, "bad rule id: acm101 acme-thing"),
        (found, {"code": "ACM1011"}, "bad rule id: ACM1011 acme-thing"),
        (found, {"name": "Acme"}, "bad rule id: ACM101 Acme"),
        (plain, {}, "test_rule.plain: a check is a generator function"),
        (untyped, {}, "test_rule.untyped: the first parameter of a check is annotated with one of ModelFile, Model, "),
        (
            numbered,
            {},
            "test_rule.numbered: the first parameter of a check is annotated with one of ModelFile, Model, ",
        ),
        (curious, {}, "test_rule.curious: a check may ask for contracts, model, options, weights, not catalogue"),
    ],
)
def test_a_mistake_is_said_when_the_rule_is_made(
    check: Callable[..., Any], given: dict[str, str], problem: str
) -> None:
    """And not when it runs."""
    with pytest.raises(ValueError, match=problem):
        made(check, **given)
