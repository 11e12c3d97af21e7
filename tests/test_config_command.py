"""`tflint config`: the documentation of keys, where values come from, why rules run, and the JSON Schema."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from command import tflint
from models import EXAMPLES, ROOT
from tflint.config.hierarchy import Hierarchy
from tflint.config.schema import schema
from tflint.config.settings import KEYS
from tflint.errors import TflintError
from tflint.plans import make
from tflint.registry import catalogue

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from pathlib import Path

COMMITTED = ROOT / "docs" / "tflint.schema.json"


def test_keys_are_documented(tmp_path: Path) -> None:
    """All of them, a line each; one with its page; one that does not exist with the nearest."""
    listed = tflint("config", cwd=tmp_path).stdout
    assert [line.split()[0] for line in listed.splitlines()] == list(KEYS)

    page = tflint("config", "suppress", cwd=tmp_path).stdout
    assert page.startswith("# suppress\n")
    assert "- `reason`: Why the finding is all right." in page
    assert json.loads(tflint("config", "fail-on", "-f", "json", cwd=tmp_path).stdout)[0]["default"] == "warning"
    done = tflint("config", "fail_on", cwd=tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "did you mean 'fail-on'" in done.stderr


def test_each_value_says_where_it_was_set(tmp_path: Path) -> None:
    """A default, a key of a file, a variable, an option."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.tflint]\nignore = ["TFL101"]\n[tool.tflint.severity]\nTFL2 = "info"\n'
    )
    done = tflint(
        "config", "--explain", "m.tflite", "--config", "deep = true", cwd=tmp_path, TFLITE_LINT_FAIL_ON="error"
    )

    lines = done.stdout.splitlines()
    assert lines[0] == "# governed by pyproject.toml"
    for line in (
        'select = ["TFL"]  # default',
        'ignore = ["TFL101"]  # pyproject.toml: ignore',
        'severity.TFL2 = "info"  # pyproject.toml: severity.TFL2',
        'fail-on = "error"  # TFLITE_LINT_FAIL_ON',
        "deep = true  # --config: deep",
    ):
        assert line in lines


def test_a_rule_says_why_it_runs_or_not(tmp_path: Path) -> None:
    """The selector that decides, where it was set, what else silences it."""
    (tmp_path / "tflint.toml").write_text(
        'ignore = ["TFL10", "TFL901"]\nextend-select = ["TFL108"]\nseverity.TFL203 = "error"\n'
        '[per-file-ignores]\n"old" = ["TFL203"]\n'
    )

    def why(*arguments: str) -> str:
        return tflint("config", "--explain", *arguments, cwd=tmp_path).stdout

    assert why("TFL101") == "TFL101 no-signature does not run: ignored by 'TFL10' (tflint.toml: ignore)\n"
    assert "TFL108 too-many-outputs runs: selected by 'TFL108' (tflint.toml: extend-select)" in why("TFL108")
    assert "runs: ignored by 'TFL901' (tflint.toml: ignore), but mandatory: its errors are reported" in why(
        "not-tflite"
    )
    assert why("TFL203", "old/m.tflite").splitlines()[1:] == [
        "  severity error",
        "  suppressed by per-file-ignores 'old' (tflint.toml)",
    ]
    assert json.loads(why("TFL203", "-f", "json"))[0]["runs"] is True
    assert tflint("config", "--explain", "TFL2O3", cwd=tmp_path).returncode == 2


def validator() -> jsonschema.Draft7Validator:
    """Of the committed schema."""
    document = json.loads(COMMITTED.read_text())
    jsonschema.Draft7Validator.check_schema(document)
    return jsonschema.Draft7Validator(document, format_checker=jsonschema.FormatChecker())


def test_the_command_prints_the_committed_schema(tmp_path: Path) -> None:
    """It is made of the same keys."""
    done = tflint("config", "--schema", cwd=tmp_path)

    assert json.loads(done.stdout) == json.loads(COMMITTED.read_text())
    assert list(json.loads(done.stdout)["properties"]) == list(KEYS)


def accepted(path: Path) -> bool:
    """Whether a check takes it, as far as a schema can know: whether targets and files exist is not for it to say."""
    try:
        settings = Hierarchy([str(path)]).run
        make(settings, catalogue())
    except TflintError:
        return False
    return True


STRINGS = [
    '"TFL2"',
    '"no-signature"',
    '"ALL"',
    '"TFL77"',
    '"litert"',
    '"warning"',
    '">=0.1, <1"',
    '"~=0.1"',
    '"~=1"',
    '""',
]
LISTS = ["[]", '["TFL101", "TFL2"]', "[1]", '["", "TFL"]', '[["TFL"]]', "[{}]", '["litert"]']
TABLES = [
    "{}",
    '{ TFL2 = "error", no-signature = "info" }',
    '{ TFL2 = "none" }',
    "{ TFL108 = { max-outputs = 3 } }",
    "{ too-many-outputs = { max-outputs = 3 } }",
    "{ TFL108 = { max_outputs = 3 } }",
    '{ TFL108 = { max-outputs = "3" } }',
    '{ TFL304 = { custom-ops = ["A"] } }',
    '{ TFL304 = { custom-ops = "A" } }',
    "{ TFL304 = { custom-ops = [1] } }",
    "{ TFL101 = { x = 1 } }",
    '{ "a/*" = ["TFL1"] }',
    '{ "a/*" = "TFL77" }',
    '{ "a.tflite" = { recipe = "r.json", contract = { order = ["x"] }, parity = { samples = 9 } } }',
    '{ "a.tflite" = { parity = { ranges = { ids = [0, 9] }, metrics = [{ metric = "atol:1", reason = "r" }] } } }',
    '{ "a.tflite" = { parity = { metrics = [{ metric = "atol:1" }] } } }',
    '{ "a.tflite" = { contract = "c.toml", source = "x" } }',
    '{ "a.tflite" = { contract = 1 } }',
    '{ "a.tflite" = { colour = "x" } }',
    '[{ path = "a", rule = "TFL1", reason = "x", where = "op:*", expires = 2030-01-01 }]',
    '[{ path = "a", rule = "TFL1", reason = "x", expires = "2030-01-01" }]',
    '[{ path = "a", rule = "TFL1", reason = "x", expires = "2030-13-01" }]',
    '[{ path = "a", rule = "TFL1", reason = "x", expires = "soon" }]',
    '[{ path = "a", rule = "TFL1" }]',
    '[{ path = "a", rule = "TFL77", reason = "x" }]',
    '[{ path = "a", rule = "TFL1", reason = "x", why = "y" }]',
]
VALUES = ["true", "1", "1.5", *STRINGS, *LISTS, *TABLES]


@pytest.mark.parametrize("key", [*KEYS, "extend_select", "unknown"])
def test_the_schema_accepts_what_tflint_accepts(tmp_path: Path, key: str) -> None:
    """Every key with values of every kind: both take it, or both refuse it."""
    check = validator()
    differ = []
    for number, value in enumerate(VALUES):
        if key == "target" and value not in ('"litert"', '["litert"]', "[]", "1", "[1]", '""', "{}"):
            continue  # which targets there are is not in the schema
        if key == "extend" and value.startswith('"') and value != '""':
            continue  # nor is which files there are
        path = tmp_path / f"{number}.toml"
        path.write_text(f"{key} = {value}\n")
        document = json.loads(json.dumps(tomllib.loads(path.read_text()), default=str))  # dates as editors see them
        if check.is_valid(document) != accepted(path):
            differ.append(value)

    assert differ == []


def test_the_example_of_each_key_is_valid(tmp_path: Path) -> None:
    """As documented, under [tool.tflint]."""
    examples: list[dict[str, Any]] = json.loads(tflint("config", "-f", "json", cwd=tmp_path).stdout)
    for each in examples:
        text = each["example"]
        document = tomllib.loads(text if text.startswith("[") else f"[tool.tflint]\n{text}")["tool"]["tflint"]

        validator().validate(json.loads(json.dumps(document, default=str)))
        assert list(document) == [each["key"]]


def test_a_schema_knows_the_rules_at_hand() -> None:
    """Made of fewer rules, it refuses the codes of others."""
    rules = {code: entry for code, entry in catalogue().items() if code == "TFL101"}

    assert jsonschema.Draft7Validator(schema(rules)).is_valid({"select": ["TFL101"]})
    assert not jsonschema.Draft7Validator(schema(rules)).is_valid({"select": ["TFL108"]})


def test_names_from_files_do_not_reach_the_terminal_raw(tmp_path: Path) -> None:
    """A glob with an escape sequence is printed escaped."""
    (tmp_path / "tflint.toml").write_text('exclude = ["\\u001b]0;x"]')

    assert "\x1b" not in tflint("config", "--explain", cwd=tmp_path).stdout
    assert EXAMPLES.exists()
