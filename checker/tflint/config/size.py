"""Sizes in bytes, as people write them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tflint.config.kinds import Kind

if TYPE_CHECKING:
    from tflint.config.place import At

UNITS = {"": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
PATTERN = rf"^([0-9]{{1,12}}) ?({'|'.join(filter(None, UNITS))})?$"


class Size(Kind):
    """A number of bytes."""

    words = "a whole number of bytes, KB, MB, GB, KiB, MiB or GiB, in these letters, such as 500MB"

    def parse(self, value: Any, at: At) -> int:
        """Bytes, at least one."""
        if isinstance(value, str) and (match := re.match(PATTERN, value)):
            value = int(match[1]) * UNITS[match[2] or ""]
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            at.refuse(f"is {self.words}, not {value!r}")
        return value

    def schema(self) -> dict[str, Any]:
        """A number, or text with a unit."""
        return {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": PATTERN}]}
