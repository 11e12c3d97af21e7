"""What a rule yields, as JSON, a fingerprint and another process can hold it."""

from __future__ import annotations

import math


def plain_value(value: object) -> object:
    """The value as JSON holds it: NaN and infinities as text, tuples and vectors as lists, bytes as hex."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    if isinstance(value, dict):
        return {str(plain_value(str(key))): plain_value(item) for key, item in value.items()}
    if isinstance(value, bytes) or (isinstance(value, memoryview) and value.format == "B"):
        return value.hex()
    if isinstance(value, (list, tuple, memoryview)):
        return [plain_value(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(str(plain_value(str(item))) for item in value)
    return plain_value(str(value))
