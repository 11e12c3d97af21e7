"""The finding that stands for a rule which raised."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING, Any

from tflint.findings import Hit, Severity, hit
from tflint.model.path import WHOLE
from tflint.registry import CORE, Entry
from tflint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.rule import Rule
    from tflint.subject import ModelFile

BAD = "version 3\n"


@rule(
    "TFL000",
    "rule-crashed",
    Severity.ERROR,
    since="0.1.0",
    message="rule {crashed_rule} of pack '{pack}' raised {problem}",
    examples=[(BAD, BAD)],
)
def rule_crashed(file: ModelFile) -> Iterator[Hit]:  # noqa: ARG001 - the engine makes these hits, never the rule
    """A rule raised an exception, so its check did not finish.

    ## Why is this bad?
    What this rule would have found in the file is not known.

    ## What to do
    Report it to the rule's pack with the traceback that `-v` prints, and ignore the rule until it is mended.
    """
    yield from ()


CRASHED = Entry.of(rule_crashed, CORE)
"""It is in no catalogue, for nobody selects it, but it has a page."""


def crashed(failed: Entry, subject: Any, problem: BaseException, *, verbose: bool) -> tuple[Rule, Hit]:
    """The hit for a rule that raised at `subject`; with its traceback when verbose."""
    trace = "".join(traceback.format_exception(problem)) if verbose else ""
    at = subject if hasattr(subject, "path") and hasattr(subject, "label") else WHOLE
    words = f"{type(problem).__name__}: {problem}"
    return rule_crashed, hit(at, crashed_rule=failed.code, pack=failed.pack, problem=words, trace=trace)
