"""Annotations: what a runner reads from the log."""

from __future__ import annotations

import json
import re

import pytest

from reporting import (
    PLAIN,
    commands,
    levels,
    linted,
    report,
    tensor_named,
)
from tflint.findings import Severity
from tflint.report import render


def test_annotations_say_the_finding() -> None:
    """A runner reads back rule, file, line and message of each finding, whatever marks the message holds."""
    name = "50% a,b:c; d=e %0A %25 %2C"
    made = report(linted(f"{json.dumps(name)}: float32[1]", tensor_named, name="50%25,a:b.tflite"))

    assert commands(render("github", made, PLAIN)) == [
        (
            "warning",
            {"file": "50%25,a:b.tflite", "line": "1", "title": "TST101 tensor-named"},
            f"{name} is a name (at tensor 0 '{name}')",
        )
    ]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ((0, 0, 10), (0, 0, 10)),
        ((0, 0, 11), (0, 0, 10)),
        ((10, 10, 3), (10, 10, 3)),
        ((12, 3, 10), (10, 3, 10)),
        ((12, 13, 14), (10, 10, 10)),
        ((11, 0, 0), (10, 0, 1)),
    ],
)
def test_annotations_keep_to_what_github_shows(given: tuple[int, ...], shown: tuple[int, ...]) -> None:
    """At most ten of a kind, the worst first, and one notice counts exactly those left out."""
    text = "".join(f"{s.value}_{i}: float32[1]\n" for s, n in zip(Severity, given, strict=True) for i in range(n))
    found = commands(render("github", report(linted(text, levels)), PLAIN))

    kinds = [word for word, _, _ in found]
    assert kinds == sorted(kinds, key=["error", "warning", "notice"].index)
    assert tuple(map(kinds.count, ("error", "warning", "notice"))) == shown
    left = [int(m[1]) for _, _, message in found if (m := re.match(r"(\d+) more findings? ", message))]
    said = len(found) - len(left)
    assert left == ([sum(given) - said] if sum(given) > said else [])
