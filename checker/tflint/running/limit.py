"""A limit of time for work in this very process, where there is no other to end it."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator


class OutOfTime(BaseException):
    """The time is up. It is no Exception: what catches the mistakes of rules must not take it for one."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raise OutOfTime in the block when the seconds are over, between two steps of Python.

    There is no limit in other threads than the first, and where the system has no timers (Windows).
    """
    try:
        before = signal.signal(signal.SIGALRM, _over)
    except (ValueError, AttributeError):
        yield
        return
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _over(*_: object) -> NoReturn:
    raise OutOfTime
