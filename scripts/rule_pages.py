"""Write into the pages of rules what is said of each block that is flagged; `--check` only compares.

Read the difference before you commit it: the page then says that this is what a user should read.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import tflint_rules
from tflint.registry import rules_of
from tflint.testing import BLOCK, Case, findings, said

if TYPE_CHECKING:
    import re

    from tflint.rule import Rule

OTHERWISE = {"TFL802"}  # it says sizes, which differ by the zlib that Python was built with
PAGES = Path(__file__).parent.parent / "tests" / "rules"


def page(rule: Rule, text: str) -> str:
    """The page with what is said."""

    def block(match: re.Match[str]) -> str:
        case = Case.of(match)
        words = said(findings(rule, case.text, case.targets, **case.options))
        return f"```tflint\n{case.text}```\n" + (f"\n```said\n{words}```\n" if words else "")

    return BLOCK.sub(block, text)


def main() -> int:
    """Write the pages that differ, or name them."""
    stale = []
    for rule in rules_of(tflint_rules):
        if rule.code in OTHERWISE:
            continue
        path = PAGES / f"{rule.code}.md"
        before = path.read_text(encoding="utf-8")
        if (after := page(rule, before)) != before:
            stale.append(path)
            if "--check" not in sys.argv[1:]:
                path.write_text(after, encoding="utf-8")
    for path in stale:
        print(f"{path}: what is said of its blocks is stale: python scripts/rule_pages.py")
    return int(bool(stale) and "--check" in sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
