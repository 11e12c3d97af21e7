"""Names that a model's author or a pull request's chose, in whatever each command prints: they stay words."""

from __future__ import annotations

import json
import re
import zipfile
from typing import TYPE_CHECKING

import pytest

from reporting import HOSTILE, commands
from running import tflint
from tflint import sketch
from tflint.report import FORMATS

if TYPE_CHECKING:
    from pathlib import Path

FILE = "\x1b[31m\u202eowned\n::error::owned\n##[add-mask]x [red]`$(touch owned)`|<b>@me %0A.tflite"
NAMES = {key: name[:2000] for key, name in HOSTILE.items()}
PRINTED = {
    **{f"check -f {kind}": ("check", "-f", kind) for kind in FORMATS},
    "check in colour": ("check", "--color", "always"),
    "check -v": ("check", "-v", "-f", "full", "--show-suppressed", "--statistics", "--timing"),
    "inspect": ("inspect",),
    "inspect -f json": ("inspect", "-f", "json"),
    "show": ("show",),
    "advise": ("advise", "--target", "litert-2.3.0"),
    "config --explain": ("config", "--explain"),
}


def model() -> bytes:
    """A model that holds each of the names wherever one has names, and more that rules have to speak of."""
    lines = []
    for number, name in enumerate(NAMES.values()):
        text = json.dumps(name)
        lines += [f"{json.dumps(f'{number}{name}')}: float32[1,4] = CUSTOM:{text}(x)", f'metadata {text} = "x"']
    text = json.dumps("".join(NAMES.values())[:1500])
    last = json.dumps(f"{len(NAMES) - 1}{list(NAMES.values())[-1]}")
    head = [f"description {text}", "x: float32[1,4]"]
    return sketch.build("\n".join([*head, *lines, f"signature {text}({text}=x) -> ({text}={last})"]) + "\n")


def harmless(text: str, *, color: bool = False) -> None:
    """Nothing in it moves a terminal, turns its direction, or is obeyed by a runner."""
    if color:
        text = text.replace("\x1b[0m", "")
        for code in ("1", "2", "31", "32", "33", "35", "36", "1;4", "1;31", "1;33", "1;36"):
            text = text.replace(f"\x1b[{code}m", "")
    odd = {c for c in text if not c.isprintable() and c != "\n"}
    assert not odd, odd
    assert not re.search("##(?!#* )", text)  # but headings of Markdown
    assert {word for word, _, message in commands(text) if "owned" not in word} <= {"error", "warning", "notice"}
    assert ("error", {}, "owned") not in commands(text)


@pytest.mark.parametrize("command", PRINTED)
def test_what_a_command_prints_is_harmless(command: str, tmp_path: Path) -> None:
    """Names in the model and of the file: in tables, in JSON, in reports for machines and in the sketch."""
    (tmp_path / FILE).write_bytes(model())
    done = tflint(tmp_path, *PRINTED[command], FILE)

    assert "Traceback" not in done.stderr
    assert done.returncode in (0, 1), done.stderr
    harmless(done.stdout, color=command == "check in colour")
    harmless(done.stderr)
    assert done.stdout.strip()


@pytest.mark.parametrize("kind", ["text", "json", "markdown"])
def test_what_diff_prints_is_harmless(kind: str, tmp_path: Path) -> None:
    """From a model without names to one with them."""
    (tmp_path / "old.tflite").write_bytes(sketch.build("x: float32[1,4]\ny: float32[1,4] = RELU(x)\n"))
    (tmp_path / FILE).write_bytes(model())
    done = tflint(tmp_path, "diff", "old.tflite", FILE, "-f", kind)

    assert done.returncode == 0, done.stderr
    harmless(done.stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ("fix", FILE),
        ("verify", FILE, FILE),
        ("quantize", FILE),
        ("report", FILE),
        ("lock", "."),
        ("target", "show", FILE),
    ],
    ids=lambda arguments: arguments[0],
)
def test_what_other_commands_say_is_harmless(arguments: tuple[str, ...], tmp_path: Path) -> None:
    """Those that write files, run models or refuse them; whatever their exit code."""
    (tmp_path / FILE).write_bytes(model())
    done = tflint(tmp_path, *arguments)

    assert "Traceback" not in done.stderr
    harmless(done.stdout)
    harmless(done.stderr)


def test_names_choose_no_path(tmp_path: Path) -> None:
    """Members of a bug report are named by us, and nothing is written but it, whatever names hold."""
    names = ("../../owned", "/owned", "C:\\owned", "..\\owned", "a/../../owned")
    body = "".join(f'metadata {json.dumps(name)} = "x"\n' for name in names)
    text = f"x: float32[1,4]\n{json.dumps(names[0])}: float32[1,4] = CUSTOM:{json.dumps(names[1])}(x)\n{body}"
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "m.tflite").write_bytes(sketch.build(text))
    done = tflint(tmp_path / "work", "report", "m.tflite", "--with-model", "-o", "out.zip")

    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.rglob("*")} == {"work", "m.tflite", "out.zip"}
    with zipfile.ZipFile(tmp_path / "work" / "out.zip") as archive:
        held = {"issue.md", "findings.json", "environment.json", "model.json", "sketch.txt", "model.tflite"}
        assert set(archive.namelist()) == held
