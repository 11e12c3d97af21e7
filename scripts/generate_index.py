"""Write the index of each pack of this project: which rules there are and where, so that only what runs is imported.

python scripts/generate_index.py [--check]
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import generated
import tflint.notices
import tflint_rules
from tflint.registry import index_of

if TYPE_CHECKING:
    from types import ModuleType


def build(pack: ModuleType) -> str:
    """The module's text."""
    rows = "".join(f"    {code!r}: {fields!r},\n" for code, fields in index_of(pack).items())
    return (
        '"""Code -> the fields of its Entry, but the pack. By scripts/generate_index.py."""\n\n'
        f"INDEX: dict[str, tuple[str, str, str, str, tuple[str, ...], str, bool, str, bool]] = {{\n{rows}}}\n"
    )


if __name__ == "__main__":
    packs = (tflint.notices, tflint_rules)
    generated.main(
        __doc__, lambda: {Path(str(pack.__file__)).with_name("index.py"): build(pack).encode() for pack in packs}
    )
