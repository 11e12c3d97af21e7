"""`required-version`: PEP 440 specifiers, of releases only.

Numbers of a release are compared, and a pre-, post- or development release counts as the release that it belongs to:
who develops tflint 0.3 can read a file that wants >=0.3. That is all of PEP 440 that a requirement on a linter needs,
and costs no dependency on `packaging`.
"""

from __future__ import annotations

import re

_RELEASE = r"[0-9]{1,9}(\.[0-9]{1,9})"
_ANY = rf" *((==|!=) *{_RELEASE}*(\.\*)?|(<=|>=|<|>) *{_RELEASE}*|~= *{_RELEASE}+) *"
PATTERN = f"^{_ANY}(,{_ANY})*$"
"""What `satisfied` takes."""

_CLAUSE = r"(~=|==|!=|<=|>=|<|>) *([0-9]{1,9}(?:\.[0-9]{1,9})*)(\.\*)?"


def satisfied(text: str, version: str) -> bool:
    """Whether a version meets every specifier."""
    have = _release(re.match(r"[0-9.]*[0-9]", version)[0])  # type: ignore[index] # our own version starts with digits
    return all(_meets(have, *re.fullmatch(_CLAUSE, clause.strip()).groups()) for clause in text.split(","))  # type: ignore[union-attr] # checked by PATTERN


def _meets(have: tuple[int, ...], operator: str, text: str, wildcard: str | None) -> bool:
    want = tuple(map(int, text.split(".")))
    prefix = want[:-1] if operator == "~=" else want
    within = _padded(have, len(prefix))[: len(prefix)] == prefix
    length = max(len(have), len(want))
    a, b = _padded(have, length), _padded(want, length)
    return {
        "==": within if wildcard else a == b,
        "!=": not within if wildcard else a != b,
        "~=": within and a >= b,
        "<=": a <= b,
        ">=": a >= b,
        "<": a < b,
        ">": a > b,
    }[operator]


def _release(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


def _padded(numbers: tuple[int, ...], length: int) -> tuple[int, ...]:
    return numbers + (0,) * (length - len(numbers))
