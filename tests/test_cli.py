"""The installed command: what it prints and the exit code that reaches the shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from models import EXAMPLES, ROOT
from tflint import __version__

TFLINT = Path(sys.executable).with_name("tflint")
CLEAN = EXAMPLES / "clean.tflite"


def tflint(*arguments: object, cwd: Path = ROOT, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a user does."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("TFLITE_LINT_")}
    return subprocess.run(
        [TFLINT, *map(str, arguments)],
        cwd=cwd,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def one_line(done: subprocess.CompletedProcess[str], code: int, *words: str) -> None:
    """One clear line on stderr, no traceback, and the documented exit code."""
    assert done.returncode == code, done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    for word in words:
        assert word in done.stderr


def finding(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """A finding and exit code 1, nothing on stderr."""
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stderr == ""
    assert "TFL901" in done.stdout
    for word in words:
        assert word in done.stdout


def test_clean_model_passes() -> None:
    """Nothing at or above warning: exit code 0, and the verdict is said."""
    done = tflint("check", CLEAN, "--target", "litert-2.3.0", "-f", "concise")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "litert-2.3.0: supported" in done.stdout


def test_without_a_target_the_newest_litert_is_assumed_and_said() -> None:
    """No --target: judged against the newest LiteRT, with the minimum runtime."""
    done = tflint("check", CLEAN)

    assert "litert-2.3.0: supported" in done.stdout
    assert "no target named" in done.stdout
    assert "tflite-1.11.0" in done.stdout


def test_refused_model_fails() -> None:
    """A model that the target does not load: exit code 1."""
    done = tflint("check", EXAMPLES / "op_too_new.tflite", "--target", "tflite-2.12")

    assert done.returncode == 1
    assert "TFL201" in done.stdout
    assert tflint("check", EXAMPLES / "op_too_new.tflite", "--target", "tflite-2.12", "--exit-zero").returncode == 0


def test_missing_file_is_a_usage_error(tmp_path: Path) -> None:
    """A path that does not exist: exit code 2."""
    one_line(tflint("check", tmp_path / "nope.tflite"), 2, "no such file or folder", "nope.tflite")


def test_folder_without_models_is_a_warning(tmp_path: Path) -> None:
    """Nothing to check: exit code 0 and a warning, 2 under --error-on-empty."""
    one_line(tflint("check", tmp_path), 0, "no .tflite file found")
    one_line(tflint("check", tmp_path, "--error-on-empty"), 2, "no .tflite file found")


def test_lfs_pointer_is_a_finding() -> None:
    """A Git LFS pointer is named as one."""
    finding(tflint("check", EXAMPLES / "lfs_pointer.tflite"), "Git LFS pointer", "git lfs pull")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (b"hello world, this is text\n", "text file"),
        (b"TFL3", "too short"),
        (b"<!DOCTYPE html>", "HTML"),
    ],
)
def test_what_is_no_model_is_a_finding(tmp_path: Path, content: bytes, words: str) -> None:
    """Empty, text and stubs renamed .tflite: a finding, exit code 1."""
    path = tmp_path / "m.tflite"
    path.write_bytes(content)

    finding(tflint("check", path), words)


def test_zip_is_a_finding(tmp_path: Path) -> None:
    """A zip archive is named as one."""
    with zipfile.ZipFile(tmp_path / "m.tflite", "w") as archive:
        archive.writestr("a.tflite", b"x")

    finding(tflint("check", tmp_path / "m.tflite"), "zip archive")


def test_unreadable_file_is_a_finding_and_the_others_are_checked(tmp_path: Path) -> None:
    """What cannot be opened does not lose the rest: a finding, exit code 1."""
    (tmp_path / "a.tflite").symlink_to(tmp_path / "gone")
    (tmp_path / "b.tflite").write_bytes(CLEAN.read_bytes())
    done = tflint("check", tmp_path / "a.tflite", tmp_path / "b.tflite", "-f", "concise")

    finding(done, "cannot be read", "b.tflite: litert-2.3.0: supported")


def test_pipe_is_a_finding(tmp_path: Path) -> None:
    """A named pipe is not waited for."""
    os.mkfifo(tmp_path / "m.tflite")

    finding(tflint("check", tmp_path / "m.tflite"), "not a regular file")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--target", "litert-9"), "litert-9"),
        (("--target", "litret-2.3.0"), "did you mean 'litert-2.3.0'"),
        (("--target", "litert+flexx"), "did you mean 'flex'"),
        (("--select", "TFL9999"), "no rule 'TFL9999'"),
        (("--ignore", "no-signatur"), "did you mean 'no-signature'"),
        (("--fail-on", "warn"), "did you mean 'warning'"),
        (("--output-format", "jsn"), "did you mean 'json'"),
        (("--report", "json"), "FORMAT=PATH"),
        (("-x", "TFL108"), "RULE.key=value"),
        (("--color", "sometimes"), "auto, always, never"),
    ],
)
def test_bad_argument_is_a_usage_error(arguments: tuple[str, ...], words: str) -> None:
    """Exit code 2 and the nearest match."""
    one_line(tflint("check", CLEAN, *arguments), 2, words)


def test_bad_configuration_is_a_usage_error(tmp_path: Path) -> None:
    """An unknown key names the file and the nearest key; so do an unknown rule and a value of the wrong kind."""
    config = tmp_path / "tflint.toml"
    model = tmp_path / "m.tflite"
    model.write_bytes(CLEAN.read_bytes())
    for text, words in (
        ('traget = ["litert"]', "did you mean 'target'"),
        ('ignore = ["TFL77"]', "no rule 'TFL77'"),
        ('fail-on = "bad"', "fail-on is one of"),
        ("target = 3", "target is a list of targets"),
        ("target = [", "not valid TOML"),
        ('[severity]\nTFL101 = "fatal"', "severity.TFL101 is one of"),
    ):
        config.write_text(text)

        one_line(tflint("check", model), 2, words)
    assert tflint("check", model, "--isolated").returncode == 0


def test_settings_come_from_the_closest_file_then_environment_then_flags(tmp_path: Path) -> None:
    """Flags beat the environment, which beats the configuration."""
    (tmp_path / "pyproject.toml").write_text('[tool.tflint]\ntarget = ["tflite-2.12"]\n')
    folder = tmp_path / "models"
    folder.mkdir()
    model = folder / "m.tflite"
    model.write_bytes(CLEAN.read_bytes())

    def targets(*arguments: str, **environment: str) -> list[str]:
        done = tflint("check", model, "-f", "json", *arguments, cwd=ROOT, **environment)
        return list(json.loads(done.stdout)["targets"])

    assert targets() == ["tflite-2.12"]
    assert targets(TFLITE_LINT_TARGET="tflite-2.9") == ["tflite-2.9"]
    assert targets("--target", "tflite-2.4", TFLITE_LINT_TARGET="tflite-2.9") == ["tflite-2.4"]
    assert targets("--isolated") == ["litert-2.3.0"]


def test_several_reports_at_once(tmp_path: Path) -> None:
    """--report is repeatable, makes folders, and leaves nothing half-written."""
    out = tmp_path / "reports"
    done = tflint(
        "check", EXAMPLES, "--report", f"json={out}/r.json", "--report", f"sarif={out}/r.sarif", "-o", out / "r.txt"
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert sorted(path.name for path in out.iterdir()) == ["r.json", "r.sarif", "r.txt"]
    assert json.loads((out / "r.json").read_text())["schema_version"] == 1
    one_line(tflint("check", CLEAN, "-o", "/dev/null/x/r.txt"), 2, "cannot write")


def test_terraforms_arguments_are_told_apart() -> None:
    """Users of Terraform's linter of the same name are told which tool this is."""
    one_line(tflint("--init"), 2, "not Terraform's linter")


def test_the_version_is_printed_as_people_ask_for_it() -> None:
    """By an option, as most programs have it, and by a command."""
    done = tflint("--version")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == tflint("version").stdout == f"tflint {__version__}\n"


def test_help_begins_with_what_is_run_most() -> None:
    """Checking, mending, proving."""
    text = tflint("--help").stdout
    assert text.index("check ") < text.index("fix ") < text.index("verify ") < text.index("show ")


def test_alias_is_the_same_program() -> None:
    """tflite-lint is tflint."""
    done = subprocess.run([TFLINT.with_name("tflite-lint"), "version"], capture_output=True, text=True, check=False)

    assert done.stdout == tflint("version").stdout


def test_a_reader_that_leaves_is_no_error() -> None:
    """`tflint check | head -1` ends quietly."""
    with subprocess.Popen([TFLINT, "check", EXAMPLES, "-f", "json"], stdout=-1, stderr=-1, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()

        assert process.stderr.read() == ""


@pytest.mark.parametrize("command", ["show", "inspect"])
def test_show_and_inspect_refuse_with_a_line(command: str, tmp_path: Path) -> None:
    """No model: exit code 1; no file: exit code 2."""
    one_line(tflint(command, EXAMPLES / "truncated.tflite"), 1, "truncated.tflite")
    one_line(tflint(command, tmp_path / "nope"), 2, "no such file")
    one_line(tflint(command, tmp_path), 2, "not a file")


def test_inspect_speaks_json() -> None:
    """The facts as a schema-versioned object."""
    facts = json.loads(tflint("inspect", CLEAN, "-f", "json").stdout)

    assert facts["schema_version"] == 1
    assert facts["signatures"][0]["inputs"][0] == {
        "name": "image",
        "tensor": "image",
        "dtype": "float32",
        "shape": [1, 16, 16, 3],
        "dims": [1, 16, 16, 3],
        "quantization": None,
    }
    assert {"op": "CONV_2D", "version": 1, "count": 1}.items() <= facts["ops"][0].items()
    assert "litert-2.3.0" in facts["runtimes"]["supported"]
    assert facts["quantization"] == {"float32": 296}


def test_rule_explains_itself() -> None:
    """A rule by code and by name, all rules, and an unknown one."""
    assert "SOFTMAX" in tflint("rule", "TFL510").stdout
    assert json.loads(tflint("rule", "nonstandard-output-scale", "-f", "json").stdout)[0]["code"] == "TFL510"
    assert "TFL510 nonstandard-output-scale" in tflint("rule", "--all").stdout
    one_line(tflint("rule", "TFL51O"), 2, "no rule 'TFL51O'")
    one_line(tflint("rule", "--all", "TFL2"), 2, "--all is of all rules: leave it out, or TFL2")
