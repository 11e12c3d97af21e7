"""Where reports may go: nothing that is read, and no model, is ever written over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from running import CLEAN, one_line, tflint, write_model

if TYPE_CHECKING:
    from pathlib import Path

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


def test_devices_and_old_reports_are_written_to(folder: Path) -> None:
    """Both reports may go to stdout or nowhere; a report replaces an older one, and results theirs."""
    both = tflint(folder, "check", "a.tflite", "-f", "concise", "-o", "/dev/stdout", "--report", "gitlab=/dev/stdout")
    assert (both.returncode, both.stderr) == (1, "")
    assert "a.tflite" in both.stdout
    assert '"fingerprint"' in both.stdout
    for arguments in ("-o /dev/null --report json=/dev/null", "-o r.txt", "-f json-lines -o r.jsonl --resume r.jsonl"):
        for _ in range(2):
            assert tflint(folder, "check", "a.tflite", *arguments.split()).returncode == 1
