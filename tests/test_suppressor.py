"""What a suppression is about: the model, the rule, the place and the day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from running import one_line, tflint, write_model
from tflint import sketch
from tflint.config.settings import Suppression
from tflint.findings import Severity
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.patterns import Glob
from tflint.registry import catalogue
from tflint.suppress import Suppressor, expired

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.model.view import Model

MODEL = """
x: float32[1,4]
a: float32[1,4] = RELU(x)
y: float32[1,4] = SOFTMAX(a) beta=1
"""
MANDATORY, OTHER = "TFL902", "TFL510"


def model() -> Model:
    """One whose first operator leaves an output out."""
    tables = sketch.parse(MODEL)
    tables["subgraphs"][0]["operators"][0]["outputs"].insert(0, -1)
    return decode(bytes(encode(tables)))


def suppression(**given: Any) -> Suppression:
    """One for m.tflite, but for what is given."""
    return Suppression(**{"path": Glob("m.tflite", "/models"), "rule": OTHER, "reason": "why"} | given)


def reason(
    each: Suppression, at: Any, file: str = "/models/m.tflite", severity: Severity = Severity.WARNING
) -> str | None:
    """Why a finding at a place of a file is suppressed."""
    return Suppressor(file, [(each, frozenset([each.rule]))]).reason(catalogue()[each.rule].load(), severity, at)


def test_it_is_about_files_that_its_path_matches() -> None:
    """And about no other."""
    assert [reason(suppression(), model(), f"/models/{name}.tflite") for name in ("m", "n")] == ["why", None]


def test_it_holds_through_its_last_day() -> None:
    """From the day after it is over."""
    today = date.today()  # noqa: DTZ011 - the day where the user is

    assert not expired(suppression())
    assert [expired(suppression(expires=today + timedelta(days))) for days in (-1, 0, 1)] == [True, False, False]


def test_of_a_mandatory_rule_warnings_are_suppressed_and_errors_are_not() -> None:
    """What runtimes refuse cannot be silenced; what only looks odd can."""
    one = suppression(rule=MANDATORY)

    found = {severity: reason(one, model(), severity=severity) for severity in Severity}
    assert found == {severity: None if severity is Severity.ERROR else "why" for severity in Severity}
    assert catalogue()[MANDATORY].load().mandatory


@pytest.mark.parametrize(
    ("where", "places"),
    [
        ("op:SOFTMAX", {"op"}),
        ("op:y", {"op", "y"}),
        ("op:a", {"relu"}),
        ("tensor:y", {"y"}),
        ("tensor:*", {"x", "y"}),
        ("tensor:SOFTMAX", set()),
        ("SOFTMAX*", {"op"}),
        ("the *", {"model"}),
    ],
)
def test_where_tells_ops_tensors_and_words_apart(where: str, places: set[str]) -> None:
    """An op by its type or its outputs, of which some may be left out; a tensor by its name; the rest by its label."""
    whole = model()
    graph = next(iter(whole.subgraphs))
    at: dict[str, Any] = {"model": whole, "op": graph.ops[1], "relu": graph.ops[0]}
    at |= {tensor.name: tensor for tensor in graph.tensors if tensor.name in ("x", "y")}

    assert {name for name, each in at.items() if reason(suppression(where=where), each)} == places


def test_a_rule_that_a_sidecar_does_not_know_is_named_by_its_key(tmp_path: Path) -> None:
    """The file and the key stand before what is wrong."""
    write_model(tmp_path / "m.tflite")
    (tmp_path / "m.tflite.toml").write_text("[[suppress]]\nrule = 'TFL599'\nreason = 'x'\n")

    one_line(tflint(tmp_path, "check"), "m.tflite.toml", "suppress.rule: no rule 'TFL599'")
