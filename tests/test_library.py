"""`import tflint`: what the commands do, typed, with results in place of printed reports."""

from __future__ import annotations

import importlib.util
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import tflint
from models import EXAMPLES, ROOT
from tflint.library.check import UNNAMED
from tflint.library.fix import fix

if TYPE_CHECKING:
    from types import ModuleType

USE = ROOT / "tests" / "typed" / "use.py"
PAGE = ROOT / "docs" / "python.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MISUSE = """
import tflint

tflint.check("m.tflite", taget="litert")
tflint.fix("m.tflite", quantize="int8").done
tflint.fix("m.tflite", quantize="int8", rename={"a": "b"})
tflint.load(3)
tflint.check("m.tflite").findings[0].severity + 1
tflint.no_such_name
"""
WRONG = {4, 5, 6, 7, 8, 9}


@pytest.fixture(scope="module")
def use() -> ModuleType:
    """Give the example program."""
    spec = importlib.util.spec_from_file_location("use_of_tflint", USE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def typed(tool: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Check a user's program against the installed package, from a folder that configures nothing."""
    command = {
        "mypy": ["mypy", "--strict", "--config-file=", "--no-error-summary"],
        "pyright": ["pyright", "--pythonpath", sys.executable, "--outputjson"],
    }[tool]
    return subprocess.run(
        [sys.executable, "-m", *command, path],
        cwd=path.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def lines_of(tool: str, done: subprocess.CompletedProcess[str]) -> set[int]:
    """Lines with an error, from 1."""
    if tool == "pyright":
        return {each["range"]["start"]["line"] + 1 for each in json.loads(done.stdout)["generalDiagnostics"]}
    return {int(found[1]) for found in re.finditer(r"^[^:\n]+:(\d+): error:", done.stdout, re.MULTILINE)}


@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_use_is_well_typed(tool: str, tmp_path: Path) -> None:
    """A program that uses all of it passes the strictest mode of both type checkers."""
    program = tmp_path / "program.py"
    program.write_text(USE.read_text(encoding="utf-8"), encoding="utf-8")
    done = typed(tool, program)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("tool", ["mypy", "pyright"])
def test_misuse_is_seen(tool: str, tmp_path: Path) -> None:
    """The test above can fail: each line with a mistake is one for both type checkers."""
    program = tmp_path / "program.py"
    program.write_text(MISUSE, encoding="utf-8")

    assert lines_of(tool, typed(tool, program)) == WRONG


def test_use_runs(use: ModuleType, tmp_path: Path) -> None:
    """The same program does what it says."""
    model = Path(shutil.copy(EXAMPLES / "no_signature.tflite", tmp_path))

    assert "litert-2.3.0 supported" in "\n".join(use.checked(model))
    assert use.loaded(EXAMPLES / "clean.tflite") == ("serving_default",)
    assert use.proved(model, str(model))
    fixed = use.fixed(model, tmp_path / "fixed.tflite")
    assert [step.code for step in fixed.done] == ["TFL101"]
    assert use.loaded(fixed.out) == ("serving_default",)
    assert use.refused(EXAMPLES / "lfs_pointer.tflite") == 1
    assert use.refused(tmp_path / "nothing.tflite") == 2


def test_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every block of docs/python.md runs by itself, and what it asserts holds."""
    shutil.copytree(EXAMPLES, tmp_path / "examples" / "models")
    monkeypatch.chdir(tmp_path)
    blocks = BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    for block in blocks:
        names: dict[str, Any] = {}
        exec(compile(block, str(PAGE), "exec"), names)  # noqa: S102 - it is our page
        for name in [name for name in names if name.startswith("test_")]:
            names[name]()
    assert len(blocks) >= 6


def test_a_check_finds_what_the_command_does(tmp_path: Path) -> None:
    """Files of a folder with a configuration of their own: the same findings, verdicts and suppressions."""
    for name in ("no_signature", "op_too_new", "clean"):
        (tmp_path / f"{name}.tflite").write_bytes((EXAMPLES / f"{name}.tflite").read_bytes())
    (tmp_path / "tflint.toml").write_text(
        'target = ["tflite-2.12"]\n[[suppress]]\npath = "*.tflite"\nrule = "TFL101"\nreason = "bound by position"\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "tflint", "check", tmp_path, "-f", "json", "--show-suppressed"],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    told = json.loads(done.stdout)
    report = tflint.check(tmp_path)

    assert report.targets == ("tflite-2.12",)
    assert [file.path for file in report.files] == [file["path"] for file in told["files"]]
    assert [finding.message for finding in report.findings] == [
        finding["message"] for file in told["files"] for finding in file["findings"]
    ]
    assert {finding.suppressed for finding in report.findings} == {None, "bound by position"}
    assert report.fails(tflint.Severity.ERROR) == (done.returncode == 1)


def test_arguments_go_before_configuration(tmp_path: Path) -> None:
    """A file's target holds until an argument names another; keys may be given as a mapping."""
    model = tmp_path / "m.tflite"
    model.write_bytes((EXAMPLES / "no_signature.tflite").read_bytes())
    (tmp_path / "tflint.toml").write_text('target = ["tflite-2.12"]\n')

    assert tflint.check(model).targets == ("tflite-2.12",)
    assert tflint.check(model, target="litert-2.3.0").targets == ("litert-2.3.0",)
    assert tflint.check(model, isolated=True).targets == tflint.check(model.read_bytes()).targets
    assert tflint.check(model, ignore="TFL1").findings == []
    assert tflint.check(model, config={"target": ["tflm"]}).targets == ("tflm",)


def test_what_is_no_model_is_a_finding() -> None:
    """Bytes that are none, and a file that is none."""
    [finding] = tflint.check(b"no model at all").findings
    assert (finding.rule.code, finding.file) == ("TFL901", UNNAMED)
    [finding] = tflint.check(EXAMPLES / "lfs_pointer.tflite").findings
    assert finding.rule.code == "TFL901"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"models": "nothing.tflite"}, "no such file or folder: nothing.tflite"),
        ({"models": b"", "select": "TFL0000"}, "TFL0000"),
        ({"models": b"", "target": "tflite-9"}, "tflite-9"),
        ({"models": b"", "config": {"no-such-key": 1}}, "no-such-key"),
        ({"models": [], "jobs": 0}, "jobs"),
        ({"models": ""}, "an empty path"),
        ({"models": "a" * 300}, "no such file or folder: aaa"),
    ],
)
def test_mistakes_are_one_sentence(arguments: dict[str, Any], sentence: str) -> None:
    """What is the user's to mend raises TflintError with the exit code of the command."""
    with pytest.raises(tflint.TflintError, match=sentence) as raised:
        tflint.check(**arguments)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    ("models", "words"),
    [
        ([b"TFL3"], "a path is a str or an os.PathLike of one, not bytes"),
        ([None], "a path is a str or an os.PathLike of one, not NoneType"),
        (io.BytesIO(b"TFL3"), "models are paths, or the bytes or Model of one, not BytesIO"),
        (5, "models are paths, or the bytes or Model of one, not int"),
    ],
)
def test_what_is_taken_is_said(models: Any, words: str) -> None:
    """What is neither a path nor a model is a mistake of the program that gives it."""
    with pytest.raises(TypeError, match=words):
        tflint.check(models)


def test_a_threshold_is_a_severity_or_its_word() -> None:
    """Whoever writes the word of --fail-on gets what it gets; another word is no pass."""
    report: Any = tflint.check(EXAMPLES / "no_signature.tflite")
    [finding] = report.findings
    assert report.fails("warning")
    assert report.fails("info")
    assert not report.fails("error")
    assert not report.fails("none")
    assert report.count("warning") == report.count(tflint.Severity.WARNING) == 1
    for asked in (report.fails, report.count, finding.fails):
        with pytest.raises(ValueError, match="'warn' is not a valid Severity"):
            asked("warn")


def test_what_a_failing_assertion_shows_is_short() -> None:
    """Names, verdicts and counts, not addresses."""
    report = tflint.check(EXAMPLES / "no_signature.tflite", isolated=True)
    [file] = report.files
    assert repr(file) == f"<FileReport {file.path!r}, litert-2.3.0 supported, 1 finding>"
    assert repr(file.findings[0].rule) == "<Rule TFL101 no-signature>"


def test_nothing_is_printed(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Neither on stdout nor on stderr; progress is told to who asks."""
    told: list[str] = []
    model = Path(shutil.copy(EXAMPLES / "no_signature.tflite", tmp_path))
    tflint.check([model, EXAMPLES / "lfs_pointer.tflite"])
    tflint.verify(model, model, samples=1, progress=told.append)
    tflint.fix(model, out=tmp_path / "m.tflite", progress=told.append)

    assert capfd.readouterr() == ("", "")
    assert told


def test_names_are_imported_when_they_are_asked_for() -> None:
    """`import tflint` alone imports nothing of it; all that is listed is there, and nothing else."""
    code = "import sys, tflint; print([m for m in sys.modules if m.startswith('tflint.')], hasattr(tflint, 'nothing'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert done.stdout.split() == ["[]", "False"]
    for name in tflint.__all__:
        assert getattr(tflint, name) is not None
    assert tflint.fix is fix
