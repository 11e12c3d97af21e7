"""What a run takes at most: bytes of a file, and seconds for one."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from running import CLEAN, one_line, tflint, write_model
from tflint.engine import Plan, check_model
from tflint.model.read import decode
from tflint.model.write import encode
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve

if TYPE_CHECKING:
    from pathlib import Path

HANG = """
from tflint.api import ModelFile, Severity, hit, rule

@rule("ACM101", "acme-thing", Severity.WARNING, since="1", message="seen", examples=[])
def acme_thing(file: ModelFile):
    '''It hangs.'''
    try:
        while True:
            pass
    except Exception:
        yield hit(file)
"""


def only(folder: Path, *arguments: object, **environment: str) -> dict[str, Any]:
    """Check the one model of a folder, which fails; give the one finding of it, and hold its verdict to be unknown."""
    done = tflint(folder, "check", "-f", "json", *arguments, **environment)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    (file,) = json.loads(done.stdout)["files"]
    (finding,) = file["findings"]
    assert [each["verdict"] for each in file["verdicts"].values()] == ["unknown"]
    return dict(finding)


@pytest.mark.parametrize(("limit", "bytes_"), [("2KB", "2,000"), ("2 KiB", "2,048"), ("100", "100")])
def test_a_larger_file_is_not_read(limit: str, bytes_: str, tmp_path: Path) -> None:
    """An error that no file silences; verdicts are unknown, of what is no model too, for nobody has looked."""
    (tmp_path / "m.tflite").write_bytes(b"no model" * 1000)
    (tmp_path / "tflint.toml").write_text('ignore = ["TFL001"]\nfail-on = "none"\nexclude = []\nmax-file-size = "1GB"')

    found = only(tmp_path, "--max-file-size", limit)

    assert (found["code"], found["severity"], found["suppressed"]) == ("TFL001", "error", None)
    assert found["message"] == f"the check did not finish: 8,000 bytes, and max-file-size is {bytes_}: not read"


def test_a_file_sets_a_size_and_a_flag_wins(tmp_path: Path) -> None:
    """A configuration has one too; it cannot raise what the command line or the environment says."""
    write_model(tmp_path / "m.tflite", CLEAN)
    (tmp_path / "tflint.toml").write_text("max-file-size = 10")

    assert only(tmp_path)["message"].endswith("and max-file-size is 10: not read")
    assert only(tmp_path, TFLITE_LINT_MAX_FILE_SIZE="20")["message"].endswith("is 20: not read")
    assert tflint(tmp_path, "check", "--max-file-size", "1MB").returncode == 0


@pytest.mark.parametrize("text", ["0", "-1", "1.5MB", "500mb", "5 TB", "x", "1MBx", "9" * 13])
def test_a_bad_size_is_a_line(text: str, tmp_path: Path) -> None:
    """What is no size is refused, whoever wrote it."""
    write_model(tmp_path / "m.tflite", CLEAN)
    one_line(tflint(tmp_path, "check", f"--max-file-size={text}"), "--max-file-size is a whole number", "KB, MB, GB")
    (tmp_path / "tflint.toml").write_text(f'max-file-size = "{text}"')
    one_line(tflint(tmp_path, "check"), "tflint.toml: max-file-size is a whole number")


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_one_file_takes_no_longer_than_its_limit(jobs: str, tmp_path: Path) -> None:
    """With one process as with several; a rule that catches what it can is ended all the same, and named."""
    site = tmp_path / "site"
    (site / "acme_pack").mkdir(parents=True)
    (site / "acme-1.dist-info").mkdir()
    (site / "acme-1.dist-info" / "entry_points.txt").write_text("[tflint.rules]\nacme = acme_pack\n")
    (site / "acme_pack" / "__init__.py").write_text(HANG)
    write_model(tmp_path / "models" / "m.tflite", CLEAN)

    more = {"PYTHONPATH": str(site), "TFLITE_LINT_FILE_SECONDS": "5"}
    found = only(tmp_path, "models", "--extend-select", "ACM", "--jobs", jobs, **more)

    assert found["message"] == "the check did not finish: it took longer than 5 seconds (ACM101)"


def test_a_wide_interface_takes_time_in_proportion() -> None:
    """A hundred thousand inputs and outputs: going through all of one for each of the other would take minutes."""
    names = [{"name": "x", "shape": [1]}] * 2
    graph = {"tensors": names, "inputs": [0] * 100_000, "outputs": [1] * 99_999 + [0], "operators": []}
    model = decode(bytes(encode({"version": 3, "buffers": [{}], "subgraphs": [graph]})))
    before = time.process_time()

    report = check_model(model, Plan(tuple(catalogue().values()), (resolve("litert"),)))

    assert {"TFL110", "TFL904"} <= {finding.rule.code for finding in report.findings}
    assert time.process_time() - before < 30
