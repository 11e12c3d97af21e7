"""The comment that the GitHub Action keeps in a pull request, made by a `gh` that notes how it is called."""

from __future__ import annotations

import os
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from models import EXAMPLES
from runner import Runner, put, said

if TYPE_CHECKING:
    from pathlib import Path

CHECK = "Check models"
COMMENT = "Comment on the pull request"
TARGETS = "litert-2.3.0 tflite-2.12"
GH = """#!/usr/bin/env bash
set -eu
[ "$GH_TOKEN" = the-token ]
printf '%s\\n' "$*" >> "$CALLS"
for argument; do case "$argument" in body=@*) cp "${argument#body=@}" "$CALLS.body" ;; esac; done
case "$*" in *--paginate*) printf '%s\\n' $THERE ;; esac
if [ -n "${REFUSE:-}" ]; then echo "HTTP 403: Resource not accessible by integration" >&2; exit 1; fi
"""

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="a runner's steps are bash")


def commented(job: Runner, there: str = "", refuse: str = "") -> tuple[list[str], str]:
    """Run the step of the comment against a `gh` that notes how it is called; give its calls and the comment."""
    calls, folder = job.folder / "calls", job.folder / "bin"
    folder.mkdir(exist_ok=True)
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    calls.write_text("")
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    job.environment = {"PATH": path, "CALLS": str(calls), "THERE": there, "REFUSE": refuse}
    job.event = {"pull_request": {"number": 7}}
    assert job.run(COMMENT, pr_comment="true", targets=TARGETS) == 0, job.log
    body = calls.with_name("calls.body")
    return calls.read_text().splitlines(), body.read_text(encoding="utf-8") if body.exists() else ""


def test_a_pull_request_has_one_comment(tmp_path: Path) -> None:
    """The first run makes it, those after change it: found by its mark, among a bot's only."""
    job = Runner(tmp_path / "job")
    put(job, "op_too_new")
    job.run(CHECK, targets=TARGETS)
    (asked, made), body = commented(job)

    mark, headline, *_ = body.splitlines()
    assert re.fullmatch("<!-- tflint [0-9a-f]{16} -->", mark)
    assert headline.startswith("# ❌ tflint: 1 model: 1 error, ")
    assert "--paginate repos/octo/models/issues/7/comments?per_page=100" in asked
    assert f'select(.user.type == "Bot" and (.body | startswith("{mark}")))' in asked
    assert made.startswith("api repos/octo/models/issues/7/comments --field body=@")
    (_, changed), again = commented(job, there="123 456")
    assert changed.startswith("api --method PATCH repos/octo/models/issues/comments/123 --field body=@")
    assert again == body


def test_a_comment_that_is_refused_fails_nothing(tmp_path: Path) -> None:
    """A fork's token may only read: a warning, with what was said."""
    job = Runner(tmp_path / "job")
    put(job, "clean")
    job.run(CHECK)
    commented(job, refuse="yes")

    assert said(job) == [
        ("warning", "no comment was made: HTTP 403: Resource not accessible by integration"),
    ]


def test_a_long_comment_is_cut_between_models(tmp_path: Path) -> None:
    """A summary that is longer than a comment may be loses its last models, which are counted."""
    job = Runner(tmp_path / "job")
    for index in range(400):
        (job.workspace / f"{index:03}.tflite").write_bytes((EXAMPLES / "custom_op.tflite").read_bytes())
    assert job.run(CHECK, targets="litert-2.3.0") == 1
    _, body = commented(job)

    assert 60_000 < len(body) <= 65_536
    kept = body.count("\n### ")
    assert body.endswith(f"\n**{400 - kept} more models are in the job summary.**\n")
    assert job.summary.count("\n### ") == 400
