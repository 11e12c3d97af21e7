"""TFL001 check-crashed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tflint.findings import Hit, Severity
from tflint.rule import rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tflint.subject import Notice


@rule(
    "TFL001",
    "check-crashed",
    Severity.ERROR,
    since="0.1.0",
    message="the check did not finish: {problem}",
    group=("problem",),
    examples=(),
    mandatory=True,
)
def check_crashed(_: Notice) -> Iterator[Hit]:
    """The check of this file did not come to an end, or was not begun, so nothing is known of the file.

    Files are checked in processes of their own (`--jobs`). One that is killed, by a crash in native code or for want of
    memory, or that takes longer than its time limit, is replaced, and the other files are checked as if nothing had
    been. The limit of time is 300 seconds a file, a thousand times what a check takes; the environment variable
    `TFLITE_LINT_FILE_SECONDS` sets another. With `--jobs 1`, and for a few files, there is no such process: a crash
    ends the run; the limit of time holds all the same, but on Windows.

    A file that is larger than `max-file-size` (the option `--max-file-size`, or that key) is not read at all. By
    default there is no such limit: what a check reads does not grow with the weights.

    ## Why is this bad?
    A check that did not finish is no clean bill of health. Its verdicts are `unknown`.

    ## What to do
    The message names the rule at work. Leave it out (`--ignore CODE`) to see what the others say, and report it to the
    rule's pack, with the model if you may.
    """
    yield from ()
