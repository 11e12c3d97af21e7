"""A GitHub runner, as far as a composite action of bash steps sees one."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from models import EXAMPLES, ROOT
from reporting import commands

if TYPE_CHECKING:
    from pathlib import Path

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
SHELL = ("bash", "--noprofile", "--norc", "-e", "-o", "pipefail")  # what a runner makes of `shell: bash`
EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")


@dataclass
class Runner:
    """A job of its own folder: a workspace, the runner's files, and the outputs of steps by their id."""

    folder: Path
    event: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    steps: dict[str, dict[str, str]] = field(default_factory=dict)
    log: str = ""

    def __post_init__(self) -> None:
        """Make its folders; Python is set up, and tflint is installed where these tests run."""
        for path in (self.workspace, self.temp):
            path.mkdir(parents=True)
        self.steps = {"python": {"python-path": sys.executable}, "install": {"python": sys.executable}, **self.steps}

    @property
    def workspace(self) -> Path:
        """Where the checkout is."""
        return self.folder / "workspace"

    @property
    def temp(self) -> Path:
        """RUNNER_TEMP."""
        return self.folder / "temp"

    @property
    def summary(self) -> str:
        """What the job summary holds."""
        path = self.folder / "summary.md"
        return path.read_text(encoding="utf-8") if path.exists() else ""

    def run(self, name: str, **inputs: str) -> int:
        """Run the step of that name with these inputs (`_` for `-`); give its exit code."""
        (step,) = [step for step in ACTION["runs"]["steps"] if step["name"] == name]
        given = {key: spec["default"] for key, spec in ACTION["inputs"].items()}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        output = self.folder / "output"
        output.write_text("")
        script = self.folder / "script.sh"
        script.write_text(step["run"])
        (self.folder / "event.json").write_text(json.dumps(self.event))
        clean = {k: v for k, v in os.environ.items() if not k.startswith(("TFLITE_LINT_", "GITHUB_", "INPUT_", "GH_"))}
        mine = {
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_EVENT_PATH": str(self.folder / "event.json"),
            "GITHUB_JOB": "lint",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "octo/models",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary.md"),
            "GITHUB_WORKFLOW": "Models",
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
        }
        env = {key: self.value(text, given) for key, text in step.get("env", {}).items()}
        done = subprocess.run(
            [*SHELL, script],
            cwd=self.workspace,
            env={**clean, **mine, **self.environment, **env},
            capture_output=True,
            check=False,
            timeout=600,
        )
        self.log = (done.stdout + done.stderr).decode()
        self.steps[step.get("id", name)] = outputs(output.read_text(encoding="utf-8"))
        return done.returncode

    def value(self, text: str, inputs: dict[str, str]) -> str:
        """Evaluate an expression of the few kinds that the action has in `env:`."""

        def of(match: re.Match[str]) -> str:
            kind, _, rest = match[1].partition(".")
            if kind == "inputs":
                return inputs[rest]
            if kind == "steps":
                step, word, key = rest.split(".")
                assert word == "outputs"
                return self.steps.get(step, {}).get(key, "")
            assert match[1] == "github.token"
            return "the-token"

        return EXPRESSION.sub(of, text)

    def outputs(self) -> dict[str, str]:
        """Outputs of the action, as a workflow reads them."""
        return {key: self.value(spec["value"], {}) for key, spec in ACTION["outputs"].items()}


def outputs(text: str) -> dict[str, str]:
    """Read a file of outputs as the runner does: `key=value` and `key<<mark` to the line of that mark."""
    found: dict[str, str] = {}
    lines = iter(text.split("\n"))
    for line in lines:
        key, heredoc, mark = line.partition("<<")
        if heredoc and "=" not in key:
            value = []
            while (inner := next(lines)) != mark:
                value.append(inner)
            found[key] = "\n".join(value)
        elif line:
            key, equals, rest = line.partition("=")
            assert equals, line
            found[key] = rest
    return found


def put(job: Runner, *names: str, to: str = "models") -> None:
    """Copy examples into the workspace."""
    (job.workspace / to).mkdir(exist_ok=True)
    for name in names:
        shutil.copy(EXAMPLES / f"{name}.tflite", job.workspace / to)


def said(job: Runner) -> list[tuple[str, str]]:
    """(command, message) of what the runner obeys in the log."""
    return [(word, message) for word, _, message in commands(job.log)]
