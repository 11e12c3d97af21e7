"""What a check makes of rules: who looks at what, what is said when one raises, and how hits become findings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acme import (
    MODEL,
    NEW,
    OLD,
    asking,
    blind,
    file,
    graphs,
    grouped,
    heavy,
    mixed,
    nobody,
    ops,
    plan,
    raising,
    refused,
    relus,
    targets,
    tensors,
    whole,
    wordless,
)
from tflint import sketch
from tflint.config.settings import Suppression
from tflint.contract.find import Contract
from tflint.contract.interface import interface_of
from tflint.engine import check_model, unreadable
from tflint.findings import Severity
from tflint.model.path import Place
from tflint.model.read import decode
from tflint.patterns import Glob
from tflint.registry import Entry, notices

if TYPE_CHECKING:
    from tflint.findings import FileReport, Finding
    from tflint.rule import Rule

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def checked(*rules: Rule, text: str = MODEL, **given: Any) -> FileReport:
    """What is said of a model."""
    return check_model(decode(sketch.build(text)), plan(*rules, **given), "m.tflite")


def brief(found: tuple[Finding, ...]) -> list[tuple[str, str, list[str]]]:
    """Code, kind and places of findings."""
    return [(each.rule.code, each.kind, [place.path for place in each.places]) for each in found]


ALL = (
    "/subgraphs/0/tensors/0 /subgraphs/0/tensors/1 /subgraphs/0/tensors/2 /subgraphs/1/tensors/0 /subgraphs/1/tensors/1"
)


@pytest.mark.parametrize(
    ("each", "found"),
    [
        (file, {"ModelFile": "/"}),
        (whole, {"Model": "/"}),
        (graphs, {"Subgraph": "/subgraphs/0 /subgraphs/1"}),
        (ops, {"RELU": "/subgraphs/0/operators/0 /subgraphs/1/operators/0", "GELU": "/subgraphs/0/operators/1"}),
        (relus, {"RELU": "/subgraphs/0/operators/0 /subgraphs/1/operators/0"}),
        (tensors, {"Tensor": ALL}),
        (nobody, {}),
    ],
)
def test_a_rule_looks_at_what_it_is_annotated_with(each: Rule, found: dict[str, str]) -> None:
    """All of that kind in the model, operators those that it names; a finding is of one kind, and of no target."""
    report = checked(each)

    assert brief(report.findings) == [(each.code, kind, paths.split()) for kind, paths in found.items()]
    assert not any(finding.targets for finding in report.findings)
    assert report.ran == ({} if each is nobody else {each.code: each.name})


def test_a_rule_looks_at_each_target() -> None:
    """One that explains refusals at those that refuse, whichever comes first; the finding names them."""
    for profiles in ((OLD, NEW), (NEW, OLD)):
        report = checked(refused, targets, profiles=profiles)
        names = tuple(each.id for each in profiles)
        assert [(each.rule.code, each.targets) for each in report.findings] == [
            ("ACM201", names),
            ("TFL201", (OLD.id,)),
        ]
        assert {each.target: each.value for each in report.verdicts} == {NEW.id: "supported", OLD.id: "unsupported"}


def test_a_rule_is_given_what_it_asks_for() -> None:
    """The model, its options as they are set, the contracts of the file, and its weights where they are read."""
    model = decode(sketch.build(MODEL))
    contracts = (Contract("mine", interface_of(model), whole=False),)
    for deep in (False, True):
        made = plan(asking, deep=deep, options={"ACM301": {"b": 3}})
        (found,) = check_model(model, made, contracts=contracts).findings
        assert found.data == {"graphs": 2, "asked": {"a": 1, "b": 3}, "contracts": ["mine"], "weights": deep}
        assert found.file == "-"


CONSTANT = "x: uint8[3]\nc: uint8[3] = const [1,2,3]\ny: uint8[3] = ADD(x, c)\n"


def test_rules_that_read_weights_wait_for_deep() -> None:
    """Without it they do not run, and the rules behind them do."""
    plain, deep = checked(heavy, whole, text=CONSTANT), checked(heavy, whole, text=CONSTANT, deep=True)

    assert [each.rule.code for each in plain.findings] == ["ACM102"]
    assert plain.ran == {"ACM102": "whole"}
    assert [(each.rule.code, dict(each.data)) for each in deep.findings] == [("ACM102", {}), ("ACM302", {"sum": 6})]
    assert deep.ran == {"ACM102": "whole", "ACM302": "heavy"}


@pytest.mark.parametrize(
    ("each", "place", "problem"),
    [
        (raising, "/subgraphs/0/operators/1", "ValueError: no luck"),
        (blind, "/", "ValueError: no luck"),
        (wordless, "/", "KeyError: 'word'"),
    ],
)
def test_a_rule_that_raises_is_a_finding(each: Rule, place: str, problem: str) -> None:
    """At what it looked at, or at the model; what it had found stays, the next rule runs, and -v has the traceback."""
    quiet, loud = checked(each, tensors).findings, checked(each, tensors, verbose=True).findings

    crash = quiet[0]
    assert [found.rule.code for found in quiet] == ["TFL000", "ACM106", *([each.code] if each is raising else [])]
    assert (crash.severity, crash.place.path) == (ERROR, place)
    assert crash.data == {"crashed_rule": each.code, "pack": "acme", "problem": problem, "trace": ""}
    first, second, *_, last = loud[0].data["trace"].splitlines()
    assert (first, last) == ("Traceback (most recent call last):", problem)
    assert second.startswith('  File "')


def test_a_rule_that_cannot_be_imported_is_a_finding() -> None:
    """Before it looks at anything: the model is the place. Who leaves TFL000 out hears nothing of it."""
    gone = Entry.of(whole, "acme")._replace(attribute="gone")
    for entries, codes in (((gone, *notices().values()), ["TFL000"]), ((gone,), [])):
        found = checked(entries=entries).findings
        assert [(each.rule.code, each.place.path) for each in found] == [(code, "/") for code in codes]


def test_hits_that_agree_are_one_finding() -> None:
    """In what their rule groups by: with the words of the first, and the places and edits of all, each once."""
    found = checked(grouped).findings

    assert [(each.message, each.count, len(each.places)) for each in found] == [("0 of x", 3, 3), ("1 of a", 2, 2)]
    assert [dict(each.data) for each in found] == [{"one": 0, "two": "x"}, {"one": 1, "two": "a"}]
    assert [each.related for each in found] == [(Place("/other", "x"),), (Place("/other", "a"),)]
    assert [[edit.title for edit in each.fix] for each in found] == [["x", "all", "y", "u"], ["a", "all", "v"]]
    assert [each.place for each in found] == [each.places[0] for each in found]
    assert found[0].place == Place("/subgraphs/0/tensors/0", "tensor 0 'x'")
    assert {each.file for each in found} == {"m.tflite"}


def test_a_finding_keeps_ten_places() -> None:
    """And the count of all."""
    text = "x0: float32[4]\n" + "".join(f"x{n + 1}: float32[4] = RELU(x{n})\n" for n in range(11))
    (found,) = checked(tensors, text=text).findings

    assert (found.count, len(found.places), found.places[9].label) == (12, 10, "tensor 9 'x9'")


def test_the_worst_comes_first() -> None:
    """Of one severity in the order of codes; a hit may be better or worse than its rule."""
    found = checked(mixed, whole).findings

    assert [(each.severity, each.rule.code, each.message) for each in found] == [
        (ERROR, "ACM502", "x"),
        (WARNING, "ACM102", "seen"),
        (WARNING, "ACM502", "a"),
        (WARNING, "ACM502", "u"),
        (WARNING, "ACM502", "v"),
        (INFO, "ACM502", "y"),
    ]


@pytest.mark.parametrize(
    ("given", "mixed_ones", "whole_one"),
    [
        ({}, "error warning warning warning info", "warning"),
        ({"severities": {"ACM502": INFO, "ACM102": ERROR}}, "info info info info info", "error"),
        ({"severities": {"ACM502": INFO}, "errors_fixed": {"ACM502"}}, "error info info info info", "warning"),
        ({"severities": {"ACM502": INFO}, "errors_fixed": {"ACM102"}}, "info info info info info", "warning"),
        ({"errors_only": {"ACM502"}}, "error", "warning"),
        ({"errors_only": {"ACM102"}}, "error warning warning warning info", ""),
    ],
)
def test_settings_change_severities(given: dict[str, Any], mixed_ones: str, whole_one: str) -> None:
    """Those of a rule, but not of its errors where they are fixed; and of a rule all but its errors can be silenced."""
    found = checked(mixed, whole, **given).findings

    for code, severities in (("ACM502", mixed_ones), ("ACM102", whole_one)):
        assert [each.severity.value for each in found if each.rule.code == code] == severities.split()


def suppression(rule: str, where: str | None) -> tuple[Suppression, frozenset[str]]:
    """One for any model."""
    return Suppression(path=Glob("*.tflite", "/"), rule=rule, reason="why", where=where), frozenset([rule])


def test_what_is_suppressed_is_a_finding_of_its_own() -> None:
    """With the reason; that the suppression matched is known of a file that is no model, too."""
    given: dict[str, Any] = {
        "suppressions": (suppression("ACM102", None), suppression("ACM106", "tensor:u"), suppression("ACM101", None)),
        "per_file_ignores": ((Glob("m.tflite", "/"), {"ACM104": "old"}),),
    }
    model, other = checked(tensors, ops, **given), unreadable("m.tflite", 3, "cut off", plan(file, **given))

    assert [(each.rule.code, each.count, each.suppressed) for each in model.findings] == [
        ("ACM104", 2, "old"),
        ("ACM104", 1, "old"),
        ("ACM106", 4, None),
        ("ACM106", 1, "why"),
    ]
    assert [(each.rule.code, each.suppressed) for each in other.findings] == [("ACM101", "why")]
    assert [set(report.matched) for report in (model, other)] == [{1}, {2}]


def test_what_is_assumed_is_said() -> None:
    """Of targets that nobody named: a rule may ask, and so may who reads the report."""
    reports = [checked(targets), checked(targets, assumed_target=True)]

    assert [report.assumed_target for report in reports] == [False, True]
    assert [report.findings[0].data["assumed"] for report in reports] == [False, True]
    assert [runtime.partition("-")[0] for runtime in reports[0].minimum] == ["tflite", "litert"]
