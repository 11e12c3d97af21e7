"""GitLab Code Quality, as GitLab takes it in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import jsonschema

from reporting import HOSTILE, PLAIN, TWO_OPS, corpus, hostile, linted, op_seen, report, strict, surrogates, twice
from tflint.findings import Report, Severity
from tflint.report import render

# codeclimate.json of GitLab's backend, by which it takes an issue in, and what the documentation asks for beyond it:
# check_name, a severity out of five, and a place.
ISSUE: dict[str, Any] = {
    "type": "object",
    "required": ["description", "check_name", "fingerprint", "severity", "location"],
    "properties": {
        "description": {"type": "string", "minLength": 1},
        "check_name": {"type": "string", "minLength": 1},
        "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{32}:[0-9]+$"},
        "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
        "location": {
            "type": "object",
            "required": ["path", "lines"],
            "properties": {
                "path": {"type": "string", "minLength": 1, "not": {"pattern": "^\\./"}},
                "lines": {"type": "object", "required": ["begin"], "properties": {"begin": {"const": 1}}},
            },
        },
    },
}
VALIDATOR = jsonschema.Draft7Validator(ISSUE)


def taken(made: Report) -> dict[str, Any]:
    """What GitLab keeps: issues by fingerprint, up to the first that its schema refuses, which none is."""
    kept: dict[str, Any] = {}
    for issue in strict(render("gitlab", made, PLAIN)):
        VALIDATOR.validate(issue)
        kept[issue["fingerprint"]] = issue
    return kept


def test_gitlab_keeps_every_finding() -> None:
    """Of all models at hand, of hostile ones and of findings that are alike, each has a fingerprint of its own."""
    same = linted(TWO_OPS, twice, op_seen)
    nasty = [linted(hostile(n), op_seen, twice, name=f"{key}.tflite") for key, n in HOSTILE.items()]
    for made in (corpus(), report(*nasty, surrogates()), report(same, replace(same, path="b.tflite")), report()):
        assert len(taken(made)) == len(list(made.findings))


def test_an_issue_says_the_finding() -> None:
    """Rule, message, place and severity, as a reader of a merge request sees them."""
    first, second, *_ = taken(report(linted(TWO_OPS, op_seen, twice))).values()

    assert first["check_name"] == "TST102 op-seen"
    assert first["description"] == "RELU is an operator (at RELU #0 'mid')"
    assert first["severity"] == second["severity"] == "critical"
    assert first["location"] == {"path": "models/m.tflite", "lines": {"begin": 1}}


def test_severities_are_gitlabs() -> None:
    """Error, warning and info are critical, major and info."""
    file = linted(TWO_OPS, op_seen)
    made = [replace(file, findings=(replace(file.findings[0], severity=severity),)) for severity in Severity]

    assert [issue["severity"] for issue in taken(report(*made)).values()] == ["critical", "major", "info"]


def test_suppressed_findings_are_no_issues() -> None:
    """GitLab has no mark for a suppressed finding, so it is not told of it."""
    file = linted(TWO_OPS, op_seen)
    first, second = file.findings

    made = report(replace(file, findings=(replace(first, suppressed="known"), second)))
    assert len(taken(made)) == 1
    assert render("gitlab", made, PLAIN._replace(suppressed=True)) == render("gitlab", made, PLAIN)
