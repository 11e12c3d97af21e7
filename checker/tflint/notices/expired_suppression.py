"""TFL003 expired-suppression."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.findings import Hit, Severity
from tflint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.subject import Notice


@rule(
    "TFL003",
    "expired-suppression",
    Severity.WARNING,
    since="0.1.0",
    message="the suppression of {selector} in {about} expired on {expires} ({reason})",
    examples=(),
)
def expired_suppression(_: Notice) -> Iterator[Hit]:
    """A suppression is past its last day and suppresses nothing any more.

    ## Why is this bad?
    The flaw was to be mended by that day, and is still there: it is reported again.

    ## What to do
    Mend the model, or judge anew and write a later `expires` with a reason that still holds.
    """
    yield from ()
