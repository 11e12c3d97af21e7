"""What is shipped: the wheel's content, and that it works where nothing but its own dependencies is installed."""

from __future__ import annotations

import json
import re
import tarfile
import zipfile
from email.parser import Parser
from typing import TYPE_CHECKING

import pytest

from models import EXAMPLES, ROOT
from wheels import build, environment, run

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = {"tflint": ROOT / "checker" / "tflint", "tflint_rules": ROOT / "rules" / "tflint_rules"}
MOST = 250 << 20  # bytes of an installation: what pre-commit.ci allows
HEAVY = {"tensorflow", "ai-edge-litert", "tflite-runtime", "torch", "onnx", "keras", "jax", "scipy", "pandas"}

pytestmark = pytest.mark.xdist_group("package")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel of this tree."""
    return build(ROOT, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def names(wheel: Path) -> set[str]:
    """Files of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the interpreter of a fresh environment that has the wheel and what it depends on."""
    return environment(tmp_path_factory.mktemp("installed") / "venv", wheel)


def test_wheel_has_two_packages(names: set[str]) -> None:
    """The wheel's top level is tflint, tflint_rules and the metadata: no checker, no rules, no tests."""
    top = {name.partition("/")[0] for name in names}

    assert {name for name in top if not name.endswith(".dist-info")} == {"tflint", "tflint_rules"}
    assert len(top) == 3
    assert [
        name for name in names if re.search(r"(^|/)(tests?|test_\w+\.py|conftest\.py|__pycache__)(/|$)", name)
    ] == []


def test_wheel_has_every_file_of_the_sources(names: set[str]) -> None:
    """Whatever lies in the sources is shipped, data and type marker too: git-ignore patterns take nothing away."""
    for package, folder in SOURCES.items():
        ours = {
            f"{package}/{path.relative_to(folder).as_posix()}"
            for path in folder.rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        }
        assert ours == {name for name in names if name.startswith(f"{package}/")}
        assert f"{package}/py.typed" in names
    assert "tflint/runtimes/kernels/CONV_2D.json" in names
    assert [name for name in names if re.fullmatch(r"tflint/runtimes/data/targets/litert-[\d.]+\.json", name)]


def test_wheel_asks_for_little(wheel: Path) -> None:
    """The wheel depends on typer, rich, flatbuffers and tflite alone, runtimes are extras, its licence is in it."""
    with zipfile.ZipFile(wheel) as archive:
        (inside,) = {name.partition("/")[0] for name in archive.namelist() if ".dist-info/" in name}
        metadata = Parser().parsestr(archive.read(f"{inside}/METADATA").decode())
        points = archive.read(f"{inside}/entry_points.txt").decode()
        assert f"{inside}/licenses/LICENSE" in archive.namelist()
    needs = [str(line) for line in metadata.get_all("Requires-Dist", [])]
    plain = {re.split(r"[^\w-]", need)[0] for need in needs if ";" not in need}

    assert plain == {"typer", "rich", "flatbuffers", "tflite"}
    conditional = {need.partition(";")[2].strip().replace('"', "'") for need in needs if ";" in need}
    assert {condition for condition in conditional if "extra ==" not in condition} == {"python_version < '3.11'"}
    assert metadata["Requires-Python"] == ">=3.10"
    assert "[tflint.rules]\ncore = tflint_rules" in points
    assert "tflint = tflint.__main__:main" in points
    assert "tflite-lint = tflint.__main__:main" in points


def test_wheel_of_the_sdist_is_the_same(names: set[str], tmp_path: Path) -> None:
    """Who builds from the source distribution gets the same files."""
    with tarfile.open(build(ROOT, "sdist", tmp_path / "sdist")) as archive:
        archive.extractall(tmp_path / "source", filter="data")
    (source,) = (tmp_path / "source").iterdir()

    with zipfile.ZipFile(build(source, "wheel", tmp_path / "again")) as archive:
        assert set(archive.namelist()) == names


def test_installed_wheel_checks_a_model(python: Path, tmp_path: Path) -> None:
    """In an environment of its own tflint passes the clean model, fails a bad one, and speaks each format."""
    command = python.with_name("tflint")
    done = run(command, "check", EXAMPLES / "clean.tflite", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "litert-2.3.0: supported" in done.stdout
    for kind in ("full", "concise", "json", "sarif", "github"):
        done = run(command, "check", EXAMPLES / "wrong_types.tflite", "-f", kind, cwd=tmp_path)
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stderr == ""
        assert "TFL212" in done.stdout
    for arguments in (("show", EXAMPLES / "clean.tflite"), ("rule", "TFL510"), ("target", "list"), ("version",)):
        assert run(python.with_name("tflite-lint"), *arguments, cwd=tmp_path).returncode == 0


def test_installed_wheel_brings_no_module_of_the_source_roots(python: Path, tmp_path: Path) -> None:
    """`import rules` and `import checker` fail where the wheel is installed, and the packages are its own."""
    for module in ("rules", "checker", "tests", "scripts"):
        done = run(python, "-c", f"import {module}", cwd=tmp_path)
        assert f"No module named '{module}'" in done.stderr
    done = run(python, "-c", "import tflint, tflint_rules; print(tflint.__file__, tflint_rules.__file__)", cwd=tmp_path)
    assert all(str(python.parent.parent) in path for path in done.stdout.split()), done.stdout + done.stderr


def test_installation_is_small(python: Path, tmp_path: Path) -> None:
    """No converter, interpreter or framework comes along, and all of it is far below what hook services allow."""
    script = "import importlib.metadata as m, json; print(json.dumps([d.metadata['Name'] for d in m.distributions()]))"
    installed = {name.lower().replace("_", "-") for name in json.loads(run(python, "-c", script, cwd=tmp_path).stdout)}
    folder = python.parent.parent
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file() and not path.is_symlink())

    assert {"tflint", "typer", "rich", "flatbuffers", "tflite"} <= installed
    assert installed & HEAVY == set()
    assert size < MOST
