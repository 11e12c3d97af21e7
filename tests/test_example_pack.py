"""examples/plugin is built, installed beside tflint from wheels alone, and used as its users and its author would."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from models import EXAMPLES, ROOT
from wheels import build, environment, run

if TYPE_CHECKING:
    from pathlib import Path

PACK = ROOT / "examples" / "plugin"

pytestmark = pytest.mark.xdist_group("example-pack")


@pytest.fixture(scope="module")
def tflint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the command of an environment that has both wheels."""
    folder = tmp_path_factory.mktemp("pack")
    wheels = [build(source, "wheel", folder / name) for name, source in (("tflint", ROOT), ("acme", PACK))]
    return environment(folder / "venv", *wheels, "pytest").with_name("tflint")


def test_its_rules_run_when_selected(tflint: Path, tmp_path: Path) -> None:
    """A model with HARD_SWISH is flagged by the pack's rule, its options set by the user."""
    model = tmp_path / "model.tflite"
    sketch = "x: float32[1,10]\\nw: float32[12,10] = const\\ny: float32[1,12] = HARD_SWISH(x)"
    script = f"from tflint import sketch; open('model.tflite', 'wb').write(sketch.build('{sketch}'))"
    assert run(tflint.with_name("python"), "-c", script, cwd=tmp_path).returncode == 0
    done = run(tflint, "check", model, "--select", "ACM", "-f", "json", cwd=tmp_path)

    (finding,) = json.loads(done.stdout)["files"][0]["findings"]
    assert (finding["code"], finding["message"]) == ("ACM101", "HARD_SWISH of 12 elements runs on the board's CPU")
    assert (done.returncode, done.stderr) == (1, "")
    assert "ACM102 unaligned-channels (info, pack acme)" in run(tflint, "rule", "--all", cwd=tmp_path).stdout


def test_its_board_is_a_target(tflint: Path, tmp_path: Path) -> None:
    """The board is listed with its pack, and models are judged against it."""
    assert "acme-board" in run(tflint, "target", "list", cwd=tmp_path).stdout
    done = run(tflint, "check", EXAMPLES / "clean.tflite", "--target", "acme-board", "-f", "json", cwd=tmp_path)
    assert json.loads(done.stdout)["files"][0]["verdicts"]["acme-board"]["verdict"] == "supported"


def test_its_own_tests_pass(tflint: Path, tmp_path: Path) -> None:
    """The author's tests run where the pack is installed, and hold a rule that was just begun as well."""
    folder = shutil.copytree(PACK, tmp_path / "plugin")
    python = tflint.with_name("python")
    done = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=folder)
    assert done.returncode == 0, done.stdout
    assert "11 passed" in done.stdout

    made = run(tflint, "rule", "--new", "ACM103", "too-many-absolutes", cwd=folder)
    assert made.returncode == 0, made.stderr
    assert (folder / "src" / "acme_tflint" / "too_many_absolutes.py").exists()
    again = build(folder, "wheel", tmp_path)
    assert (
        run(python, "-m", "pip", "install", "-q", "--no-deps", "--force-reinstall", again, cwd=folder).returncode == 0
    )
    done = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests", cwd=folder)
    assert done.returncode == 0, done.stdout
    assert "16 passed" in done.stdout
