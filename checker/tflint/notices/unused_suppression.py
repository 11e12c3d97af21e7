"""TFL002 unused-suppression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.findings import Hit, Severity
from tflint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.subject import Notice


@rule(
    "TFL002",
    "unused-suppression",
    Severity.WARNING,
    since="0.1.0",
    message="nothing that {selector} finds in {about} is suppressed ({reason})",
    examples=(),
)
def unused_suppression(_: Notice) -> Iterator[Hit]:
    """A suppression matches no finding.

    It is reported only when a file that it is about was checked, and each of its rules was run.

    ## Why is this bad?
    The flaw is gone or has moved, and the suppression waits to hide the next one, which nobody has judged.

    ## What to do
    Remove it, or mend its `path`, `rule` or `where`: `tflint check -v` prints the places that `where` is matched with.
    """
    yield from ()
