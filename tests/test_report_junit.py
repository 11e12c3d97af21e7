"""JUnit XML, by the parser and by the schema of its readers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import junitparser
import pytest
import xmlschema

from models import EXAMPLES
from reporting import (
    HOSTILE,
    PLAIN,
    TWO_OPS,
    corpus,
    examples,
    hostile,
    levels,
    linted,
    op_seen,
    raises,
    report,
    surrogates,
    tensor_named,
    twice,
)
from tflint.engine import Plan, check_file
from tflint.findings import Report, Severity
from tflint.registry import catalogue
from tflint.report import render
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

# What junit-10.xsd of Jenkins' xUnit plugin takes, and no more of it than we write: no attribute of a case but these
# two, numbers of a suite that must be there. GitLab's parser (Parsers::Test::Junit) reads the same elements.
SCHEMA = xmlschema.XMLSchema("""
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:complexType name="outcome" mixed="true">
    <xs:attribute name="type" use="required"/>
    <xs:attribute name="message" use="required"/>
  </xs:complexType>
  <xs:element name="testsuites">
    <xs:complexType>
      <xs:sequence>
        <xs:element name="testsuite" minOccurs="0" maxOccurs="unbounded">
          <xs:complexType>
            <xs:sequence>
              <xs:element name="testcase" maxOccurs="unbounded">
                <xs:complexType>
                  <xs:sequence>
                    <xs:choice minOccurs="0">
                      <xs:element name="skipped" type="outcome"/>
                      <xs:element name="error" type="outcome"/>
                      <xs:element name="failure" type="outcome"/>
                    </xs:choice>
                    <xs:element name="system-out" type="xs:string" minOccurs="0"/>
                  </xs:sequence>
                  <xs:attribute name="name" type="xs:string" use="required"/>
                  <xs:attribute name="classname" type="xs:string" use="required"/>
                </xs:complexType>
              </xs:element>
            </xs:sequence>
            <xs:attribute name="name" type="xs:string" use="required"/>
            <xs:attribute name="tests" type="xs:positiveInteger" use="required"/>
            <xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
            <xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
            <xs:attribute name="skipped" type="xs:nonNegativeInteger" use="required"/>
          </xs:complexType>
        </xs:element>
      </xs:sequence>
      <xs:attribute name="name" type="xs:string" use="required"/>
      <xs:attribute name="tests" type="xs:nonNegativeInteger" use="required"/>
      <xs:attribute name="failures" type="xs:nonNegativeInteger" use="required"/>
      <xs:attribute name="errors" type="xs:nonNegativeInteger" use="required"/>
    </xs:complexType>
    <xs:unique name="suites"><xs:selector xpath="testsuite"/><xs:field xpath="@name"/></xs:unique>
  </xs:element>
</xs:schema>
""")


def read(made: Report, threshold: Severity | None = Severity.WARNING) -> junitparser.JUnitXml:
    """Read the report as its consumers do, valid by their schema."""
    text = render("junit", made, PLAIN._replace(threshold=threshold))
    SCHEMA.validate(text)
    made_of: junitparser.JUnitXml = junitparser.JUnitXml.fromstring(text)
    return made_of


def outcomes(suite: junitparser.TestSuite) -> dict[str, str]:
    """Case -> what became of it."""
    return {case.name: type(case.result[0]).__name__ if case.result else "Passed" for case in suite}


def counts(suite: junitparser.TestSuite) -> Iterator[tuple[int, int]]:
    """Of each number of a suite: (as it says, as its cases are)."""
    found = list(outcomes(suite).values())
    yield suite.tests, len(found)
    yield suite.failures, found.count("Failure")
    yield suite.errors, found.count("Error")
    yield suite.skipped, found.count("Skipped")


def test_every_report_is_valid_and_adds_up() -> None:
    """Reports of all models at hand, of hostile ones and of none are valid, and numbers are those of their cases."""
    nasty = [linted(hostile(n), tensor_named, op_seen, name=f"{key}.tflite") for key, n in HOSTILE.items()]
    for made in (corpus(), report(*nasty), report(surrogates()), report()):
        found = read(made)
        assert len(list(found)) == len(list(made.files))
        for suite in found:
            assert all(said == there for said, there in counts(suite)), suite.name
        assert found.tests == sum(suite.tests for suite in found)
        assert found.failures == sum(suite.failures for suite in found)
        assert (found.failures + found.errors > 0) is made.summary.fails(Severity.WARNING)


def test_a_model_has_a_case_per_target_and_rule() -> None:
    """Passes show: one case a target, one a rule; those fail that a finding is of, and the target it explains."""
    profiles = (resolve("litert-2.3.0"), resolve("tflite-2.12"))
    entries = tuple(catalogue().values())
    file = check_file(EXAMPLES / "op_too_new.tflite", Plan(entries, profiles), "models/op_too_new.tflite")
    (suite,) = read(Report((file,), ("litert-2.3.0", "tflite-2.12")), Severity.ERROR)
    found = outcomes(suite)

    assert suite.name == "models/op_too_new.tflite"
    assert {case.classname for case in suite} == {"models/op_too_new"}
    assert list(found) == [
        "verdict on litert-2.3.0",
        "verdict on tflite-2.12",
        *(f"{e.code} {e.name}" for e in entries if e.reads != "weights" and e.scope != "Notice"),
    ]
    failed = [name for name, outcome in found.items() if outcome == "Failure"]
    assert failed == ["verdict on tflite-2.12", "TFL201 op-needs-newer-runtime"]
    assert set(found.values()) == {"Failure", "Passed"}


@pytest.mark.parametrize(
    ("threshold", "outcome", "printed"),
    [
        (Severity.INFO, "Failure", False),
        (Severity.WARNING, "Failure", False),
        (Severity.ERROR, "Passed", True),
        (None, "Passed", True),
    ],
)
def test_a_case_fails_where_the_run_does(threshold: Severity | None, outcome: str, printed: bool) -> None:
    """A finding below the threshold is told in the output of a case that passes."""
    (suite,) = read(report(linted(TWO_OPS, tensor_named)), threshold)
    (case,) = [case for case in suite if case.name == "TST101 tensor-named"]

    assert outcomes(suite)["TST101 tensor-named"] == outcome
    text = case.system_out if printed else case.result[0].text
    assert text.splitlines()[0] == "warning: x is a name (at tensor 0 'x')"
    assert len(text.splitlines()) == 3


def test_severities_of_one_rule_share_its_case() -> None:
    """What fails is its failure, what does not its output."""
    (suite,) = read(report(linted(TWO_OPS, twice)))
    (case,) = [case for case in suite if case.name == "TST103 twice"]

    assert [line.partition(":")[0] for line in case.result[0].text.splitlines()] == ["error", "error"]
    assert [line.partition(":")[0] for line in case.system_out.splitlines()] == ["info", "info"]


def test_suppressed_findings_are_skipped_with_their_reason() -> None:
    """A case whose findings are all suppressed is skipped; its verdict then fails nobody."""
    made = linted("a: float32[1]\nb: float32[1] = CUSTOM:Nobody(a)", catalogue()["TFL304"].load())
    known = replace(made, findings=tuple(replace(f, suppressed="known, see #7") for f in made.findings))
    (suite,), (before,) = read(report(known)), read(report(made))

    name = "TFL304 unknown-custom-op"
    assert outcomes(before) == {"verdict on litert-2.3.0": "Failure", name: "Failure"}
    assert outcomes(suite) == {"verdict on litert-2.3.0": "Skipped", name: "Skipped"}
    assert [case.result[0].message for case in suite if case.name == name] == ["known, see #7"]


def test_what_is_no_model_is_an_error_and_passes_nothing() -> None:
    """Of a file that is no model only rules that look at files have cases: no other is said to have passed."""
    suites = {suite.name.rpartition("/")[2]: outcomes(suite) for suite in read(examples())}
    found = suites["lfs_pointer.tflite"]

    assert found["verdict on litert-2.3.0"] == found["verdict on tflite-2.9"] == "Failure"
    assert found["TFL901 not-tflite"] == "Error"
    files = {f"{entry.code} {entry.name}" for entry in catalogue().values() if entry.scope == "ModelFile"}
    assert {name for name in found if name.startswith("TFL")} == files
    assert len(suites["clean.tflite"]) > len(found) + 30


def test_a_rule_that_raised_is_an_error_of_its_own_case() -> None:
    """The case of a crashed rule is neither passed nor failed: its check did not happen."""
    (suite,) = read(report(linted(TWO_OPS, catalogue()["TFL000"].load(), raises, op_seen, levels)))

    assert outcomes(suite) == {
        "verdict on litert-2.3.0": "Passed",
        "TST102 op-seen": "Failure",
        "TST105 levels": "Passed",
        "TST106 raises": "Error",
    }
