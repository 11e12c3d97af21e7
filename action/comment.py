"""Step of the GitHub Action: keep one comment with the summary in the pull request, by `gh` with its GH_TOKEN.

A comment that cannot be made (a fork's token may only read) is a warning, never the failure of the job.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

LONGEST = 65_000  # characters; GitHub takes 65,536
MODEL = "\n### "  # what the part of a model starts with


def main() -> None:
    """Update the comment of the last run, or make the first."""
    event = json.loads(Path(os.environ["GITHUB_EVENT_PATH"]).read_text(encoding="utf-8"))
    if "pull_request" not in event:
        return
    number, repository = int(event["pull_request"]["number"]), os.environ["GITHUB_REPOSITORY"]
    summary = Path(os.environ["SUMMARY"])
    body = summary.with_suffix(".comment.md")
    body.write_text(f"{marker()}\n{shortened(summary.read_text(encoding='utf-8'))}", encoding="utf-8", newline="\n")
    comments = f"repos/{repository}/issues/{number}/comments"
    try:
        ours = gh("--paginate", f"{comments}?per_page=100", "--jq", f".[] | {mine()} | .id").split()
        where = ("--method", "PATCH", f"repos/{repository}/issues/comments/{int(ours[0])}") if ours else (comments,)
        gh(*where, "--field", f"body=@{body}", "--silent")
    except (OSError, subprocess.CalledProcessError) as problem:
        said = getattr(problem, "stderr", "") or str(problem)
        text = said.strip().replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        print(f"::warning title=tflint::no comment was made: {text}")


def gh(*arguments: str) -> str:
    """Call GitHub's API. Raises OSError without `gh`, CalledProcessError when it is refused."""
    argv = ["gh", "api", *arguments]
    return subprocess.run(argv, capture_output=True, text=True, encoding="utf-8", check=True).stdout


def marker() -> str:
    """Start the comments of one job and its targets, so that the legs of a matrix each keep their own."""
    of = (os.environ.get(name, "") for name in ("GITHUB_WORKFLOW", "GITHUB_JOB", "INPUT_TARGETS"))
    return f"<!-- tflint {hashlib.sha256(chr(0).join(of).encode()).hexdigest()[:16]} -->"


def mine() -> str:
    """Filter for `jq`: a bot's comments that start with the marker; anybody else's may quote it."""
    return f'select(.user.type == "Bot" and (.body | startswith("{marker()}")))'


def shortened(text: str) -> str:
    """Cut after the last model that fits, and count the rest."""
    head, *models = text.split(MODEL)
    kept = 0
    for model in models:
        if len(head) + len(MODEL) + len(model) > LONGEST:
            break
        head += MODEL + model
        kept += 1
    left = len(models) - kept
    return head + (f"\n**{left} more model{'s are' if left > 1 else ' is'} in the job summary.**\n" if left else "")


if __name__ == "__main__":
    main()
