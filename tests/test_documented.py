"""What README and docs show is run: commands end well, shown output is what they print, configuration is taken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import documented
from models import ROOT

if TYPE_CHECKING:
    from pathlib import Path

INSTALL = re.compile(r"install (?:-\S+ )*['\"]?tflint\b(?!-)(?:\[|['\"`\s]*$)", re.MULTILINE)
BLOCKS = [block for page in documented.PAGES for block in documented.blocks(page) if not block.excused]
COMMANDS = [block for block in BLOCKS if block.language in ("console", "sh")]
SETTINGS = [block for block in BLOCKS if block.language == "toml" and "[tool.tflint" in block.text]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of what the commands are run on."""
    return documented.sandbox(tmp_path_factory.mktemp("documented") / "checkout")


def test_pages_have_something_to_run() -> None:
    """The test below can fail: there are commands with output, commands without, and configuration."""
    assert [block for block in COMMANDS if any(shown.strip() for _, shown in block.commands)]
    assert {block.page.name for block in COMMANDS} >= {"README.md", "getting-started.md"}
    assert SETTINGS


@pytest.mark.parametrize("block", COMMANDS, ids=str)
def test_commands_do_what_is_shown(block: documented.Block, folder: Path) -> None:
    """Each command ends clean or with findings, and prints what the page shows (scripts/documented.py refreshes it)."""
    for command, shown in block.commands:
        done = documented.run(command, folder)
        assert done.returncode in (0, 1), f"{command}\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        if shown.strip():
            assert done.stdout + done.stderr == shown, command


def test_nothing_is_installed_from_the_index_by_our_name() -> None:
    """The name is another project's there (docs/github-action.md), so neither a page nor a message gives it to pip."""
    places = [*documented.PAGES, *(ROOT / "checker").rglob("*.py"), *(ROOT / "changelog.d").glob("*.md")]
    told = [place.name for place in places if INSTALL.search(place.read_text(encoding="utf-8"))]
    assert INSTALL.search("pip install --quiet 'tflint[verify]'")
    assert not told


def test_sources_are_public_or_here() -> None:
    """A page, a rule and a table name no file as their source that a reader does not have."""
    places = [*documented.PAGES, *(path for name in ("checker", "rules") for path in (ROOT / name).rglob("*"))]
    texts = {path: path.read_text(encoding="utf-8") for path in places if path.suffix in (".py", ".json", ".md")}
    assert len(texts) > 300
    assert not [path.name for path, text in texts.items() if re.search(r"\bfacts/", text)]


@pytest.mark.parametrize("block", SETTINGS, ids=str)
def test_configuration_is_taken(block: documented.Block, folder: Path) -> None:
    """Each [tool.tflint] table has keys, rules and values that tflint knows."""
    (folder / "pyproject.toml").write_text(block.text)
    done = documented.run("tflint check examples/models/clean.tflite", folder)
    (folder / "pyproject.toml").unlink()

    assert done.returncode in (0, 1), done.stderr
