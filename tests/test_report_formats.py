"""What every format promises: names inside a model are never markup, commands or escapes; files are written whole."""

from __future__ import annotations

import os
import re
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from reporting import (
    HOSTILE,
    PLAIN,
    TWO_OPS,
    commands,
    hostile,
    linted,
    op_seen,
    report,
    sarif_run,
    strict,
    surrogates,
    tensor_named,
)
from tflint.report import FORMATS, Style, render, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("key", HOSTILE)
@pytest.mark.parametrize("kind", FORMATS)
def test_names_reach_no_report_raw(kind: str, key: str) -> None:
    """Of a hostile name no control, escape, bidi mark or runner command is in a report, and no line is its own."""
    file = HOSTILE[key][:90].replace("\0", "") + ".tflite"  # NUL is the one character that no file's name has
    made = report(linted(hostile(HOSTILE[key]), tensor_named, op_seen, name=file))
    text = render(kind, made, Style(color="never", verbose=True))

    assert "owned" in text or "owned" not in HOSTILE[key]  # the name is there, disarmed
    assert "".join(text.split("\n")).isprintable()
    assert not re.search("##[^# ]", text)  # a heading of Markdown is no command
    assert "\u202e" not in text
    obeyed = [word for word, _, _ in commands(text)]
    assert obeyed == (["error", "warning"] if kind == "github" else [])
    if kind not in ("json", "json-lines", "sarif", "gitlab"):
        assert len(text) < 12_000


@pytest.mark.parametrize("kind", FORMATS)
def test_no_report_holds_half_a_character(kind: str) -> None:
    """Lone surrogates of names and of file names that are no UTF-8 are written out, so that any report is UTF-8."""
    text = render(kind, report(surrogates()), PLAIN)

    assert "".join(text.encode().decode().split("\n")).isprintable()
    assert "udfff" in text


def test_suppressed_findings_stay_in_reports_for_machines_only() -> None:
    """A suppressed finding is marked with its reason in JSON and SARIF, and counted but not shown to people."""
    file = linted(TWO_OPS, op_seen)
    first, second = file.findings
    made = report(replace(file, findings=(replace(first, suppressed="known, see #7"), second)))

    data = strict(render("json", made, PLAIN))
    assert [f["suppressed"] for f in data["files"][0]["findings"]] == ["known, see #7", None]
    assert data["summary"]["error"] == 1
    results = sarif_run(made)["results"]
    assert results[0]["suppressions"] == [{"kind": "external", "justification": "known, see #7"}]
    assert "suppressions" not in results[1]
    for kind in ("full", "concise", "github", "markdown"):
        text = render(kind, made, PLAIN)
        assert (first.message in text, second.message in text) == (False, True)
        assert "1 error, 0 warnings, 0 info, 1 suppressed" in text


@pytest.mark.parametrize("kind", ["full", "concise", "github", "markdown", "gitlab", "junit", "sarif"])
def test_many_targets_of_a_finding_are_counted(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to six targets of a finding are named; of more it says how many of all."""
    monkeypatch.setenv("COLUMNS", "200")
    file = linted(TWO_OPS, op_seen)
    names = tuple(f"t-{index}" for index in range(9))
    for named, words in ((6, "[t-0, t-1, t-2, t-3, t-4, t-5]"), (7, "[7 of 9 targets]"), (9, "")):
        findings = tuple(replace(f, targets=names[:named]) for f in file.findings)
        text = render(kind, report(replace(file, findings=findings), targets=names), PLAIN).replace("\\", "")
        assert f"is an operator {words}" in text if words else "targets]" not in text


@pytest.mark.parametrize("kind", ["sarif", "github", "gitlab"])
def test_files_are_named_by_their_path_in_the_repository(kind: str, isolated: Path, monkeypatch: Any) -> None:
    """From any folder of a checkout a file is named from its root, links resolved; URIs are %-escaped."""
    (isolated / ".git").mkdir()
    folder = isolated / "models" / "größe 100%"
    folder.mkdir(parents=True)
    (folder / "a#b?.tflite").write_bytes(b"")
    (isolated / "link.tflite").symlink_to(folder / "a#b?.tflite")
    monkeypatch.chdir(folder)
    finding = linted(TWO_OPS, op_seen)
    for name in ("a#b?.tflite", "./a#b?.tflite", "../../link.tflite", str(isolated / "link.tflite")):
        made = report(replace(finding, findings=tuple(replace(f, file=name) for f in finding.findings)))
        if kind == "sarif":
            place = sarif_run(made)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
            assert place["uri"] == "models/gr%C3%B6%C3%9Fe%20100%25/a%23b%3F.tflite"
        elif kind == "gitlab":
            assert strict(render(kind, made, PLAIN))[0]["location"]["path"] == "models/größe 100%/a#b?.tflite"
        else:
            assert commands(render(kind, made, PLAIN))[0][1]["file"] == "models/größe 100%/a#b?.tflite"


@pytest.mark.parametrize("kind", FORMATS)
def test_a_report_is_written_whole_in_the_place_of_the_old(kind: str, tmp_path: Path) -> None:
    """A report's file is replaced through a link, and nothing else is left in its folder."""
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    text = render(kind, report(linted(TWO_OPS, op_seen)), PLAIN)
    write(tmp_path / "link", text)

    assert (tmp_path / "real").read_text(encoding="utf-8") == text
    assert (tmp_path / "link").is_symlink()
    assert len(list(tmp_path.iterdir())) == 2


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """A report sent to a pipe or a device goes into it; the pipe is not replaced by a file."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE) as reader:
        write(pipe, "report\n")

        assert reader.communicate(timeout=60)[0] == b"report\n"
    assert pipe.is_fifo()
