"""The command with and without --deep: which rules read weights."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from test_cli import tflint
from tflint import sketch
from weighty import TWICE

if TYPE_CHECKING:
    from pathlib import Path


def written(folder: Path, text: str) -> Path:
    """A model file."""
    path = folder / "model.tflite"
    path.write_bytes(sketch.build(text))
    return path


def codes(output: str) -> list[str]:
    """Codes of the findings of a JSON report."""
    return [finding["code"] for file in json.loads(output)["files"] for finding in file["findings"]]


def test_weights_are_read_with_deep_only(tmp_path: Path) -> None:
    """A rule that reads weights finds nothing without --deep, and what there is with it."""
    path = written(tmp_path, TWICE)

    assert "TFL702" not in codes(tflint("check", path, "-f", "json").stdout)
    assert "TFL702" in codes(tflint("check", path, "-f", "json", "--deep").stdout)


def test_a_rule_that_is_asked_for_by_name_says_what_it_takes(tmp_path: Path) -> None:
    """One note without --deep, by code or by name; none with it, and none where a prefix selects it among others."""
    path = written(tmp_path, TWICE)
    note = "tflint: note: TFL702: not run, for it takes --deep to read weights\n"

    for selector in ("TFL702", "duplicate-buffers"):
        done = tflint("check", path, "--select", selector)
        assert (done.returncode, done.stderr) == (0, note)
        done = tflint("check", path, "--select", selector, "--deep")
        assert (done.returncode, done.stderr) == (1, "")
    assert tflint("check", path, "--select", "TFL7").stderr == ""
    assert tflint("check", path, "--select", "TFL702", "--ignore", "TFL702").stderr == ""


def test_pages_say_what_needs_deep() -> None:
    """In text and in JSON; a rule that can do without does not say so."""
    assert "runs under --deep" in tflint("rule", "TFL702").stdout
    assert "runs under --deep" not in tflint("rule", "TFL211").stdout
    rules = {rule["code"]: rule["reads"] for rule in json.loads(tflint("rule", "--all", "-f", "json").stdout)}
    assert (rules["TFL702"], rules["TFL211"]) == ("weights", "graph")
