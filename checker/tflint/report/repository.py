"""What a file and a finding are in a repository: code scanning, merge requests and annotations know them by that."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.checkout import checkout_of
from tflint.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint.findings import Finding


def relative(file: str) -> Path:
    """Give the path from the root of the checkout that we stand in (from here, where there is none), links resolved.

    Absolute for a file outside.
    """
    here = Path.cwd().resolve()
    root = checkout_of(str(here)) or here
    real = Path(os.path.realpath(file))
    return real.relative_to(root) if real.is_relative_to(root) else real


def identities(findings: Iterable[Finding]) -> Iterator[str]:
    """Give each finding's fingerprint, numbered where several share one."""
    seen: Counter[str] = Counter()
    for finding in findings:
        known = fingerprint(finding, relative(finding.file).as_posix())
        seen[known] += 1
        yield f"{known}:{seen[known]}"
