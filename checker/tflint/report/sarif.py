"""SARIF 2.1.0 for code scanning: a result per finding, a rule descriptor per rule that ran.

A binary has no lines, so each region is 1:1-1:1 and the place is a logical location; the fingerprint is of names, not
of positions, so that a finding keeps its identity when the graph around it moves.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tflint import __version__
from tflint.report.escape import plain
from tflint.report.json import finding_object
from tflint.report.words import finding_line

if TYPE_CHECKING:
    from tflint.findings import Finding, Report
    from tflint.report import Style
    from tflint.rule import Rule

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
LONGEST = 1024  # characters of a description that GitHub takes
RESULTS = 25_000  # of a run that GitHub takes


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - one form for all
    """One run; the worst findings first where there are more than GitHub takes."""
    findings = sorted(report.findings, key=lambda f: f.severity.rank)[:RESULTS]
    rules = {rule.code: rule for rule in (*report.rules, *(f.rule for f in findings))}
    order = sorted(rules)
    run = {
        "tool": {
            "driver": {
                "name": "tflite-lint",
                "semanticVersion": __version__,
                "informationUri": "https://tflint.readthedocs.io/",
                "rules": [descriptor(rules[code]) for code in order],
            }
        },
        "columnKind": "utf16CodeUnits",
        "results": [_result(finding, order.index(finding.rule.code), len(report.targets)) for finding in findings],
    }
    return json.dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=True) + "\n"


def descriptor(rule: Rule) -> dict[str, Any]:
    """A reportingDescriptor of a rule."""
    return {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": rule.summary[:LONGEST]},
        "fullDescription": {"text": rule.sections.get("Why is this bad?", rule.summary)[:LONGEST]},
        "help": {"text": rule.remedy or rule.summary, "markdown": rule.doc},
        "helpUri": rule.url,
        "defaultConfiguration": {"level": LEVELS[rule.severity.value]},
        "properties": {"tags": [f"TFL{rule.code[-3]}xx"], "since": rule.since, "status": rule.status},
    }


def _result(finding: Finding, index: int, targets: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.rule.code,
        "ruleIndex": index,
        "level": LEVELS[finding.severity.value],
        "message": {"text": f"{finding_line(finding, targets)} (at {plain(finding.place.label)})"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(finding.file)},
                    "region": {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 1},
                },
                "logicalLocations": [
                    {"fullyQualifiedName": place.path, "name": plain(place.label)} for place in finding.places
                ],
            }
        ],
        "partialFingerprints": {"primaryLocationLineHash": _fingerprint(finding)},
        "properties": {"count": finding.count, "targets": list(finding.targets), "data": finding_object(finding)["data"]},
    }
    if finding.suppressed is not None:
        result["suppressions"] = [{"kind": "external", "justification": finding.suppressed}]
    return result


def _uri(file: str) -> str:
    """Repository-relative POSIX path with symlinks resolved; absolute files outside become file: URIs."""
    real = Path(os.path.realpath(file))
    try:
        return quote(str(PurePosixPath(real.relative_to(Path.cwd().resolve()))))
    except ValueError:
        return real.as_uri()


def _fingerprint(finding: Finding) -> str:
    keys = finding.rule.group if finding.rule.group is not None else sorted(finding.data)
    reason = [str(finding.data.get(key)) for key in keys]
    parts = [finding.rule.code, _uri(finding.file), finding.place.label, *reason]
    return hashlib.sha256("\0".join(parts).encode("utf-8", "backslashreplace")).hexdigest()[:32] + ":1"
