"""Packs of other people: found by their entry points, named when they are broken, and never the end of a run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from models import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable

    Install = Callable[..., None]
    Run = Callable[..., subprocess.CompletedProcess[str]]

RULE = '''
from tflint.api import Op, Severity, hit, rule

BAD = "x: float32[4]\\ny: float32[4] = CONV_2D(x)\\n"


@rule(
    "{code}",
    "{name}",
    Severity.WARNING,
    since="1.0",
    on={{"FULLY_CONNECTED", "ADD"}},
    message="{message}",
    examples=[(BAD, BAD)],
)
def {function}(op: Op):
    """It is there."""
    {body}
'''
BODY = "yield hit(op, op=op.name)"
TFLINT = Path(sys.executable).with_name("tflint")


def pack_rule(
    code: str = "ACM101", *, name: str = "acme-thing", message: str = "{op} is there", body: str = BODY
) -> str:
    """A module with one rule."""
    return RULE.format(code=code, name=name, function=name.replace("-", "_"), message=message, body=body)


@pytest.fixture
def install(tmp_path: Path) -> Install:
    """Install a pack as pip lays one out, in a folder that is on the path."""

    def _install(name: str, group: str = "rules", **files: str) -> None:
        folder = tmp_path / "site"
        info = folder / f"{name}_pack-1.0.dist-info"
        info.mkdir(parents=True)
        (info / "entry_points.txt").write_text(f"[tflint.{group}]\n{name} = {name}_pack\n")
        package = folder / f"{name}_pack"
        package.mkdir()
        for stem, text in {"__init__": "", **files}.items():
            path = package / (stem if "." in stem else f"{stem}.py")
            path.write_text(text)

    return _install


@pytest.fixture
def tflint(tmp_path: Path) -> Run:
    """Run the installed command where those packs are."""

    def _run(*arguments: object) -> subprocess.CompletedProcess[str]:
        env = {k: v for k, v in os.environ.items() if not k.startswith("TFLITE_LINT_")}
        return subprocess.run(
            [TFLINT, *map(str, arguments)],
            cwd=tmp_path,
            env={**env, "PYTHONPATH": str(tmp_path / "site")},
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return _run


def codes(done: subprocess.CompletedProcess[str]) -> list[str]:
    """Codes of the findings of a JSON report."""
    return [finding["code"] for file in json.loads(done.stdout)["files"] for finding in file["findings"]]


def test_rules_of_a_pack_run_when_selected(install: Install, tflint: Run) -> None:
    """A pack's rules are listed with its name, and run when they are selected beside the built-in ones."""
    install("acme", thing=pack_rule())

    assert codes(tflint("check", EXAMPLES / "clean.tflite", "-f", "json")) == []
    done = tflint("check", EXAMPLES / "clean.tflite", "-f", "json", "--extend-select", "ACM")
    assert (codes(done), done.returncode, done.stderr) == (["ACM101"], 1, "")
    assert "ACM101 acme-thing (warning, pack acme): It is there." in tflint("rule", "--all").stdout
    (described,) = json.loads(tflint("rule", "ACM101", "-f", "json").stdout)
    assert described["pack"] == "acme"


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("raise ValueError('no luck')", "ValueError: no luck"),
        ("import not_there_at_all", "ModuleNotFoundError: No module named 'not_there_at_all'"),
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("def f(): f()\nf()", "RecursionError: maximum recursion depth exceeded"),
        ("class End(BaseException): ...\nraise End('of all')", "End: of all"),
        ("def", "SyntaxError: invalid syntax"),
        (pack_rule("acm1"), "ValueError: bad rule id: acm1 acme-thing"),
        ("INDEX = {'ACM101': ('acme-thing', 'acme_pack.thing')}", "ValueError: its INDEX is not of this tflint"),
        ("INDEX = 3", "AttributeError: 'int' object has no attribute 'values'"),
    ],
)
def test_a_broken_pack_is_named_and_left_out(source: str, problem: str, install: Install, tflint: Run) -> None:
    """One line on stderr names the pack and what is wrong; the run goes on, and another pack with it."""
    install("acme", __init__=source)
    install("better", thing=pack_rule("BET101"))
    done = tflint("check", EXAMPLES / "clean.tflite", "-f", "json", "--extend-select", "BET")

    assert codes(done) == ["BET101"]
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"tflint: warning: rule pack 'acme' (acme-pack) is left out: {problem}")


def test_a_pack_that_is_interrupted_ends_the_run(install: Install, tflint: Run) -> None:
    """Ctrl-C while it is imported is one of the run, not a fault of the pack."""
    install("acme", __init__="raise KeyboardInterrupt")

    assert tflint("check", EXAMPLES / "clean.tflite").returncode == 130


def test_who_selects_a_rule_of_a_broken_pack_is_refused(install: Install, tflint: Run) -> None:
    """A rule that was asked for and cannot run is no clean run."""
    install("acme", __init__="raise ValueError('no luck')")
    done = tflint("check", EXAMPLES / "clean.tflite", "--extend-select", "ACM101")

    assert done.returncode == 2
    assert [line.partition(":")[2] for line in done.stderr.splitlines()] == [
        " warning: rule pack 'acme' (acme-pack) is left out: ValueError: no luck",
        " error: --extend-select: no rule 'ACM101'",
    ]


def test_codes_have_one_owner(install: Install, tflint: Run) -> None:
    """The prefix TFL is ours, and of two packs with one code the first by name has it; each is said."""
    install("acme", one=pack_rule(), two=pack_rule("TFL998", name="mine"))
    install("zeta", one=pack_rule(name="other"), two=pack_rule("ZET101", name="third"))
    done = tflint("rule", "--all", "-f", "json")

    packs = {row["code"]: (row["name"], row["pack"]) for row in json.loads(done.stdout) if row["pack"] != "core"}
    assert packs == {"ACM101": ("acme-thing", "acme"), "ZET101": ("third", "zeta")}
    assert done.stderr.splitlines() == [
        "tflint: warning: rule TFL998 of pack 'acme' (acme-pack) is left out: TFL is the prefix of tflint's own rules",
        "tflint: warning: rule ACM101 of pack 'zeta' (zeta-pack) is left out: pack 'acme' has that code",
    ]


def test_a_pack_cannot_pass_as_the_built_in_one(install: Install, tflint: Run) -> None:
    """The name `core` is taken."""
    install("core", thing=pack_rule())

    done = tflint("check", EXAMPLES / "clean.tflite")
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert line.startswith("tflint: warning: rule pack 'core' (core-pack) is left out: ")


def test_a_slow_pack_is_named(install: Install, tflint: Run) -> None:
    """What takes half a second to import is said, with the time, and runs."""
    install("acme", __init__="import time; time.sleep(0.6)", thing=pack_rule())
    done = tflint("check", EXAMPLES / "clean.tflite", "-f", "json", "--extend-select", "ACM")

    assert codes(done) == ["ACM101"]
    assert "rule pack 'acme' (acme-pack) took 0." in done.stderr


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"body": "yield 1 / 0"}, "ZeroDivisionError: division by zero"),
        ({"body": "yield None"}, "AttributeError: 'NoneType' object has no attribute 'at'"),
        ({"body": "yield hit(op)"}, "KeyError: 'op'"),
        ({"body": "yield __import__('sys').exit(0)"}, "SystemExit: 0"),
        ({"body": "yield from acme_thing.check(op)"}, "RecursionError: maximum recursion depth exceeded"),
    ],
)
def test_a_rule_that_crashes_is_a_finding(change: dict[str, str], problem: str, install: Install, tflint: Run) -> None:
    """TFL000 names the rule, its pack and what it raised, and the others still run."""
    install("acme", thing=pack_rule(**change))
    done = tflint("check", EXAMPLES / "wrong_types.tflite", "-f", "json", "--extend-select", "ACM")

    assert done.returncode == 1
    found = json.loads(done.stdout)["files"][0]["findings"]
    (crash,) = [each for each in found if each["code"] == "TFL000"]
    assert crash["message"].startswith(f"rule ACM101 of pack 'acme' raised {problem}")
    assert "TFL212" in [each["code"] for each in found]


def test_a_rule_of_an_index_that_cannot_be_imported_is_a_finding(install: Install, tflint: Run) -> None:
    """An index is believed until the rule runs; then its module's fault is the rule's, in every report."""
    row = ("acme-thing", "acme_pack.thing", "acme_thing", "Op", (), "stable", False, "graph", False)
    install("acme", __init__=f"INDEX = {{'ACM101': {row!r}}}", thing="import not_there_at_all")
    for kind in ("json", "sarif"):
        done = tflint("check", EXAMPLES / "clean.tflite", "-f", kind, "--extend-select", "ACM")
        assert done.returncode == 1
        assert "rule ACM101 of pack 'acme' raised ModuleNotFoundError" in done.stdout
    assert "rule ACM101 of pack 'acme' is left out: ModuleNotFoundError" in tflint("rule", "--all").stderr


BOARD = 'extends = "litert-1.4.0"\ncustom_ops = ["AcmeBeam"]\n'


def test_targets_of_a_pack(install: Install, tflint: Run) -> None:
    """A pack's profile is a target by its file's name, listed with its pack; its package is not imported."""
    install("acme", "targets", **{"acme-board.toml": BOARD, "__init__": "raise ValueError"})
    done = tflint(
        "check", EXAMPLES / "clean.tflite", "-f", "json", "--target", "acme-board", "--target", "acme-board+no-xnnpack"
    )

    assert json.loads(done.stdout)["targets"] == ["acme-board", "acme-board+no-xnnpack"]
    assert done.stderr == ""
    (row,) = [
        row for row in json.loads(tflint("target", "list", "--output-format", "json").stdout) if row["pack"] != "core"
    ]
    assert (row["id"], row["pack"], row["family"]) == ("acme-board", "acme", "litert")
    assert "acme-board" in tflint("target", "list").stdout
    assert "did you mean 'acme-board'?" in tflint("target", "show", "acme-bord").stderr


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"acme.toml": "extends = 3\n"}, "target 'acme' of pack 'acme' is left out: "),
        (
            {"litert-1.4.0.toml": BOARD},
            "target 'litert-1.4.0' of pack 'acme' (acme-pack) is left out: tflint has a target",
        ),
        ({"a+b.toml": BOARD}, "target 'a+b' of pack 'acme' (acme-pack) is left out: '+' begins a suffix"),
        ({"a.toml": 'extends = "b"', "b.toml": 'extends = "a"'}, "extends itself"),
    ],
)
def test_a_bad_target_of_a_pack_is_named(files: dict[str, str], problem: str, install: Install, tflint: Run) -> None:
    """`target list` says which one is bad and lists the others."""
    install("acme", "targets", **files)
    install("better", "targets", **{"better.toml": BOARD})
    done = tflint("target", "list", "--output-format", "json")

    assert done.returncode == 0
    assert problem in done.stderr
    assert [row["id"] for row in json.loads(done.stdout) if row["pack"] != "core"] == ["better"]


def test_a_target_pack_without_its_package_is_named(tmp_path: Path, install: Install, tflint: Run) -> None:
    """An entry point to nothing is said, not fatal."""
    install("acme", "targets")
    (tmp_path / "site" / "acme_pack" / "__init__.py").unlink()
    (tmp_path / "site" / "acme_pack").rmdir()

    assert (
        "target pack 'acme' (acme-pack) is left out: there is no package 'acme_pack'" in tflint("target", "list").stderr
    )
