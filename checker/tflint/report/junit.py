"""JUnit XML, as Jenkins and GitLab read it: a suite per model; a case per target and per rule, so that passes show.

A case fails where the run does: by a finding at or above the threshold. What is below it is told in the output of a
case that passes. An error is a check that did not happen: of a file that is no model, by a rule that raised or a
process that died.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tflint.engine import UNFINISHED, UNREADABLE
from tflint.report.escape import plain, short
from tflint.report.words import finding_line, interrupted, located_line, meaning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.findings import FileReport, Finding, Report, Summary
    from tflint.report import Style
    from tflint.runtimes.verdict import Verdict

SUFFIX = ".tflite"


def render(report: Report, style: Style) -> Iterator[str]:
    """One document. Counts of a suite are of its cases, and those of all stand first."""
    sums = dict.fromkeys(("tests", "failures", "errors"), 0)
    for suite in _suites(report, style):
        sums = {key: count + int(suite.get(key, 0)) for key, count in sums.items()}
    root = ET.Element("testsuites", {"name": "tflite-lint", **{key: str(count) for key, count in sums.items()}})
    end = "</testsuites>"
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield ET.tostring(root, encoding="unicode", short_empty_elements=False).removesuffix(end)
    for suite in _suites(report, style):
        ET.indent(suite, level=1)
        yield f"\n  {ET.tostring(suite, encoding='unicode')}"
    yield f"\n{end}\n"


def _suites(report: Report, style: Style) -> Iterator[ET.Element]:
    for file in report.files:
        yield _suite(file, report, style)
    if report.summary.interrupted:
        yield _interrupted(report.summary)


def _interrupted(run: Summary) -> ET.Element:
    """That of the run, by which who reads only this report knows that it is not the whole one."""
    suite = ET.Element(
        "testsuite", {"name": "tflite-lint", "tests": "1", "failures": "0", "errors": "1", "skipped": "0"}
    )
    case = ET.SubElement(suite, "testcase", {"name": "every model is checked", "classname": "tflite-lint"})
    ET.SubElement(case, "error", {"type": "interrupted", "message": interrupted(run)})
    return suite


def _suite(file: FileReport, report: Report, style: Style) -> ET.Element:
    path = plain(file.path)
    findings: dict[str, list[Finding]] = {}
    for finding in file.findings:
        code = str(finding.data.get("crashed_rule") or finding.rule.code)
        findings.setdefault(code, []).append(finding)
    cases = [_verdict_case(verdict, file, style) for verdict in file.verdicts]
    rules = {**{code: found[0].rule.name for code, found in findings.items()}, **file.ran}
    cases += [
        _rule_case(f"{code} {name}", findings.get(code, []), len(report.targets), style)
        for code, name in sorted(rules.items())
    ]
    for case in cases:
        case.set("classname", path.removesuffix(SUFFIX))
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.find("failure") is not None for case in cases)),
        "errors": str(sum(case.find("error") is not None for case in cases)),
        "skipped": str(sum(case.find("skipped") is not None for case in cases)),
    }
    suite = ET.Element("testsuite", {"name": path, **counts})
    suite.extend(cases)
    return suite


def _verdict_case(verdict: Verdict, file: FileReport, style: Style) -> ET.Element:
    """Passes where it is supported, fails where a finding that fails the run is among the reasons, else is skipped."""
    case = ET.Element("testcase", {"name": f"verdict on {plain(verdict.target)}"})
    if verdict.value == "supported":
        return case
    fails = any(f.rule.code in verdict.reasons and f.fails(style.threshold) for f in file.findings)
    reasons = f" ({', '.join(verdict.reasons)})" if verdict.reasons else ""
    ET.SubElement(
        case,
        "failure" if fails else "skipped",
        {"type": verdict.value, "message": f"{verdict.value}: {meaning(verdict)}{reasons}"},
    )
    return case


def _rule_case(name: str, findings: list[Finding], targets: int, style: Style) -> ET.Element:
    case = ET.Element("testcase", {"name": name})
    failing = [f for f in findings if f.fails(style.threshold)]
    suppressed = [f for f in findings if f.suppressed is not None]
    passing = [f for f in findings if f not in failing and f not in suppressed]
    if failing:
        broken = any(f.rule.code in (UNREADABLE, UNFINISHED) or "crashed_rule" in f.data for f in failing)
        element = ET.SubElement(
            case,
            "error" if broken else "failure",
            {"type": failing[0].severity.value, "message": finding_line(failing[0], targets)},
        )
        element.text = _text(failing, targets)
    elif suppressed and not passing:
        reasons = dict.fromkeys(short(f.suppressed or "") for f in suppressed)
        ET.SubElement(case, "skipped", {"type": "suppressed", "message": "; ".join(reasons)})
    if passing:
        ET.SubElement(case, "system-out").text = _text(passing, targets)
    return case


def _text(findings: list[Finding], targets: int) -> str:
    lines = (f"{f.severity.value}: {located_line(f, targets)}" for f in findings)
    return "\n".join(lines)
