"""The JSON report a line at a time: first the run, then a line per file, for `jq`, `grep` and tables of logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.report.json import dumped, file_object, run_object

if TYPE_CHECKING:
    from tflint.findings import Report
    from tflint.report import Style


def render(report: Report, style: Style) -> str:  # noqa: ARG001 - one form for all
    """`jq -s '.[0] + {files: .[1:]}'` makes the JSON report of it."""
    return "".join(dumped(line, indent=None) for line in (run_object(report), *map(file_object, report.files)))
