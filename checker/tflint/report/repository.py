"""What a file and a finding are in a repository: code scanning, merge requests and annotations know them by that."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.artifacts.artifact import is_url, parted
from tflint.checkout import checkout_of
from tflint.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint.findings import Finding


def relative(file: str) -> str:
    """Give the POSIX path from the root of the checkout that we stand in (from here, if there is none), links resolved.

    Absolute for a file outside; of a member that of its archive and what is behind it. A URL is itself.
    """
    _, inside, member = parted(file)
    return f"{holder(file)}{inside}{member}"


def holder(file: str) -> str:
    """`relative`, but of a member the path of its archive alone: the file that a report can point at."""
    where, _, _ = parted(file)
    if is_url(where):
        return where
    here = Path.cwd().resolve()
    root = checkout_of(str(here)) or here
    real = Path(os.path.realpath(where))
    return (real.relative_to(root) if real.is_relative_to(root) else real).as_posix()


def identified(findings: Iterable[Finding]) -> Iterator[tuple[Finding, str]]:
    """Give each finding with its fingerprint, numbered where several share one."""
    seen: Counter[str] = Counter()
    for finding in findings:
        known = fingerprint(finding, relative(finding.file))
        seen[known] += 1
        yield finding, f"{known}:{seen[known]}"
