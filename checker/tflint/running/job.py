"""What is checked as one model, and what its check depends on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tflint.artifacts.artifact import Artifact
    from tflint.contract.find import Contract
    from tflint.engine import Plan

UNOPENED = "cannot be read"  # how the problem begins of what may be read another time


class State(NamedTuple):
    """What a check depends on."""

    size: int  # bytes of the file, of a member's that of its archive
    mtime_ns: int
    key: str  # of its place, the plan, the contracts and the release


class Job(NamedTuple):
    """What is checked as one model, and what to do with it."""

    artifact: Artifact
    plan: Plan
    contracts: tuple[Contract, ...] = ()
    state: State | None = None  # as it was before it was checked, for who goes on from its report
