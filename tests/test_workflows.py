"""What runs on GitHub: the action, our workflow and the examples, by the schemas and linters of their readers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from models import ROOT
from runner import ACTION

BIN = Path(sys.executable).parent
OURS = ROOT / ".github" / "workflows"
EXAMPLES = ROOT / "examples" / "workflows"
WORKFLOWS = sorted([*OURS.glob("*.yml"), *EXAMPLES.glob("*.yml")])
EVERY = [ROOT / "action.yml", *WORKFLOWS]
PLACEHOLDER = f"OWNER/tflint@{'0' * 40}"  # of who copies an example
PINS = {  # each looked up in several repositories that have it under this release
    "actions/checkout": ("df4cb1c069e1874edd31b4311f1884172cec0e10", "v6.0.3"),
    "actions/setup-python": ("a309ff8b426b58ec0e2a45f0f869d46889d02405", "v6.2.0"),
    "actions/upload-artifact": ("b7c566a772e6b6bfb58ed0dc250532a479d7789f", "v6.0.0"),
    "github/codeql-action/upload-sarif": ("8aad20d150bbac5944a9f9d289da16a4b0d87c1e", "v4.36.2"),
}


def run(*argv: object) -> subprocess.CompletedProcess[str]:
    """Run a linter."""
    return subprocess.run(list(map(str, argv)), cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)


def steps(path: Path) -> list[dict[str, Any]]:
    """All steps of a workflow."""
    jobs = yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values()
    return [step for job in jobs for step in job["steps"]]


def ours(path: Path) -> list[dict[str, Any]]:
    """Those that use our action."""
    return [step for step in steps(path) if step.get("uses") in ("$/", PLACEHOLDER)]


def test_there_are_workflows() -> None:
    """The examples that the documentation names, and our own."""
    assert [path.name for path in WORKFLOWS if path.is_relative_to(OURS)][:1] == ["ci.yml"]
    assert [path.name for path in EXAMPLES.glob("*")] == [path.name for path in EXAMPLES.glob("*.yml")]
    assert [path.name for path in WORKFLOWS if not ours(path)] == ["coverage.yml"]
    documented = (ROOT / "docs" / "github-action.md").read_text(encoding="utf-8")
    assert all(path.name in documented for path in EXAMPLES.glob("*.yml"))


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_it_is_valid_by_its_schema(path: Path) -> None:
    """SchemaStore's schemas of actions and workflows, as check-jsonschema ships them, have no objection."""
    schema = "github-actions" if path.name == "action.yml" else "github-workflows"
    done = run(BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_gitlab_example_is_valid_by_its_schema(tmp_path: Path) -> None:
    """So has GitLab's schema to the job of docs/reports.md."""
    (text,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "reports.md").read_text(encoding="utf-8"), re.DOTALL)
    path = tmp_path / ".gitlab-ci.yml"
    path.write_text(text)
    done = run(BIN / "check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", path)

    assert done.returncode == 0, done.stdout + done.stderr


def test_zizmor_finds_nothing() -> None:
    """The auditor's persona, which has most to say, offline: nothing in the action, our workflow or the examples."""
    done = run(BIN / "zizmor", "--offline", "--no-progress", "--persona", "auditor", "--strict-collection", *EVERY)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "No findings to report" in done.stdout + done.stderr
    assert len(re.findall("completed ", done.stderr)) == len(EVERY)


def test_zizmor_would_find_something(tmp_path: Path) -> None:
    """The test above can fail: an expression in a script is found."""
    path = tmp_path / "action.yml"
    text = (ROOT / "action.yml").read_text(encoding="utf-8")
    path.write_text(text.replace('case "$VERSION" in', 'case "${{ inputs.version }}" in'))
    done = run(BIN / "zizmor", "--offline", "--no-progress", path)

    assert done.returncode > 10, done.stdout + done.stderr
    assert "template-injection" in done.stdout


@pytest.mark.parametrize("path", EVERY, ids=lambda path: path.name)
def test_actions_are_pinned_to_the_commit_of_a_release(path: Path) -> None:
    """Each `uses:` is the whole SHA of a release, which is named beside it; or our own repository, or the example's."""
    found = re.findall(r"uses: (\S+)(?: # (.*))?", path.read_text(encoding="utf-8"))

    assert found
    for uses, comment in found:
        if uses in ("$/", PLACEHOLDER):
            continue
        name, _, sha = uses.partition("@")
        assert (sha, comment) == PINS[name]


@pytest.mark.parametrize("path", [path for path in WORKFLOWS if ours(path)], ids=lambda path: path.name)
def test_inputs_and_outputs_that_workflows_name_exist(path: Path) -> None:
    """What an example gives our action is an input of it, and what it takes an output."""
    for step in ours(path):
        assert step.get("with", {}).keys() <= ACTION["inputs"].keys()
    named = re.findall(r"steps\.tflint\.outputs\.([a-z-]+)", path.read_text(encoding="utf-8"))
    assert set(named) <= ACTION["outputs"].keys()


def test_alerts_of_a_matrix_have_a_category_each() -> None:
    """Where legs of a matrix upload SARIF, the category holds what tells them apart."""
    (upload,) = [step for step in steps(EXAMPLES / "targets.yml") if "upload-sarif" in step.get("uses", "")]

    assert "${{ matrix.target }}" in upload["with"]["category"]
