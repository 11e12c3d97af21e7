"""The text of the issue, in Markdown: what tflint knows, and questions where it cannot know."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tflint import __version__
from tflint.report.escape import LONGEST_MESSAGE, code, markdown, plain, short
from tflint.report.words import finding_line, meaning

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tflint.findings import FileReport, Finding

MOST = 50  # findings
LINES = 40  # of the converter's output, the last ones
LONGEST_LINE = 500
ASKED = """## What happened

<!-- What you did, what you expected, and what happened instead. -->

## Command

<!-- The command or the smallest script that converted the model, with all its settings. -->

```text

```
"""


def issue(
    file: FileReport, facts: dict[str, Any] | None, environment: dict[str, Any], log: str | None, members: Sequence[str]
) -> str:
    """The page. `facts`: as `tflint inspect` has them, None of what is no model; `log`: the converter's output."""
    parts = [f"# {_title(file)}", f"<!-- Made by tflint {__version__}. Fill in the first two sections. -->", ASKED]
    parts += ["## Output of the converter", _log(log)]
    parts += ["## Model", _table(("", ""), _model(file, facts))]
    if facts and facts["conversion"]:
        parts += ["## Conversion", _table(("", ""), [(k, _words(v)) for k, v in facts["conversion"].items()])]
    verdicts = [(v.target, v.value, meaning(v), ", ".join(v.reasons)) for v in file.verdicts]
    parts += ["## Verdicts", _table(("target", "verdict", "meaning", "rules"), verdicts)]
    parts += ["## Findings", _findings(file.findings, len(file.verdicts))]
    rows = [(k, _words(v)) for k, v in environment.items() if k != "packages"]
    parts += ["## Environment of tflint", _table(("", ""), [*rows, *environment["packages"].items()])]
    parts += ["## Attached", "\n".join(f"- {code(name)}" for name in members)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _title(file: FileReport) -> str:
    """The file and the worst that is found in it."""
    worst = next((found for found in file.findings if found.suppressed is None), None)
    what = f": {worst.rule.code} {worst.rule.name}" if worst else ""
    return f"{code(short(file.path))}{markdown(what)}"


def _model(file: FileReport, facts: dict[str, Any] | None) -> list[tuple[str, str]]:
    if facts is None:
        return [("file", file.path), ("read", "no: it is no model, or a damaged one")]
    counts = f"{facts['operators']:,} operators, {facts['tensors']:,} tensors, {len(facts['subgraphs'])} subgraphs"
    signatures = ", ".join(str(signature["key"]) for signature in facts["signatures"]) or "none"
    return [
        ("file", file.path),
        ("size", f"{facts['size']:,} bytes"),
        ("graph", counts),
        ("signatures", signatures),
        ("quantization", ", ".join(facts["quantization"]) or "no weights"),
        ("operators need", " or ".join(facts["minimum_runtimes"]) or "no builtin operators"),
        ("description", facts["description"] or ""),
    ]


def _findings(findings: Iterable[Finding], targets: int) -> str:
    found = list(findings)
    lines = [
        f"- {each.severity.value} {code(each.rule.code)} {markdown(finding_line(each, targets))} "
        f"(at {markdown(short(each.place.label))})"
        for each in found[:MOST]
    ]
    lines += [f"- {len(found) - MOST} more in findings.json"] if len(found) > MOST else []
    return "\n".join(lines) or "None."


def _log(log: str | None) -> str:
    """The end of the converter's output, in a fence that nothing in it can close."""
    if log is None:
        return "<!-- What the converter printed, the error and the lines before it. -->\n\n```text\n\n```"
    lines = [short(line, LONGEST_LINE) for line in log.splitlines()[-LINES:]]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([f"{fence}text", *lines, fence])


def _table(head: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> str:
    cells = [[markdown(short(str(cell), LONGEST_MESSAGE)) for cell in row] for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *cells)]
    return "\n".join(lines)


def _words(value: Any) -> str:
    return plain(", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value))
