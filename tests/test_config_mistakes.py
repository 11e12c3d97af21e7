"""What is wrong with a configuration is one line and exit code 2, whoever set it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from models import EXAMPLES
from tflint.__main__ import run

Refused = Callable[..., None]


@pytest.fixture
def refused(isolated: Path, capsys: pytest.CaptureFixture[str]) -> Refused:
    """Check a folder that has a model, with these arguments: exit code 2, no report, one line that has the words."""
    shutil.copy(EXAMPLES / "clean.tflite", isolated / "m.tflite")

    def check(words: str, *arguments: str) -> None:
        assert run(["check", *arguments]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert len(err.splitlines()) == 1, err
        assert words in err

    return check


BAD = [
    ('traget = ["litert"]', "tflint.toml: traget: unknown key 'traget' (did you mean 'target'?)"),
    ("target = 3", "tflint.toml: target is a list of targets"),
    ("target = [3]", "tflint.toml: target is a list of targets"),
    ('target = "litret"', "unknown target 'litret' (did you mean 'litert'?)"),
    ("target = [", "tflint.toml: not valid TOML"),
    ('select = "TFL77"', "tflint.toml: select: no rule 'TFL77'"),
    ('ignore = ["no-signatur"]', "tflint.toml: ignore: no rule 'no-signatur' (did you mean 'no-signature'?)"),
    ('preview = "yes"', "tflint.toml: preview is true or false"),
    (
        'fail-on = "warn"',
        "tflint.toml: fail-on is one of error, warning, info, none, not 'warn' (did you mean 'warning'?)",
    ),
    ('severity.TFL101 = "fatal"', "tflint.toml: severity.TFL101 is one of error, warning, info, not 'fatal'"),
    ('severity.TFL1O1 = "error"', "tflint.toml: severity: no rule 'TFL1O1' (did you mean"),
    ("severity = 1", "tflint.toml: severity is a table"),
    ("rules.TFL108 = 1", "tflint.toml: rules.TFL108 is a table"),
    ("rules.TFL1.x = 1", "tflint.toml: rules: no rule 'TFL1'"),
    (
        "rules.TFL108.max-output = 1",
        "rules.TFL108.max-output: unknown option 'max-output' (did you mean 'max-outputs'?)",
    ),
    ('rules.TFL108.max-outputs = "8"', "tflint.toml: rules.TFL108.max-outputs is a whole number"),
    ("rules.TFL108.max-outputs = true", "tflint.toml: rules.TFL108.max-outputs is a whole number"),
    ("rules.TFL101.x = 1", "rules.TFL101.x: unknown option 'x': TFL101 has none"),
    ('per-file-ignores."a/*" = ["TFL77"]', "per-file-ignores.\"a/*\": no rule 'TFL77'"),
    ('per-file-ignores = ["TFL7"]', "tflint.toml: per-file-ignores is a table of globs and rules"),
    ('required-version = "new"', "tflint.toml: required-version is version specifiers such as '>=0.1,<1', not 'new'"),
    ('models."m.tflite".recipee = "x"', "models.\"m.tflite\".recipee: unknown key 'recipee' (did you mean 'recipe'?)"),
    ('models."m.tflite".parity = "x"', 'models."m.tflite".parity is a table with the keys inputs, inputs-from'),
    (
        'models."m.tflite".parity.metrics = [{ metric = "cosine:0.9" }]',
        "models.\"m.tflite\".parity.metrics lacks the key 'reason'",
    ),
    ('[[suppress]]\npath = "m.tflite"\nrule = "TFL101"', "tflint.toml: suppress lacks the key 'reason'"),
    (
        '[[suppress]]\npath = "m"\nrule = "TFL1O1"\nreason = "x"',
        "suppress.rule: no rule 'TFL1O1' (did you mean",
    ),
    ('[[suppress]]\npath = "m"\nrule = "TFL101"\nreason = ""', "tflint.toml: suppress.reason is text"),
    ('[[suppress]]\npath = "m"\nrule = "TFL101"\nreason = "x"\nexpires = "soon"', "suppress.expires is a date"),
    ('[[suppress]]\npath = "m"\nrule = "TFL101"\nreason = "x"\nexpires = 2026-02-30', "not valid TOML"),
    (
        '[[suppress]]\npath = "m"\nrule = "TFL101"\nreason = "x"\nexpires = 2026-02-03T01:02:03',
        "suppress.expires is a date",
    ),
    ("[suppress]\nreason = 1", "tflint.toml: suppress is an array of tables"),
]


@pytest.mark.parametrize(("text", "words"), BAD, ids=[text.splitlines()[-1] for text, _ in BAD])
def test_a_mistake_in_a_file_is_one_line(refused: Refused, text: str, words: str) -> None:
    """The file, the key, what is wrong and what may have been meant; exit code 2."""
    Path("tflint.toml").write_text(text)

    refused(words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--config", "gone.toml"), "gone.toml: No such file"),
        (("--config", "fail-on=error"), "--config fail-on=error: neither a file nor TOML"),
        (("--config", "fail_on = 'error'"), "--config: fail_on: unknown key 'fail_on' (did you mean 'fail-on'?)"),
        (("--config", "a.toml", "--config", "b.toml"), "--config: one file, not 2"),
        (("--config", "a.toml", "--isolated"), "--isolated reads no file"),
        (("--per-file-ignores", "TFL101"), "--per-file-ignores TFL101: write GLOB:RULES"),
        (("-x", "TFL108.max-outputs=many"), "-x is a whole number"),
        (("--select", "TFL77"), "--select: no rule 'TFL77'"),
    ],
)
def test_a_mistake_in_an_argument_is_one_line(refused: Refused, arguments: tuple[str, ...], words: str) -> None:
    """The flag, what is wrong and what may have been meant; exit code 2."""
    refused(words, *arguments)


def test_what_is_no_configuration_is_one_line(refused: Refused) -> None:
    """Not UTF-8, a number without end, a folder, a pyproject.toml that has no table of ours, or no table."""
    Path("a.toml").write_bytes(b"\xff\xfe")
    Path("b.toml").write_text(f"deep = {'9' * 5000}")
    Path("pyproject.toml").write_text("[tool.ruff]\n")
    for name, words in (
        ("a.toml", "a.toml: not valid TOML"),
        ("b.toml", "b.toml: not valid TOML"),
        ("pyproject.toml", "pyproject.toml: no table [tool.tflint]"),
        (".", "Is a directory"),
    ):
        refused(words, "--config", name)
    Path("pyproject.toml").write_text("[tool]\ntflint = 3\n")
    refused("pyproject.toml: no table [tool.tflint]")


def test_a_mistake_in_the_environment_names_the_variable(refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit code 2."""
    monkeypatch.setenv("TFLITE_LINT_FAIL_ON", "bad")
    refused("TFLITE_LINT_FAIL_ON is one of")
    monkeypatch.delenv("TFLITE_LINT_FAIL_ON")
    monkeypatch.setenv("TFLITE_LINT_PREVIEW", "perhaps")
    refused("TFLITE_LINT_PREVIEW is true or false")


def test_a_broken_file_elsewhere_in_the_tree_is_found_when_a_model_is_governed_by_it(refused: Refused) -> None:
    """Its path is in the line."""
    Path("a").mkdir()
    shutil.copy("m.tflite", "a")
    Path("a/tflint.toml").write_text("x = 1")

    refused("a/tflint.toml: x: unknown key")
    assert run(["check", "m.tflite"]) == 0
