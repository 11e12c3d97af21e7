"""TFL004 stale-baseline-entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.findings import Hit, Severity
from tflint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.subject import Notice


@rule(
    "TFL004",
    "stale-baseline-entry",
    Severity.WARNING,
    since="0.1.0",
    message="{about}: {code} is recorded {recorded} times and found {found} times: {recorded_message}",
    examples=(),
)
def stale_baseline_entry(_: Notice) -> Iterator[Hit]:
    """The baseline records more than there is: the finding is gone or occurs less often, or the model is gone.

    It is reported only when the file was checked and the rule was run for a target of the entry, or when the folder in
    which the file was to be was searched. A model that was renamed is both: its entries are stale under the old
    name, and its findings are reported under the new one.

    ## Why is this bad?
    What the baseline holds in excess hides as many new findings.

    ## What to do
    `tflint check --prune-baseline` removes the excess and adds nothing.
    """
    yield from ()
