"""Write rules/tflint_rules/index.py: which rules there are and where, so that only those that run are imported.

python scripts/generate_index.py [--check]
"""

from __future__ import annotations

from pathlib import Path

import generated
import tflint_rules
from tflint.registry import index_of

TARGET = Path(__file__).parent.parent / "rules" / "tflint_rules" / "index.py"


def build() -> str:
    """The module's text."""
    rows = "".join(f"    {code!r}: {fields!r},\n" for code, fields in index_of(tflint_rules).items())
    return (
        '"""Code -> the fields of its Entry, but the pack. By scripts/generate_index.py."""\n\n'
        f"INDEX: dict[str, tuple[str, str, str, str, tuple[str, ...], str, bool, str, bool]] = {{\n{rows}}}\n"
    )


if __name__ == "__main__":
    generated.main(__doc__, lambda: {TARGET: build().encode()})
