"""The JSON report a line at a time: the run, a line per file as it comes, and what they come to; for `jq` and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tflint.report.json import dumped, end_object, file_object, head_object

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.findings import FileReport, Report
    from tflint.report import Style


def line_object(file: FileReport) -> dict[str, Any]:
    """Give a file as a line has it: with what a later run needs to go on from it."""
    return {**file_object(file), **({"resume": dict(file.resume)} if file.resume else {})}


def render(report: Report, style: Style) -> Iterator[str]:  # noqa: ARG001 - one form for all
    """`jq -s '.[0] + .[-1] + {files: .[1:-1]}'` makes the JSON report of it."""
    yield dumped(head_object(report), indent=None)
    for file in report.files:
        yield dumped(line_object(file), indent=None)
    yield dumped(end_object(report), indent=None)
