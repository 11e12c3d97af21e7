"""Which configuration governs which model, what beats what, and what is refused: by the installed command."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from command import tflint
from models import EXAMPLES
from tflint import __version__

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

CLEAN = (EXAMPLES / "clean.tflite").read_bytes()
NO_SIGNATURE = (EXAMPLES / "no_signature.tflite").read_bytes()  # TFL101, a warning


def tree(root: Path, **files: str | bytes) -> Path:
    """Write files: `__` in a name stands for `/`, a name without a dot is a model, `_toml` ends one of TOML."""
    for name, content in files.items():
        relative = name.replace("__", "/")
        relative = f"{relative[:-5]}.toml" if relative.endswith("_toml") else f"{relative}.tflite"
        path = root / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return root


def report(root: Path, *arguments: object, **environment: str) -> dict[str, Any]:
    """The JSON report of a check there; it must not be a usage error."""
    done = tflint("check", "-f", "json", *arguments, cwd=root, **environment)
    assert done.returncode in (0, 1), done.stderr
    return dict(json.loads(done.stdout))


def targets(root: Path, *arguments: object, **environment: str) -> dict[str, list[str]]:
    """Path -> targets that the model is judged against."""
    found = report(root, *arguments, **environment)
    return {file["path"]: list(file["verdicts"]) for file in found["files"]}


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Exit code 2 and one line that has the words."""
    assert done.returncode == 2, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


def test_each_model_is_governed_by_the_file_closest_to_it(tmp_path: Path) -> None:
    """In a monorepo each team has its own targets; nothing is merged, and the report has the targets of all."""
    tree(
        tmp_path,
        pyproject_toml='[tool.tflint]\ntarget = ["litert-2.1"]\nignore = ["TFL101"]\n',
        a=NO_SIGNATURE,
        phone__tflint_toml='target = "tflite-2.12"\n',
        phone__m=NO_SIGNATURE,
        phone__deep__er__m=NO_SIGNATURE,
        board__pyproject_toml='[project]\nname = "x"\n',
        board__m=NO_SIGNATURE,
    )
    found = report(tmp_path)
    codes = {file["path"]: [f["code"] for f in file["findings"]] for file in found["files"]}
    judged = {file["path"]: list(file["verdicts"]) for file in found["files"]}

    assert judged == {
        "a.tflite": ["litert-2.1.0"],
        "board/m.tflite": ["litert-2.1.0"],
        "phone/deep/er/m.tflite": ["tflite-2.12"],
        "phone/m.tflite": ["tflite-2.12"],
    }
    assert found["targets"] == ["litert-2.1.0", "tflite-2.12"]
    assert codes["phone/m.tflite"] == codes["phone/deep/er/m.tflite"] == ["TFL101"]
    assert codes["a.tflite"] == codes["board/m.tflite"] == []


def test_one_folder_one_file(tmp_path: Path) -> None:
    """.tflint.toml comes before tflint.toml, which comes before a pyproject.toml, however that writes the table."""
    tree(tmp_path, m=CLEAN, pyproject_toml='[tool]\ntflint.target = "tflite-2.9"\n')
    assert targets(tmp_path) == {"m.tflite": ["tflite-2.9"]}

    tree(tmp_path, tflint_toml='target = "tflite-2.12"')
    assert targets(tmp_path) == {"m.tflite": ["tflite-2.12"]}

    (tmp_path / ".tflint.toml").write_text('target = "tflite-2.14"')
    assert targets(tmp_path) == {"m.tflite": ["tflite-2.14"]}


def test_keys_of_the_run_come_from_where_one_stands(tmp_path: Path) -> None:
    """fail-on of a folder below does not change the exit code of a run above it, and does that of one inside."""
    tree(tmp_path, sub__tflint_toml='fail-on = "error"', sub__m=NO_SIGNATURE)

    assert tflint("check", cwd=tmp_path).returncode == 1
    assert tflint("check", cwd=tmp_path / "sub").returncode == 0


def test_the_users_own_file_holds_where_no_project_has_one(tmp_path: Path) -> None:
    """Its globs are about the folder one stands in; a project's file takes its place."""
    home = tree(
        tmp_path / "home",
        tflint__tflint_toml='target = ["tflite-2.12", "board.toml"]\nexclude = ["skipped/*"]',
        tflint__board_toml='extends = "litert"',
    )
    work = tree(tmp_path / "work", m=CLEAN, skipped__m=CLEAN, own__m=CLEAN, own__tflint_toml='target = "tflite-2.9"')

    assert targets(work, XDG_CONFIG_HOME=str(home)) == {
        "m.tflite": ["tflite-2.12", "board"],
        "own/m.tflite": ["tflite-2.9"],
    }


def test_a_file_extends_another(tmp_path: Path) -> None:
    """Lists are replaced, those that extend are added to, tables merge by key; paths start at their own file."""
    tree(
        tmp_path,
        base__base_toml="""
target = ["board.toml"]
extend-select = ["TFL404"]
exclude = ["never"]
[severity]
TFL101 = "info"
TFL504 = "error"
[rules.TFL108]
max-outputs = 3
""",
        base__board_toml='extends = "litert"',
        app__tflint_toml='extend = "../base/base.toml"\nextend-select = ["TFL405"]\nexclude = ["x"]\n'
        'severity.TFL101 = "error"',
        app__m=NO_SIGNATURE,
    )
    done = tflint("config", "--explain", "-f", "json", "app/m.tflite", cwd=tmp_path)
    held = [(row["key"], row["value"], row["origin"]) for row in json.loads(done.stdout)["values"]]

    for row in (
        ("target", [str(tmp_path / "base/board.toml")], "base/base.toml: target"),
        ("extend-select", ["TFL404"], "base/base.toml: extend-select"),
        ("extend-select", ["TFL405"], "app/tflint.toml: extend-select"),
        ("exclude", ["x"], "app/tflint.toml: exclude"),
        ("severity.TFL101", "error", "app/tflint.toml: severity.TFL101"),
        ("severity.TFL504", "error", "base/base.toml: severity.TFL504"),
        ("rules.TFL108.max-outputs", 3, "base/base.toml: rules.TFL108.max-outputs"),
    ):
        assert row in held
    assert targets(tmp_path, "app") == {"app/m.tflite": ["board"]}


def test_extending_in_a_circle_is_refused(tmp_path: Path) -> None:
    """A cycle is one line, and so is a file that is not there."""
    tree(tmp_path, m=CLEAN, tflint_toml='extend = "b.toml"', b_toml='extend = "tflint.toml"')
    refused(tflint("check", cwd=tmp_path), "extends itself", "b.toml")

    tree(tmp_path, b_toml='extend = "gone.toml"')
    refused(tflint("check", cwd=tmp_path), "gone.toml", "No such file")


def test_what_beats_what(tmp_path: Path) -> None:
    """Flags, then --config key=value, then the environment, then files."""
    tree(tmp_path, m=CLEAN, tflint_toml='target = "tflite-2.4"', other_toml='target = "tflite-2.5"')
    option, flag = ("--config", 'target = "tflite-2.9"'), ("--target", "tflite-2.12")

    assert targets(tmp_path)["m.tflite"] == ["tflite-2.4"]
    assert targets(tmp_path, "--config", "other.toml")["m.tflite"] == ["tflite-2.5"]
    assert targets(tmp_path, TFLITE_LINT_TARGET="tflite-2.7,tflite-2.8")["m.tflite"] == ["tflite-2.7", "tflite-2.8"]
    assert targets(tmp_path, *option, TFLITE_LINT_TARGET="tflite-2.7")["m.tflite"] == ["tflite-2.9"]
    assert targets(tmp_path, *flag, *option, "--config", "other.toml")["m.tflite"] == ["tflite-2.12"]
    assert targets(tmp_path, "--isolated", TFLITE_LINT_TARGET="tflite-2.7")["m.tflite"] == ["litert-2.3.0"]
    assert targets(tmp_path, "--isolated", *option)["m.tflite"] == ["tflite-2.9"]


def test_options_of_keys_and_rules(tmp_path: Path) -> None:
    """--config takes dotted keys, -x options of rules, --per-file-ignores globs and rules."""
    tree(tmp_path, m=NO_SIGNATURE)
    (finding,) = report(tmp_path, "--config", 'severity.TFL101 = "error"')["files"][0]["findings"]
    assert finding["severity"] == "error"
    assert report(tmp_path, "--config", 'severity.ALL = "info"')["summary"] == {"error": 0, "warning": 0, "info": 1}

    held = tflint("config", "--explain", "--config", "rules.TFL108.max-outputs = 3", cwd=tmp_path).stdout
    assert "rules.TFL108.max-outputs = 3  # --config: rules.TFL108.max-outputs" in held


def test_exclude_is_of_the_file_that_says_it(tmp_path: Path) -> None:
    """Globs start from the folder of their file; files that are named are checked but under --force-exclude."""
    tree(
        tmp_path,
        tflint_toml='exclude = ["models/old", "*-draft.tflite"]',
        models__old__m=CLEAN,
        models__new__old__m=CLEAN,
        models__new__x_draft=CLEAN,
        sub__tflint_toml='extend-exclude = ["m.tflite"]',
        sub__m=CLEAN,
        sub__n=CLEAN,
    )
    (tmp_path / "models/new/x_draft.tflite").rename(tmp_path / "models/new/x-draft.tflite")

    assert list(targets(tmp_path)) == ["models/new/old/m.tflite", "sub/n.tflite"]
    assert list(targets(tmp_path, "models/old/m.tflite")) == ["models/old/m.tflite"]
    assert list(targets(tmp_path, "models/old/m.tflite", "sub/n.tflite", "--force-exclude")) == ["sub/n.tflite"]


def test_a_file_for_another_tflint_is_refused_before_its_keys_are_read(tmp_path: Path) -> None:
    """required-version comes first: a newer tflint may know keys that this one does not."""
    tree(tmp_path, m=CLEAN, tflint_toml='new-key = 1\nrequired-version = ">=9"')
    refused(tflint("check", cwd=tmp_path), f"tflint.toml: required-version is '>=9', and this is tflint {__version__}")

    tree(tmp_path, tflint_toml='required-version = "~=0.1"')
    assert tflint("check", cwd=tmp_path).returncode == 0
