"""What a pull request's files can do to the check of its models in the Action: no error of a mandatory rule passes."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from models import EXAMPLES
from runner import Runner, said
from tflint.model.write import encode

if TYPE_CHECKING:
    from pathlib import Path

CHECK = "Check models"
EVIL = bytes(
    encode(
        {
            "version": 3,
            "operator_codes": [{"builtin_code": 19, "deprecated_builtin_code": 19, "version": 1}],
            "buffers": [{}],
            "subgraphs": [
                {
                    "tensors": [{"name": "x", "shape": [1, 4]}, {"name": "y", "shape": [1, 4]}],
                    "inputs": [0],
                    "outputs": [1],
                    "operators": [{"inputs": [1_000_000], "outputs": [1]}],
                }
            ],
        }
    )
)
"""Its operator reads a tensor that is not there: TFL903."""
CONFIGURATIONS = {
    "ignore": 'ignore = ["ALL", "TFL9", "TFL903", "index-bounds"]',
    "select": 'select = ["TFL101"]',
    "select nothing": "select = []",
    "severity": '[severity]\nALL = "info"\nTFL903 = "info"\nTFL9 = "warning"',
    "per-file-ignores": '[per-file-ignores]\n"*" = ["ALL", "TFL903"]',
    "suppress": '[[suppress]]\npath = "*"\nrule = "ALL"\nreason = "x"\n[[suppress]]\npath = "*"\nrule = "TFL903"\n'
    'where = "*"\nreason = "x"',
    "fail-on": 'fail-on = "none"',
    "all of them": 'fail-on = "none"\nselect = []\nignore = ["ALL"]\nseverity.ALL = "info"\n'
    '[per-file-ignores]\n"*" = ["ALL"]\n[[suppress]]\npath = "*"\nrule = "ALL"\nreason = "x"',
    "baseline": 'baseline = "known.json"\nfail-on = "none"',
    "exclude everything": 'exclude = ["*"]\nextend-exclude = ["/"]',
    "max-file-size": 'max-file-size = 1\nignore = ["TFL001"]\nfail-on = "none"',
    "another version": 'required-version = "<0.0.1"',
    "a file of the system": 'extend = "/etc/passwd"',
    "a target of its own": 'target = "any.toml"\nfail-on = "none"',
    "many": "\n".join(f"[models.'{'*a' * 500}{i}']\nsource = 'x'" for i in range(100)) + '\n[severity]\nALL = "info"',
}
REFUSED = ("exclude everything", "another version", "a file of the system")
ANY_TARGET = 'name = "any"\nextends = "litert-2.3.0"\n'


def known() -> str:
    """A baseline of what is found in the model, written by hand."""
    row = {"code": "TFL903", "fingerprint": "0" * 32, "count": 99, "message": "x"}
    return json.dumps({"schema_version": 1, "files": {"models/evil.tflite": [row]}})


@pytest.fixture
def job(tmp_path: Path) -> Runner:
    """A job whose checkout has a model that makes runtimes read out of bounds."""
    job = Runner(tmp_path / "job")
    (job.workspace / "models").mkdir()
    (job.workspace / "models" / "evil.tflite").write_bytes(EVIL)
    for folder in (job.workspace, job.workspace / "models"):
        (folder / "any.toml").write_text(ANY_TARGET)
    (job.workspace / "known.json").write_text(known())
    shutil.copy(job.workspace / "known.json", job.workspace / "tflint-baseline.json")
    return job


@pytest.mark.parametrize("place", ["tflint.toml", "models/tflint.toml"])
@pytest.mark.parametrize("key", CONFIGURATIONS)
def test_no_key_lets_a_mandatory_error_pass(key: str, place: str, job: Runner) -> None:
    """Each key, at the root or beside the model: the step fails, by the finding or by a refusal that says why."""
    (job.workspace / place).write_text(CONFIGURATIONS[key])

    code = job.run(CHECK)

    assert code == (2 if key in REFUSED else 1), job.log
    assert job.outputs()["exit-code"] == str(code)
    assert [word for word, _ in said(job) if word == "error"]
    assert "❌" in job.summary
    if code == 1:
        assert int(job.outputs()["errors"]) > 0
        assert ("max-file-size is 1" if key == "max-file-size" else "TFL903") in job.log


def test_neither_does_a_sidecar(job: Runner) -> None:
    """A file beside the model suppresses less than that, and the summary counts it."""
    beside = job.workspace / "models" / "evil.tflite.toml"
    beside.write_text('[[suppress]]\nrule = "ALL"\nreason = "x"\n[[suppress]]\nrule = "TFL903"\nreason = "x"')

    assert job.run(CHECK) == 1
    assert "TFL903" in job.log


def test_what_is_excluded_is_counted(job: Runner) -> None:
    """A configuration may leave models out: the log, the summary and the report say how many."""
    shutil.copy(EXAMPLES / "clean.tflite", job.workspace / "models")
    (job.workspace / "tflint.toml").write_text('exclude = ["evil.tflite"]')

    assert job.run(CHECK, targets="litert-2.3.0") == 0
    assert "1 model: 0 errors, 0 warnings, 0 info, 1 excluded" in job.log
    assert job.summary.startswith("# ✅ tflint: 1 model: 0 errors, 0 warnings, 0 info, 1 excluded")
    assert json.loads((job.temp / "tflint-reports" / "tflint.json").read_text())["excluded"] == 1


def test_a_workflow_can_name_the_configuration(job: Runner) -> None:
    """With the input `config`, taken from the base branch as the documentation has it, a pull request's is not read."""

    def git(*arguments: str) -> None:
        person = ("-c", "user.name=t", "-c", "user.email=t@example.com")
        subprocess.run(["git", *person, *arguments], cwd=job.workspace, check=True, capture_output=True)

    (job.workspace / "tflint.toml").write_text('exclude = ["models/known.tflite"]')
    git("init", "-q")
    git("add", "-A")
    git("commit", "-qm", "base")
    git("update-ref", "refs/remotes/origin/main", "HEAD")
    (job.workspace / "tflint.toml").write_text('exclude = ["models/*"]')
    (job.workspace / "models" / "known.tflite").write_bytes(EVIL)
    git("add", "-A")
    git("commit", "-qm", "pull request")
    script = 'rm -rf base-tflint.toml && git show "origin/$GITHUB_BASE_REF:tflint.toml" > base-tflint.toml'
    subprocess.run(
        ["bash", "-ec", script], cwd=job.workspace, env={"PATH": "/usr/bin:/bin", "GITHUB_BASE_REF": "main"}, check=True
    )

    assert job.run(CHECK, config="base-tflint.toml") == 1
    assert "TFL903" in job.log
    assert "1 excluded" in job.log


@pytest.mark.parametrize("where", ["tflint.sarif", "out/tflint.sarif"])
def test_sarif_is_not_written_through_a_link_of_the_checkout(where: str, job: Runner, tmp_path: Path) -> None:
    """A link that a pull request puts in its place leads nowhere: one error, and what it points at stays as it was."""
    (tmp_path / "outside").mkdir()
    victim = tmp_path / "outside" / "tflint.sarif"
    victim.write_text("as it was")
    link = job.workspace / where.partition("/")[0]
    link.symlink_to(victim if link.name == where else victim.parent)

    assert job.run(CHECK, sarif=where) == 2
    ((word, message),) = said(job)
    assert (word, "a link of the checkout leads" in message) == ("error", True)
    assert victim.read_text() == "as it was"
