"""The identity of a finding from one run to the next: what code scanning, merge requests and baselines know it by.

A finding stands for all places of one rule, op type and reason, and that is what it is known by: never by a position,
nor by the first of its places, so that it stays the same when the graph is renumbered, and when one of ten is mended.
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tflint.findings import Finding

_NUMBERS = re.compile(r"\b(?:tensor|operator|subgraph|signature|input|output) \d+(?= ')| #\d+\b")  # of labels


def fingerprint(finding: Finding, path: str) -> str:
    """32 hex digits. `path` is the file's POSIX path from a folder that is the same wherever the project is."""
    keys = finding.rule.group if finding.rule.group is not None else sorted(finding.data)
    reason = (_NUMBERS.sub("", str(finding.data.get(key))) for key in keys)
    parts = "\0".join((finding.rule.code, path, finding.kind, *reason))
    return hashlib.sha256(parts.encode("utf-8", "backslashreplace")).hexdigest()[:32]
