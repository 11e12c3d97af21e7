"""Write docs/tflint.schema.json and the reference of keys in docs/configuration.md, from the keys themselves.

python scripts/generate_config.py [--check]
"""

from __future__ import annotations

import json
from pathlib import Path

import generated
from tflint.config.explain import reference
from tflint.config.schema import schema
from tflint.registry import CORE, catalogue

DOCS = Path(__file__).parent.parent / "docs"
MARK = "<!-- The rest is made by scripts/generate_config.py. -->\n"


def build() -> dict[Path, bytes]:
    """The files; the page's hand-written part stays."""
    own = {code: entry for code, entry in catalogue().items() if entry.pack == CORE}
    page = DOCS / "configuration.md"
    written, mark, _ = page.read_text(encoding="utf-8").partition(MARK)
    return {
        DOCS / "tflint.schema.json": (json.dumps(schema(own), indent=2) + "\n").encode(),
        page: f"{written}{mark}\n{reference()}".encode(),
    }


if __name__ == "__main__":
    generated.main(__doc__, build)
