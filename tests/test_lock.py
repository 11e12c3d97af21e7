"""`tflint lock` and the contracts that `tflint check` holds models to, run as a user runs them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from models import EXAMPLES
from test_cli import one_line, tflint
from tflint import sketch

if TYPE_CHECKING:
    from pathlib import Path

OLD = "x: float32[1,4]\ny: float32[1,4] = RELU(x)\nsignature serve(features=x) -> (scores=y)\n"
NEW = OLD.replace("features", "inputs")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with two models, one of them in a folder."""
    (tmp_path / "tflint.toml").write_text('target = "litert-2.3.0"\n')
    (tmp_path / "models").mkdir()
    for name in ("a.tflite", "models/b.tflite"):
        (tmp_path / name).write_bytes(sketch.build(OLD))
    return tmp_path


def models(project: Path) -> list[str]:
    """Entries of the lock."""
    return list(json.loads((project / "tflint.lock").read_text())["models"])


def test_a_lock_is_one_file_of_a_project(project: Path) -> None:
    """Beside the configuration, whichever folder the command is run in; the same bytes each time."""
    done = tflint("lock", "b.tflite", cwd=project / "models")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "models/b.tflite: recorded\n../tflint.lock: 1 model, written\n"
    assert models(project) == ["models/b.tflite"]
    tflint("lock", cwd=project)
    first = (project / "tflint.lock").read_bytes()
    assert models(project) == ["a.tflite", "models/b.tflite"]
    (project / "tflint.lock").unlink()
    tflint("lock", "models", "a.tflite", cwd=project)
    assert (project / "tflint.lock").read_bytes() == first


def test_a_changed_interface_is_an_error_until_it_is_locked(project: Path) -> None:
    """The gate in CI: check and lock --check fail, and say what changed; a new lock is the agreement."""
    tflint("lock", cwd=project)
    assert tflint("check", cwd=project).returncode == 0
    (project / "a.tflite").write_bytes(sketch.build(NEW))
    done = tflint("check", "-f", "concise", cwd=project)
    stale = tflint("lock", "--check", cwd=project)

    assert done.returncode == 1
    line = "a.tflite: error TFL107 name of input 'features' is 'inputs'; 'features' in tflint.lock (tensor 0 'x')"
    assert line in done.stdout.splitlines()
    assert stale.returncode == 1
    assert stale.stdout.splitlines() == [
        "a.tflite: name of input 'features' was 'features', is 'inputs' (breaks callers)",
        "tflint.lock: 2 models, stale: run tflint lock",
    ]
    assert tflint("lock", cwd=project).returncode == 0
    assert tflint("lock", "--check", cwd=project).returncode == 0
    assert tflint("check", cwd=project).returncode == 0


def test_entries_of_lost_files_go_with_their_folder(project: Path) -> None:
    """Only the folder that was searched is known to have lost them."""
    tflint("lock", cwd=project)
    (project / "models" / "b.tflite").unlink()

    assert tflint("lock", "a.tflite", cwd=project).stdout == "tflint.lock: 2 models, up to date\n"
    assert tflint("lock", "--check", cwd=project).returncode == 1
    assert tflint("lock", "models", cwd=project).returncode == 0
    assert models(project) == ["a.tflite"]


def test_what_is_no_model_is_not_recorded(project: Path) -> None:
    """A pointer that was not pulled leaves the entry as it is: exit code 1, and the others are recorded."""
    tflint("lock", cwd=project)
    before = (project / "tflint.lock").read_bytes()
    (project / "a.tflite").write_bytes((EXAMPLES / "lfs_pointer.tflite").read_bytes())

    one_line(tflint("lock", cwd=project), 1, "a.tflite: not recorded: a Git LFS pointer")
    assert (project / "tflint.lock").read_bytes() == before


def test_a_folder_without_models_makes_no_lock(tmp_path: Path) -> None:
    """A warning, as of `check`."""
    one_line(tflint("lock", cwd=tmp_path), 0, "no .tflite file found")
    assert list(tmp_path.iterdir()) == []


def test_files_outside_of_the_project_are_refused(project: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """An entry with `..` would be another file on the next machine."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "m.tflite").write_bytes(sketch.build(OLD))

    one_line(tflint("lock", elsewhere / "m.tflite", cwd=project), 2, "is outside of")


@pytest.mark.parametrize("command", ["check", "lock"])
def test_a_broken_lock_is_one_line(project: Path, command: str) -> None:
    """Exit code 2: a gate that cannot be read must not pass."""
    (project / "tflint.lock").write_text("<<<<<<< ours\n")

    one_line(tflint(command, cwd=project), 2, "tflint.lock", "unresolved merge conflict")


def test_a_lock_is_not_read_in_isolation(project: Path) -> None:
    """`--isolated` sees the file and nothing of the project."""
    (project / "tflint.lock").write_text("broken")

    assert tflint("check", "a.tflite", "--isolated", cwd=project).returncode == 0


def test_a_contract_is_asked_of_every_file(project: Path) -> None:
    """`--contract`: the signature that an application calls, whatever else a model has."""
    (project / "app.toml").write_text('signature = "serve"\ninputs = ["inputs"]\n')
    done = tflint("check", "a.tflite", "--contract", "app.toml", "-f", "concise", cwd=project)

    assert done.returncode == 1
    assert "name of input 'inputs' is 'features'; 'inputs' in app.toml" in done.stdout
    (project / "a.tflite").write_bytes(sketch.build(NEW))
    assert tflint("check", "a.tflite", "--contract", "app.toml", cwd=project).returncode == 0


@pytest.mark.parametrize("contract", ['{signature = "run"}', '"app.toml"'])
def test_a_configuration_names_the_contract_of_a_model(project: Path, contract: str) -> None:
    """As a table or as a file, for the models that its glob matches."""
    (project / "app.toml").write_text('signature = "run"\n')
    (project / "tflint.toml").write_text(f'[models."models/*.tflite"]\ncontract = {contract}\n')
    done = tflint("check", "--select", "TFL107", "-f", "concise", cwd=project)
    name = 'models."models/*.tflite".contract' if contract.startswith("{") else "app.toml"

    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if "TFL107" in line] == [
        f"models/b.tflite: error TFL107 signature 'run' is absent; present in {name} (the model)"
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [("input = 1", "unknown key 'input'"), ("inputs = [", "not valid TOML"), (None, "No such file")],
)
def test_a_broken_contract_is_one_line(project: Path, text: str | None, words: str) -> None:
    """Exit code 2, and the file is named."""
    if text is not None:
        (project / "app.toml").write_text(text)

    one_line(tflint("check", "a.tflite", "--contract", "app.toml", cwd=project), 2, "app.toml", words)


def test_a_lost_signature_is_an_error_where_it_was_promised(project: Path) -> None:
    """TFL101 is a warning, but not for who is known to bind by name."""
    (project / "a.tflite").write_bytes(sketch.build(OLD[: OLD.index("signature")]))
    before = tflint("check", "a.tflite", "--select", "TFL101", "-f", "concise", cwd=project).stdout
    (project / "a.tflite").write_bytes(sketch.build(OLD))
    tflint("lock", cwd=project)
    (project / "a.tflite").write_bytes(sketch.build(OLD[: OLD.index("signature")]))
    after = tflint("check", "a.tflite", "--select", "TFL101", "-f", "concise", cwd=project).stdout

    assert "warning TFL101" in before
    assert "error TFL101" in after
