"""Run the commands that README.md and docs/ show, and put what they print in the place of the output shown.

python scripts/documented.py [--check]

A `console` block has commands after `$ `, with or without their output; an `sh` block has commands only. Where the line
before a block is `<!-- not run: REASON -->`, it is left alone. tests/test_documented.py holds all of them fresh.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import generated

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MODELS = ("old.tflite", "new.tflite", "models/a.tflite", "models/new.tflite")
FILES = {
    "tflint-baseline.json": '{"schema_version": 1, "files": {}}',
    "../tflint.toml": "",
    "targets/board.toml": 'extends = "litert-2.1"\n',
    "app.toml": 'outputs = ["probabilities"]\n',
}
_BLOCK = re.compile(r"^(<!-- not run: [^\n]+ -->\n)?```(console|sh|toml)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block that can be run, where it stands in its page, and whether it says why it is not."""

    page: Path
    line: int
    language: str
    text: str
    excused: bool

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"

    @property
    def commands(self) -> list[tuple[str, str]]:
        """Commands with the output that is shown of each."""
        if self.language == "sh":
            return [(line, "") for line in self.text.splitlines() if line]
        parts = re.split(r"^\$ (.+)\n", self.text, flags=re.MULTILINE)
        return list(zip(parts[1::2], parts[2::2], strict=True))


def blocks(page: Path) -> Iterator[Block]:
    """Those of a page."""
    text = page.read_text(encoding="utf-8")
    for found in _BLOCK.finditer(text):
        line = text.count("\n", 0, found.start(3))
        yield Block(page, line, found[2], found[3], excused=found[1] is not None)


def sandbox(folder: Path) -> Path:
    """Lay out what the commands are run on, as a git checkout: the examples, and the files that pages speak of."""
    shutil.copytree(ROOT / "examples", folder / "examples")
    for name in MODELS:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copy(folder / "examples" / "models" / "clean.tflite", folder / name)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    run("git init -q . && git add . && git -c user.name=n -c user.email=e commit -qm all", folder).check_returncode()
    run("git update-ref refs/remotes/origin/main HEAD", folder).check_returncode()
    return folder


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as its reader would, with the tflint of this environment."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("TFLITE_LINT_", "GITHUB_"))}
    env = {
        **kept,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{kept['PATH']}",
        "COLUMNS": "120",
        "NO_COLOR": "1",
    }
    return subprocess.run(  # noqa: S602 - a shell is what the reader types into
        command, shell=True, cwd=folder, env=env, capture_output=True, text=True, check=False, timeout=300
    )


def refreshed(block: Block, folder: Path) -> str:
    """The block's text with what its commands print now."""
    lines = []
    for command, shown in block.commands:
        done = run(command, folder)
        lines += [f"$ {command}\n", done.stdout + done.stderr if shown.strip() else shown]
    return "".join(lines)


def build() -> dict[Path, bytes]:
    """Page -> its text with every shown output as it is now."""
    pages = {}
    with tempfile.TemporaryDirectory() as folder:
        inside = sandbox(Path(folder) / "checkout")
        for page in PAGES:
            text = page.read_text(encoding="utf-8")
            for block in blocks(page):
                if block.language == "console" and not block.excused:
                    text = text.replace(block.text, refreshed(block, inside))
            pages[page] = text.encode()
    return pages


if __name__ == "__main__":
    generated.main(__doc__, build)
