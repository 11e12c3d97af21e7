"""Step of the GitHub Action: run `tflint check` and put what it found where a workflow looks for it.

Inputs are environment variables, so that no shell reads them; outputs, job summary and event are the files that the
runner names.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

USAGE = 2
LFS = "a Git LFS pointer"


def main() -> int:
    """Give the exit code of `tflint check`."""
    folder = Path(os.environ["RUNNER_TEMP"], "tflint-reports")
    report, summary = folder / "tflint.json", folder / "tflint.md"
    for stale in (report, summary):  # of a step before in the same job
        stale.unlink(missing_ok=True)
    sarif = given("SARIF")
    try:
        held(sarif)
        argv = arguments({"json": str(report), "markdown": str(summary), "sarif": sarif})
        done = subprocess.run(argv, capture_output=True, check=False)
    except ValueError as problem:
        return stop(str(problem))
    files = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"files": []}
    if done.returncode == USAGE and not files["files"]:
        return stop(re.sub("^tflint: (?:error|warning): ", "", done.stderr.decode(errors="replace").strip()))
    pointers = [file["path"] for file in files["files"] if any(map(is_pointer, file["findings"]))]
    if pointers:
        those = f"{len(pointers)} of {len(files['files'])} models"
        command("error", f"Git LFS pointers in place of {those}: checkout with `lfs: true`", "Git LFS")
    sys.stdout.flush()
    told = (line for line in done.stdout.splitlines(keepends=True) if f"::{LFS}".encode() not in line)  # all at once
    sys.stdout.buffer.write(b"".join(told) + done.stderr)
    if given("SUMMARY") != "false":
        summarize(summary.read_text(encoding="utf-8"))
    output("exit-code", str(done.returncode))
    output("errors", str(files["summary"]["error"]))
    output("warnings", str(files["summary"]["warning"]))
    output("report-json", str(report))
    output("sarif-file", sarif)
    output("summary-file", str(summary))
    return done.returncode


def given(name: str) -> str:
    """Give an input, without the blanks around it that YAML leaves."""
    return os.environ.get(f"INPUT_{name}", "").strip()


def held(path: str) -> None:
    """Raise ValueError where a link in the checkout, which may be a pull request's, leads a path in it elsewhere."""
    here = Path.cwd().resolve()
    place = Path(os.path.normpath(here / path))
    if path and place.is_relative_to(here) and place.resolve() != place:
        raise ValueError(f"a link of the checkout leads {path} elsewhere")


def arguments(reports: dict[str, str]) -> list[str]:
    """Put the command line together. Raises ValueError for args with an unclosed quote."""
    argv = [sys.executable, "-I", "-X", "utf8", "-m", "tflint", "check", "--error-on-empty", "-f", "github"]
    for kind, path in reports.items():
        argv += ["--report", f"{kind}={path}"] if path else []
    for target in given("TARGETS").replace(",", " ").split():
        argv += ["--target", target]
    for name in ("CONFIG", "FAIL_ON", "BASELINE"):
        argv += [f"--{name.lower().replace('_', '-')}", given(name)] if given(name) else []
    revision = base() if given("CHANGED_ONLY") == "true" else ""
    argv += [f"--changed-since={revision}"] if revision else []
    paths = [line.strip() for line in given("PATHS").splitlines() if line.strip()]
    return [*argv, *shlex.split(given("ARGS")), "--", *(paths or ["."])]


def base() -> str:
    """Give the commit that the event's changes start from; "" where there is none."""
    event: dict[str, Any] = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    places = (event.get("pull_request", {}).get("base", {}).get("sha"), event.get("merge_group", {}).get("base_sha"))
    revision = str(next(filter(None, (*places, event.get("before"))), ""))
    return revision if revision.strip("0") else ""  # a new branch has zeros before it


def is_pointer(finding: dict[str, Any]) -> bool:
    """Tell a Git LFS pointer."""
    return finding["code"] == "TFL901" and finding["message"].startswith(LFS) and finding["suppressed"] is None


def stop(problem: str) -> int:
    """Say why nothing was checked."""
    command("error", problem)
    if given("SUMMARY") != "false":
        summarize(f"# ❌ tflint: could not check\n\n```text\n{problem.replace('`', chr(39))}\n```\n")
    output("exit-code", str(USAGE))
    return USAGE


def command(word: str, text: str, title: str = "tflint") -> None:
    """Print a workflow command, on one line whatever the text is."""
    text = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    print(f"::{word} title={title}::{text}")


def output(name: str, value: str) -> None:
    """Set an output, between marks that no value can hold."""
    mark = secrets.token_hex(16)
    append("GITHUB_OUTPUT", f"{name}<<{mark}\n{value}\n{mark}\n")


def summarize(text: str) -> None:
    """Add to the job summary."""
    append("GITHUB_STEP_SUMMARY", text)


def append(variable: str, text: str) -> None:
    """Add to a file that the runner names."""
    with Path(os.environ[variable]).open("a", encoding="utf-8", newline="\n") as file:
        file.write(text)


if __name__ == "__main__":
    sys.exit(main())
