"""An interrupt that ends the checking of models, and leaves time to report those that are checked."""

from __future__ import annotations

import signal
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

Item = TypeVar("Item")


class _Interrupted(BaseException):
    """No Exception, so that nothing takes it for a mistake of a rule."""


class Interrupts:
    """While it stands, the first SIGINT or SIGTERM ends what `until` gives, and nothing else.

    It is raised where the next item is waited for, and only noted where one is worked with, so that neither a report
    nor a line of it is cut. A second one is what it is without us.
    """

    def __init__(self) -> None:
        self.number = 0  # of the signal that has come
        self._heeded = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> None:
        with suppress(ValueError):  # signals come to the first thread alone
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._note)

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def code(self) -> int:
        """The exit code that the signal asks for; 0: none has come."""
        return self.number and 128 + self.number

    def until(self, items: Iterator[Item]) -> Iterator[Item]:
        """Pass items on, until an interrupt comes."""
        while True:
            try:
                try:
                    self._heeded = True
                    if self.number:
                        return
                    item = next(items)
                finally:
                    self._heeded = False
            except (StopIteration, _Interrupted):
                return
            yield item

    def _note(self, number: int, _: object) -> None:
        if self.number:
            self.__exit__()
            signal.raise_signal(number)
            return
        self.number = number
        if self._heeded:
            self._heeded = False
            raise _Interrupted
