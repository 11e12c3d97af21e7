"""The table of `tflint fix --quantize`, as a terminal shows it, and what is made of a runtime's words."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from command import TFLINT
from quantizing import GESTURES, corpus
from tflint.fixer.quantizer import culprit

if TYPE_CHECKING:
    from pathlib import Path


def shown(columns: int, *arguments: object, folder: Path) -> list[str]:
    """Lines of the command in a terminal of so many columns."""
    import fcntl  # noqa: PLC0415 - not on Windows
    import termios  # noqa: PLC0415 - same

    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    command = [str(TFLINT), *map(str, arguments)]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, cwd=folder, env=environment):
        os.close(theirs)
        text = b""
        try:
            while block := os.read(ours, 1 << 16):
                text += block
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    return text.decode().replace("\r", "").split("\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no such terminals")
@pytest.mark.parametrize("columns", [80, 120])
def test_the_table_fits_a_terminal(columns: int, tmp_path: Path) -> None:
    """Nothing of it is cut off: every head and every number is whole, the mark of what is kept too."""
    model = corpus(GESTURES, tmp_path)

    lines = shown(columns, "fix", model, "--quantize", "auto", "--out", tmp_path / "o.tflite", folder=tmp_path)

    start = next(place for place, line in enumerate(lines) if "scheme" in line)
    table = lines[start - (columns == 80) : start + 8]
    assert all(len(line) <= columns and "…" not in line for line in table)
    assert " ".join(table[: 1 + (columns == 80)]).split() in (
        "scheme parity logit diff top-1 size deflated latency memory".split(),  # noqa: SIM905 - as it reads
        "logit scheme parity diff top-1 size deflated latency memory".split(),  # noqa: SIM905 - same
    )
    assert sum(line.startswith("*") for line in table) == 1
    [float32] = [line for line in table if "float32" in line]
    assert ("6.14 kB" if columns == 80 else "6,144") in float32


@pytest.mark.parametrize(
    ("words", "operator"),
    [
        ("Node number 2 (BATCH_MATMUL) failed to prepare.", "BATCH_MATMUL"),
        ("failed to create XNNPACK runtimeNode number 3 (TfLiteXNNPackDelegate) failed to prepare.", ""),
        ("Node number 7 (CUSTOM) failed to invoke.", ""),
    ],
)
def test_only_operators_are_blamed(words: str, operator: str) -> None:
    """A delegate is no type of operator that could stay float."""
    assert culprit(words) == operator
