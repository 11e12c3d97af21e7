"""Write docs/failures.md, the table of failed conversions, from checker/tflint/convert/failures.json.

python scripts/generate_failures.py [--check]
"""

from __future__ import annotations

import re
from pathlib import Path

import generated
from tflint.convert.failures import failures

PAGE = Path(__file__).resolve().parents[1] / "docs" / "failures.md"
HEAD = """# When a conversion fails

What [`tflint fix --source`](convert.md) makes of a conversion that gave no model, or one that is wrong without a word.
The first row that fits is the diagnosis. What can be changed for you is tried next, once a change; for the rest tflint
says what helps, with your own line of code where the converter knows it. The converter's own error codes, types of
exceptions, the stage and the way the process ended decide; its words only where nothing else tells.

This page is made from `checker/tflint/convert/failures.json`. Each row was provoked with TensorFlow 2.21.0 or
litert-torch 0.10.0 (`tests/failing.py`); those at the end do not come up.

| what it shows | what it is | what is tried | what you can do | source |
|---|---|---|---|---|
"""
ABSENT = """
## What does not come up

| what it shows | why it does not | what it was | source |
|---|---|---|---|
"""


def build() -> str:
    """The page's text."""
    rows = [
        (each.shows, each.cause, each.tries, each.advice, _linked(each.source))
        for each in failures()
        if not each.absent
    ]
    absent = [(each.shows, each.absent, each.cause, _linked(each.source)) for each in failures() if each.absent]
    return HEAD + "".join(map(_row, rows)) + ABSENT + "".join(map(_row, absent))


def _row(cells: tuple[str, ...]) -> str:
    *texts, source = cells
    return f"| {' | '.join([*map(_cell, texts), source])} |\n"


def _cell(text: str) -> str:
    text = re.sub(r"(?<!\{)\{(\w+)\}(?!\})", r"*\1*", text) if "`" not in text else text
    return text.replace("{{", "{").replace("}}", "}").replace("|", "\\|")


def _linked(source: str) -> str:
    """The source with issues as links."""
    homes = {
        "tf": "tensorflow/tensorflow",
        "lt": "google-ai-edge/litert-torch",
        "LRT": "google-ai-edge/LiteRT",
    }
    text = re.sub(r"https://\S*[^\s()]", r"<\g<0>>", _cell(source))
    return re.sub(
        r"\b(tf|lt|LRT)#(\d+)", lambda at: f"[{at[0]}](https://github.com/{homes[at[1]]}/issues/{at[2]})", text
    )


if __name__ == "__main__":
    generated.main(__doc__, lambda: {PAGE: build().encode()})
