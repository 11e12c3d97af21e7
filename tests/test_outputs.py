"""What is written, where it may go, and what is said of it: nothing that is read, and no model, is written over."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from command import TFLINT
from running import CLEAN, one_line, tflint, write_model

BASELINE = '{"schema_version": 1, "files": {}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two models, one without its suffix, a configuration and a link."""
    write_model(tmp_path / "a.tflite")
    write_model(tmp_path / "model.bin", CLEAN)
    (tmp_path / "tflint.toml").write_text("")
    (tmp_path / "link.txt").symlink_to("a.tflite")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("check a.tflite -o a.tflite", "a.tflite: an output would go there, and it is a model"),
        ("check model.bin -o a.tflite", "and it is a model"),  # what a shell makes of `-o *`
        ("check a.tflite -o model.bin", "and it is a model"),
        ("check . -o link.txt", "link.txt: an output would go there, and it is a model"),
        ("check a.tflite -o tflint.toml", "tflint.toml: an output would go there, and it is read too"),
        ("check a.tflite -f json -o same.out --report sarif=./same.out", "same.out: two outputs would go there"),
        ("check a.tflite -f sarif -o r.jsonl --resume r.jsonl", "two outputs would go there"),
        ("check a.tflite -f json -o b.json --baseline b.json --write-baseline", "two outputs would go there"),
        ("diff a.tflite model.bin -o model.bin", "and it is a model"),
        ("verify a.tflite model.bin -o same.out --save same.out", "two outputs would go there"),
    ],
)
def test_an_output_is_no_input_and_no_other_output(folder: Path, arguments: str, words: str) -> None:
    """One line, exit code 2, and all files are as they were."""
    before = {path.name: path.read_bytes() for path in folder.iterdir()}

    one_line(tflint(folder, *arguments.split()), words)

    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_a_baseline_that_is_read_is_no_place_for_a_report(folder: Path) -> None:
    """Neither to stay nor to be written anew."""
    (folder / "b.json").write_text(BASELINE)
    for more in ((), ("--write-baseline",)):
        done = tflint(folder, "check", "a.tflite", "-f", "json", "-o", "b.json", "--baseline", "b.json", *more)
        one_line(done, "b.json: an output would go there, and it is read too")
    assert (folder / "b.json").read_text() == BASELINE


def test_what_a_baseline_leaves_out_is_said(folder: Path) -> None:
    """Errors of mandatory rules are not recorded, so that the run fails; where there are none, nothing is said."""
    (folder / "model.bin").write_bytes(b"no model")
    done = tflint(folder, "check", "a.tflite", "model.bin", "--write-baseline", "--baseline", "b.json")
    left = "errors of mandatory rules are never recorded: 1 of these"
    assert (done.returncode, done.stderr) == (1, f"tflint: recorded 3 findings in b.json; {left}\n")
    done = tflint(folder, "check", "a.tflite", "--write-baseline", "--baseline", "b.json")
    assert (done.returncode, done.stderr) == (0, "tflint: recorded 3 findings in b.json\n")


def test_devices_and_old_reports_are_written_to(folder: Path) -> None:
    """Both reports may go to stdout or nowhere; a report replaces an older one, and results theirs."""
    both = tflint(folder, "check", "a.tflite", "-f", "concise", "-o", "/dev/stdout", "--report", "gitlab=/dev/stdout")
    assert (both.returncode, both.stderr) == (1, "")
    assert "a.tflite" in both.stdout
    assert '"fingerprint"' in both.stdout
    for arguments in ("-o /dev/null --report json=/dev/null", "-o r.txt", "-f json-lines -o r.jsonl --resume r.jsonl"):
        for _ in range(2):
            assert tflint(folder, "check", "a.tflite", *arguments.split()).returncode == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
@pytest.mark.parametrize(
    "arguments",
    ["check a.tflite", "check a.tflite -f json", "inspect model.bin", "rule TFL901", "--version", "check --help"],
)
@pytest.mark.parametrize(
    ("stdout", "words"), [(">/dev/full", "No space left on device"), (">&-", "stdout is closed"), (">&- <&-", "closed")]
)
def test_a_stdout_that_takes_nothing_is_one_line(folder: Path, arguments: str, stdout: str, words: str) -> None:
    """A full disk and a closed stdout are no fault of the program."""
    done = subprocess.run(
        ["sh", "-c", f"'{TFLINT}' {arguments} {stdout}"], cwd=folder, capture_output=True, text=True, check=False
    )
    one_line(done, f"tflint: error: cannot write: {words}" if words.startswith("No") else words)
    assert "report it" not in done.stderr


def test_a_report_is_written_where_stdout_takes_nothing(folder: Path) -> None:
    """With -o nothing is printed, so nothing is wrong; without it, the other report is whole."""
    for arguments, code in (("-o {} >&-", 1), ("--report full={} >&-", 2), ("--report full={} >&- 2>&-", 2)):
        report = folder / "r.txt"
        command = f"'{TFLINT}' check a.tflite {arguments.format(report)}"
        done = subprocess.run(["sh", "-c", command], cwd=folder, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.count("\n")) == (code, "2>" not in arguments and code == 2)
        assert report.read_text().endswith("judged against litert-2.3.0\n")
        report.unlink()


@pytest.mark.parametrize("command", ["check", "lock", "fix", "report", "inspect", "diff m.bin", "fix m.bin --source"])
def test_a_name_that_no_file_can_have_is_one_line(folder: Path, command: str) -> None:
    """Names are too long behind 255 characters."""
    done = tflint(folder, *command.split(), "a" * 300)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert done.stderr.startswith("tflint: error: ")
    assert "internal" not in done.stderr


@pytest.mark.parametrize("command", ["check", "lock", "fix", "inspect", "report", "advise"])
def test_an_empty_path_is_one_line(folder: Path, command: str) -> None:
    """A variable that is not set does not mean all that is here."""
    done = tflint(folder, command, "")
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (2, "", 1)
    assert sorted(path.name for path in folder.iterdir()) == ["a.tflite", "link.txt", "model.bin", "tflint.toml"]
