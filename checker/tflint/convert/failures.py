"""The table of failures: what converters say when they fail, why, and what helps. Kept as data in failures.json."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TABLE = Path(__file__).with_name("failures.json")
TEXTS = ("message", "said")  # facts that are prose: searched, where all others are compared


@dataclass(frozen=True, slots=True)
class Failure:
    """One row. `kind`: a word for the ladder; `absent`: why it does not come up here, or "".

    `cause` and `advice` take facts in braces. `shows`: what people see; `tries`: what the ladder changes.
    """

    kind: str
    shows: str
    cause: str
    advice: str
    source: str
    when: Mapping[str, Any] = field(default_factory=dict)
    tries: str = ""
    absent: str = ""

    def fits(self, facts: Mapping[str, Any]) -> bool:
        """Whether a failure of these facts is this one."""
        return bool(self.when) and all(_holds(name, wanted, facts.get(name)) for name, wanted in self.when.items())

    def operators(self, facts: Mapping[str, Any]) -> tuple[str, ...]:
        """Operators that the message names where nothing more structured does."""
        pattern = self.when.get("message", "")
        if "(?P<operator>" not in pattern:
            return ()
        return tuple(dict.fromkeys(match["operator"] for match in re.finditer(pattern, facts["message"])))


def _holds(name: str, wanted: Any, given: Any) -> bool:
    if name in TEXTS:
        return re.search(wanted, given or "") is not None
    has = given if isinstance(given, (set, frozenset)) else {given}
    return bool(has & (set(wanted) if isinstance(wanted, list) else {wanted}))


@lru_cache(maxsize=1)
def failures() -> tuple[Failure, ...]:
    """All rows, in the order in which they are tried."""
    return tuple(Failure(**row) for row in _table()["failures"])


def library_of(operator: str) -> str | None:
    """The module that registers an operator of TensorFlow, where it is known."""
    libraries = _table()["libraries"]
    return next((name for name, has in libraries.items() if name != "source" and operator in has), None)


@lru_cache(maxsize=1)
def _table() -> Any:
    return json.loads(TABLE.read_text(encoding="utf-8"))
