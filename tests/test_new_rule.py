"""`tflint rule --new`: files that keep the contracts as they stand, or a line that says why not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from models import ROOT

TFLINT = Path(sys.executable).with_name("tflint")
LEFT_OUT = shutil.ignore_patterns(".git", ".venv", ".*cache", "__pycache__", "corpus", "site")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a copy of this project."""
    return shutil.copytree(ROOT, tmp_path_factory.mktemp("copy") / "tflint", ignore=LEFT_OUT)


def run(*argv: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command."""
    return subprocess.run(list(map(str, argv)), cwd=cwd, capture_output=True, text=True, check=False, timeout=300)


def test_a_new_rule_keeps_its_contracts(project: Path) -> None:
    """Two files and a fragment in the family of its hundreds; index, linters and contracts are content."""
    done = run(TFLINT, "rule", "--new", "TFL499", "too-many-absolutes", cwd=project)
    assert done.returncode == 0, done.stderr
    *files, last = done.stdout.splitlines()
    assert files == [
        "rules/tflint_rules/shapes/too_many_absolutes.py",
        "tests/rules/TFL499.md",
        "changelog.d/TFL499.added.md",
    ]
    assert last.endswith("Next: make them yours, run `python scripts/generate_index.py`, run the tests.")

    script = (
        "import runpy, sys; sys.path[:0] = ['rules', 'scripts'];"
        "sys.argv = ['scripts/generate_index.py']; runpy.run_path('scripts/generate_index.py', run_name='__main__')"
    )
    assert run(sys.executable, "-c", script, cwd=project).returncode == 0
    check = (
        "import sys; sys.path.insert(0, 'rules'); import pathlib, tflint_rules; from tflint.testing import contracts;"
        "mine = [c for c in contracts(tflint_rules, pathlib.Path('tests/rules')) if c.code == 'TFL499'];"
        "[contract() for contract in mine]; print(*mine)"
    )
    done = run(sys.executable, "-c", check, cwd=project)
    assert done.stdout.split() == [
        f"TFL499-{what}" for what in ("derived", "documented", "example-0", "page", "placed")
    ], done.stderr
    for tool in (("check",), ("format", "--check")):
        done = run(TFLINT.with_name("ruff"), *tool, files[0], cwd=project)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (("TFL498",), "write `tflint rule --new CODE NAME`"),
        (("TFL98", "some-flaw"), "'TFL98' is no code: two to five capitals and three digits"),
        (("ACM101", "some-flaw"), "ACM101: codes of tflint's own rules begin with TFL"),
        (("TFL108", "some-flaw"), "TFL108 is 'too-many-outputs'"),
        (("TFL498", "too-many-outputs"), "'too-many-outputs' is the name of another rule"),
        (("TFL498", "Some_Flaw"), "'Some_Flaw' is no name"),
        (("TFL498", "2-flaws"), "'2-flaws' is no name"),
        (("TFL498", "lambda"), "'lambda' is no name"),
        (("TFL498", "avoid-some-flaw"), "'avoid-some-flaw' names a remedy"),
        (("TFL098", "some-flaw"), "TFL098: name its family by --family, one of control_flow, "),
        (("TFL498", "some-flaw", "--family", "../x"), "--family '../x': a folder's name"),
        (("TFL498", "some-flaw", "--pack", "rules"), "no pyproject.toml in rules"),
    ],
)
def test_what_is_no_rule_is_refused(arguments: tuple[str, ...], problem: str, project: Path) -> None:
    """One line says why, and nothing is written."""
    before = sorted(project.rglob("*"))
    done = run(TFLINT, "rule", "--new", *arguments, cwd=project)

    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("tflint: error: ")
    assert problem in line
    assert sorted(project.rglob("*")) == before


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[project", "not valid TOML"),
        ("[project]\n", "a pack has one entry point"),
        ('[project.entry-points."tflint.rules"]\nacme = "acme"\n', "there is no package 'acme'"),
    ],
)
def test_what_is_no_pack_is_refused(text: str, problem: str, tmp_path: Path) -> None:
    """A project that is no pack is named."""
    (tmp_path / "pyproject.toml").write_text(text)
    done = run(TFLINT, "rule", "--new", "ACM101", "some-flaw", cwd=tmp_path)

    assert (done.returncode, problem in done.stderr) == (2, True), done.stderr


def test_a_new_family_of_a_pack(tmp_path: Path) -> None:
    """A pack without rules takes its first beside `__init__`, or in a folder that is named."""
    (tmp_path / "pyproject.toml").write_text('[project.entry-points."tflint.rules"]\nacme = "acme"\n')
    (tmp_path / "src" / "acme").mkdir(parents=True)
    (tmp_path / "src" / "acme" / "__init__.py").write_text("")
    first = run(TFLINT, "rule", "--new", "ACM101", "some-flaw", cwd=tmp_path)
    second = run(TFLINT, "rule", "--new", "ACM201", "other-flaw", "--family", "boards", cwd=tmp_path)

    assert first.stdout.splitlines()[:-1] == ["src/acme/some_flaw.py", "tests/rules/ACM101.md"]
    assert second.stdout.splitlines()[:-1] == [
        "src/acme/boards/other_flaw.py",
        "tests/rules/ACM201.md",
        "src/acme/boards/__init__.py",
    ]
