"""`tflint rule`: pages of rules, or the index of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from tflint.docs import index, line, page, rule_object
from tflint.errors import TflintError, one_of
from tflint.registry import catalogue, loaded
from tflint.report.json import dumped
from tflint.select import codes_of

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMATS = ("text", "json", "markdown")


def rule_command(selectors: Sequence[str], *, every: bool, output_format: str) -> None:
    """Print the page of one rule, a line or a row of many, or objects. Raises TflintError for an unknown rule."""
    one_of(output_format, "--output-format", FORMATS)
    if every and selectors:
        raise TflintError(f"--all is of all rules: leave it out, or {' '.join(selectors)}")
    known = catalogue()
    every = every or not selectors
    codes = known if every else dict.fromkeys(code for each in selectors for code in codes_of(known, each, "rule"))
    packs = {rule: known[rule.code].pack for rule in loaded(known[code] for code in codes)}
    if output_format == "json":
        sys.stdout.write(dumped([rule_object(*item) for item in packs.items()]))
    elif output_format == "markdown":
        sys.stdout.write(index(packs) if every else "\n\n".join(page(*item) for item in packs.items()))
    elif every or len(packs) > 1:
        sys.stdout.write("".join(f"{line(*item)}\n" for item in packs.items()))
    else:
        for item in packs.items():
            _print(page(*item))


def _print(text: str) -> None:
    from rich.console import Console  # noqa: PLC0415 - 20 ms, for those who read pages
    from rich.markdown import Markdown  # noqa: PLC0415 - same

    Console(width=None if sys.stdout.isatty() else 100).print(Markdown(text))
