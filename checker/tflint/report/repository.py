"""What a file and a finding are in a repository: code scanning, merge requests and annotations know them by that."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.artifacts.artifact import INSIDE, is_url
from tflint.checkout import checkout_of
from tflint.fingerprint import fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tflint.findings import Finding


def relative(file: str) -> str:
    """Give the POSIX path from the root of the checkout that we stand in (from here, if there is none), links resolved.

    Absolute for a file outside; of a member that of its archive and what is behind it. A URL is itself.
    """
    if is_url(file):
        return file
    where, inside, member = file.partition(INSIDE)
    here = Path.cwd().resolve()
    root = checkout_of(str(here)) or here
    real = Path(os.path.realpath(where))
    path = real.relative_to(root) if real.is_relative_to(root) else real
    return f"{path.as_posix()}{inside}{member}"


def identified(findings: Iterable[Finding]) -> Iterator[tuple[Finding, str]]:
    """Give each finding with its fingerprint, numbered where several share one."""
    seen: Counter[str] = Counter()
    for finding in findings:
        known = fingerprint(finding, relative(finding.file))
        seen[known] += 1
        yield finding, f"{known}:{seen[known]}"
