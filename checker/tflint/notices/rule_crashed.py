"""TFL000 rule-crashed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.findings import Hit, Severity
from tflint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.subject import Notice


@rule(
    "TFL000",
    "rule-crashed",
    Severity.ERROR,
    since="0.1.0",
    message="rule {crashed_rule} of pack '{pack}' raised {problem}",
    group=("crashed_rule", "pack", "problem"),
    examples=(),
    mandatory=True,
)
def rule_crashed(_: Notice) -> Iterator[Hit]:
    """A rule raised an exception, so its check did not finish.

    ## Why is this bad?
    What this rule would have found in the file is not known.

    ## What to do
    Report it to the rule's pack with the traceback that `-v` prints, and leave the rule out (`--ignore CODE`) until it
    is mended.
    """
    yield from ()
