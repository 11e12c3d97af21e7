"""SARIF 2.1.0 for code scanning: a result per finding, a rule descriptor per rule that ran.

A binary has no lines, so each region is 1:1-1:1 and the place is a logical location; the fingerprint is of names, not
of positions, so that a finding keeps its identity when the graph around it moves.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tflint import __version__
from tflint.artifacts.artifact import is_url
from tflint.findings import Severity
from tflint.report.escape import short
from tflint.report.json import dumped
from tflint.report.repository import holder, identified
from tflint.report.words import interrupted, located_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.findings import Finding, Report
    from tflint.report import Style
    from tflint.rule import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
LONGEST = 1024  # characters of a description that GitHub takes
RESULTS = 25_000  # of a run that GitHub takes


def render(report: Report, style: Style) -> Iterator[str]:  # noqa: ARG001 - one form for all
    """One run; the worst findings first where there are more than GitHub takes."""
    findings = _worst(report)
    rules = {rule.code: rule for rule in (*report.rules, *(f.rule for f in findings))}
    order = {code: index for index, code in enumerate(sorted(rules))}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "tflite-lint",
                "version": __version__,
                "semanticVersion": __version__,
                "rules": [descriptor(rules[code]) for code in order],
            }
        },
        "columnKind": "utf16CodeUnits",
        "results": [
            _result(finding, order[finding.rule.code], len(report.targets), identity)
            for finding, identity in identified(findings)
        ],
    }
    if report.summary.interrupted:
        run["invocations"] = [
            {"executionSuccessful": False, "exitCodeDescription": interrupted(report.summary)},
        ]
    yield dumped({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _worst(report: Report) -> list[Finding]:
    """The findings that GitHub takes, worst first; no more than can be among them are held."""
    by_severity: dict[Severity, list[Finding]] = {severity: [] for severity in Severity}
    for finding in report.findings:
        if len(by_severity[finding.severity]) < RESULTS:
            by_severity[finding.severity].append(finding)
    return [finding for found in by_severity.values() for finding in found][:RESULTS]


def descriptor(rule: Rule) -> dict[str, Any]:
    """Describe a rule."""
    why = rule.sections.get("Why is this bad?") or rule.summary
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": _cut(rule.summary or rule.name)},
        "fullDescription": {"text": _cut(why or rule.name)},
        "help": {"text": _cut(rule.remedy or rule.summary or rule.name), "markdown": rule.doc or rule.name},
        "defaultConfiguration": {"level": LEVELS[rule.severity.value]},
        "properties": {"tags": [f"{rule.code[:-2]}xx"], "since": rule.since, "status": rule.status},
    }


def _cut(text: str) -> str:
    """Cut to what GitHub takes, at the end of a word."""
    start = text[: LONGEST - 4]
    return text if len(text) <= LONGEST else (start.rpartition(" ")[0] or start) + " ..."


def _result(finding: Finding, index: int, targets: int, identity: str) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule.code,
        "ruleIndex": index,
        "level": LEVELS[finding.severity.value],
        "message": {"text": located_line(finding, targets)},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.file)},
                    "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
                },
                "logicalLocations": [
                    {"fullyQualifiedName": place.path, "name": short(place.label)} for place in finding.places
                ],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": identity},
        "properties": {"count": finding.count, "targets": list(finding.targets), "data": dict(finding.data)},
    }
    if finding.suppressed is not None:
        result["suppressions"] = [{"kind": "external", "justification": finding.suppressed}]
    return result


def _uri(file: str) -> str:
    """Repository-relative POSIX path with symlinks resolved; files outside become file: URIs.

    That of a member is its archive's, and the message says which member: SARIF would nest artifacts, and GitHub takes
    none but those at a path of the repository.
    """
    path = holder(file)
    if is_url(path):
        return quote(path, safe=":/?#[]@!$&'()*+,;=%~")
    text = quote(os.fsencode(path))
    if Path(path).is_absolute():
        return f"file://{text if text.startswith('/') else '/' + text}"
    return text if ":" not in text.partition("/")[0] else f"./{text}"
