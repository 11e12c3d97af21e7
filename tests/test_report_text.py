"""The reports for people: width, colours, and text as it was last looked at.

Goldens are in tests/golden/; UPDATE_GOLDEN=1 rewrites them.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from models import ROOT
from reporting import (
    COLORED,
    HOSTILE,
    PLAIN,
    commands,
    examples,
    hostile,
    linted,
    op_seen,
    report,
    tensor_named,
)
from tflint import sketch
from tflint.engine import Plan, check_file
from tflint.findings import Report
from tflint.registry import catalogue
from tflint.report import render
from tflint.runtimes.profile import resolve

TFLINT = Path(sys.executable).with_name("tflint")
GOLDEN = Path(__file__).parent / "golden"
SGR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.mark.parametrize("key", HOSTILE)
def test_colors_are_our_own(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With colour, a hostile name adds no escape sequence to those of a plain one, and is itself in plain text."""
    monkeypatch.setenv("COLUMNS", "200")
    tame, nasty = (
        render("full", report(linted(hostile(n), tensor_named, op_seen)), COLORED) for n in ("x", HOSTILE[key])
    )

    assert set(SGR.findall(nasty)) == set(SGR.findall(tame)) != set()
    assert "".join(SGR.sub("", nasty).split("\n")).isprintable()
    assert SGR.sub("", nasty) == render("full", report(linted(hostile(HOSTILE[key]), tensor_named, op_seen)), PLAIN)
    if key == "markup":
        assert f"{HOSTILE[key]} is a name" in SGR.sub("", nasty)


def test_wrapped_lines_start_no_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever a terminal's width wraps a name, no line of the full report starts with a runner command."""
    name = "a ::error::owned b" * 8
    made = report(linted(hostile(name), tensor_named, op_seen))
    for width in range(20, 60):
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        text = render("full", made, PLAIN)
        assert max(map(len, text.splitlines())) <= max(width, 26) + 3  # what disarming may add
        assert commands(text) == []


def test_full_report_leaves_no_blanks_behind() -> None:
    """No line of the full report ends in blanks."""
    text = render("full", examples(), PLAIN)

    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize(
    ("color", "environment", "colored"),
    [
        ("always", {"NO_COLOR": "1"}, True),
        ("always", {"TERM": "dumb"}, True),
        ("never", {"FORCE_COLOR": "1", "CLICOLOR_FORCE": "1", "TTY_COMPATIBLE": "1"}, False),
        ("auto", {}, False),
    ],
)
def test_color_is_as_asked(color: str, environment: dict[str, str], colored: bool, tmp_path: Path) -> None:
    """Through the installed command: always colours, never has no escape at all, auto none into a pipe."""
    name = json.dumps(HOSTILE["escape"])
    model = tmp_path / "m.tflite"
    model.write_bytes(sketch.build(f"a: float32[1]\nb: int32[1]\n{name}: float32[1] = ADD(a, b)\n"))
    clean = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR", "TERM")}
    done = subprocess.run(
        [TFLINT, "check", model.name, "--color", color],
        cwd=tmp_path,
        env={**clean, **environment},
        capture_output=True,
        check=False,
        timeout=120,
    )
    text = done.stdout.decode()

    assert done.returncode == 1, done.stderr
    assert "TFL212" in text
    assert "\\x1b[35;7mowned" in text
    assert bool(SGR.search(text)) is colored
    assert "".join(SGR.sub("", text).split("\n")).isprintable()


@pytest.mark.parametrize("kind", ["full", "concise"])
@pytest.mark.parametrize("model", ["op_too_new", "wrong_types", "lfs_pointer"])
def test_text_is_as_before(model: str, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The text for people of an example model is the one that was last looked at."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("COLUMNS", "120")
    known = catalogue()
    entries = tuple(known[code] for code in ("TFL201", "TFL212", "TFL304", "TFL901"))
    profiles = (resolve("litert-2.3.0"), resolve("tflite-2.12"))
    file = check_file(Path("examples/models") / f"{model}.tflite", Plan(entries, profiles))
    text = render(kind, Report((file,), tuple(p.id for p in profiles)), PLAIN)
    golden = GOLDEN / f"{model}.{kind}.txt"
    if os.environ.get("UPDATE_GOLDEN"):
        GOLDEN.mkdir(exist_ok=True)
        golden.write_text(text, encoding="utf-8")

    assert text == golden.read_text(encoding="utf-8"), "if it is meant to differ: UPDATE_GOLDEN=1"
