"""Adopting tflint where there are findings already: what was there is recorded, what is new fails."""

from __future__ import annotations

import json
import os
import shutil
import sys
from typing import TYPE_CHECKING, Any

import pytest

from running import CLEAN, brief, findings, one_line, tflint, write_model

if TYPE_CHECKING:
    from pathlib import Path

NAME = "tflint-baseline.json"
TWO = """
x: int8[1,10] q=0.1+0
a: int8[1,10] q=0.5+0 = SOFTMAX(x) beta=1
b: int8[1,10] q=0.5+0 = SOFTMAX(a) beta=1
signature serving_default(x=x) -> (y=b)
"""
FOUR = """
x: int8[1,10] q=0.1+0
n: int8[1,10] q=0.5+0 = SOFTMAX(x) beta=1
a: int8[1,10] q=0.5+0 = SOFTMAX(n) beta=1
b: int8[1,10] q=0.5+0 = SOFTMAX(a) beta=1
c: int8[1,10] q=0.5+0 = SOFTMAX(b) beta=1
signature serving_default(x=x) -> (y=c)
"""

NO_SIGNATURE = """
x: float32[1,4]
y: float32[1,4] = RELU(x)
"""


def recorded(path: Path) -> dict[str, dict[str, int]]:
    """Path -> code -> count."""
    document = json.loads(path.read_text())
    assert document["schema_version"] == 1
    return {name: {row["code"]: row["count"] for row in rows} for name, rows in document["files"].items()}


def stale(found: list[dict[str, Any]]) -> list[tuple[str, str, int, int]]:
    """Path, code, found and recorded of each stale entry."""
    rows = [each["data"] for each in found if each["code"] == "TFL004"]
    return [(row["about"], row["code"], row["found"], row["recorded"]) for row in rows]


def test_adopting_takes_two_commands(tmp_path: Path) -> None:
    """--write-baseline records everything and passes; the next check passes too, and says how much is known."""
    write_model(tmp_path / "models" / "a.tflite")
    write_model(tmp_path / "models" / "b.tflite", TWO)
    assert tflint(tmp_path, "check").returncode == 1

    first = tflint(tmp_path, "check", "--write-baseline")
    assert (first.returncode, first.stderr) == (0, f"tflint: recorded 6 findings in {NAME}\n")
    done = tflint(tmp_path, "check", "-f", "concise")
    assert (done.returncode, done.stderr) == (0, "")
    assert "0 errors, 0 warnings, 0 info, 6 suppressed" in done.stdout
    assert {reason for _, _, reason in brief(findings(tmp_path))} == {"baseline"}


def test_the_file_is_the_same_however_it_is_made(tmp_path: Path) -> None:
    """An entry a line, sorted; the order, the way and the folder of the checks do not show in it."""
    write_model(tmp_path / "models" / "b.tflite")
    write_model(tmp_path / "models" / "größe.tflite", TWO)
    texts = set()
    for folder, arguments in (
        (tmp_path, ["models/größe.tflite", "models/b.tflite"]),
        (tmp_path, ["-j", "2"]),
        (tmp_path / "models", ["--baseline", f"../{NAME}"]),
        (tmp_path, [tmp_path / "models"]),
    ):
        (tmp_path / NAME).unlink(missing_ok=True)
        assert tflint(folder, "check", "--write-baseline", *arguments).returncode == 0
        texts.add((tmp_path / NAME).read_text())

    (text,) = texts
    assert text.isascii()
    assert text.splitlines()[:4] == ["{", '  "schema_version": 1,', '  "files": {', '    "models/b.tflite": [']
    assert sum('"fingerprint"' in line for line in text.splitlines()) == 6
    assert tflint(tmp_path / "models", "check", "--baseline", f"../{NAME}").returncode == 0


def test_what_is_new_is_reported(tmp_path: Path) -> None:
    """A finding of another rule, in another file or more often than recorded is reported, in full."""
    write_model(tmp_path / "m.tflite", TWO)
    tflint(tmp_path, "check", "--write-baseline", "--ignore", "TFL212")
    assert "TFL212" in {code for code, _, reason in brief(findings(tmp_path)) if reason is None}

    tflint(tmp_path, "check", "--write-baseline")
    write_model(tmp_path / "m.tflite", FOUR)
    grown = {code: (count, reason) for code, count, reason in brief(findings(tmp_path))}
    assert (grown["TFL510"], grown["TFL212"], grown["TFL203"]) == ((4, None), (4, None), (1, "baseline"))
    write_model(tmp_path / "new.tflite", TWO)
    assert {reason for each in findings(tmp_path, "new.tflite") for reason in [each["suppressed"]]} == {None}


def test_what_is_mended_in_part_stays_known_and_the_rest_is_stale(tmp_path: Path) -> None:
    """Fewer places, with the first of them gone, are no news; the excess is TFL004 and can be pruned away."""
    write_model(tmp_path / "m.tflite", FOUR)
    tflint(tmp_path, "check", "--write-baseline")
    write_model(tmp_path / "m.tflite", TWO)

    found = findings(tmp_path)
    assert {each["suppressed"] for each in found if each["code"] == "TFL510"} == {"baseline"}
    assert stale(found) == [("m.tflite", "TFL212", 2, 4), ("m.tflite", "TFL510", 2, 4)]
    assert {each["file"] for each in found if each["code"] == "TFL004"} == {NAME}
    assert tflint(tmp_path, "check").returncode == 1

    done = tflint(tmp_path, "check", "--prune-baseline")
    assert (done.returncode, done.stderr) == (0, f"tflint: kept 3 of 3 findings in {NAME}\n")
    assert recorded(tmp_path / NAME) == {"m.tflite": {"TFL203": 1, "TFL212": 2, "TFL510": 2}}
    assert stale(findings(tmp_path)) == []


def test_pruning_adds_nothing(tmp_path: Path) -> None:
    """--prune-baseline removes what is gone, and a new finding is still reported."""
    write_model(tmp_path / "m.tflite", FOUR)
    write_model(tmp_path / "n.tflite", CLEAN)
    tflint(tmp_path, "check", "--write-baseline")
    write_model(tmp_path / "m.tflite", CLEAN)
    write_model(tmp_path / "n.tflite", TWO)

    done = tflint(tmp_path, "check", "--prune-baseline", "-f", "concise")
    assert done.returncode == 1
    assert recorded(tmp_path / NAME) == {"m.tflite": {"TFL203": 1}, "n.tflite": {"TFL203": 1}}
    assert "n.tflite: error TFL510" in done.stdout


def test_a_renamed_model_is_a_new_one(tmp_path: Path) -> None:
    """Its findings are reported, and its entries are stale once their folder is searched; no part keeps silent."""
    write_model(tmp_path / "models" / "old.tflite", TWO)
    tflint(tmp_path, "check", "--write-baseline")
    (tmp_path / "models" / "old.tflite").rename(tmp_path / "models" / "new.tflite")

    found = findings(tmp_path)
    assert {each["suppressed"] for each in found} == {None}
    assert [row[:3] for row in stale(found)] == [
        ("models/old.tflite", code, 0) for code in ("TFL203", "TFL212", "TFL510")
    ]
    assert stale(findings(tmp_path, "models/new.tflite")) == []
    assert list(recorded(tmp_path / NAME)) == ["models/old.tflite"]
    tflint(tmp_path, "check", "--write-baseline", "models/new.tflite")
    assert list(recorded(tmp_path / NAME)) == ["models/new.tflite", "models/old.tflite"]
    tflint(tmp_path, "check", "--prune-baseline")
    assert list(recorded(tmp_path / NAME)) == ["models/new.tflite"]


def test_a_run_speaks_only_of_what_it_looked_at(tmp_path: Path) -> None:
    """Entries of other files, of rules that did not run and of other targets are neither stale nor lost."""
    write_model(tmp_path / "a.tflite")
    write_model(tmp_path / "b.tflite", TWO)
    tflint(tmp_path, "check", "--write-baseline")
    before = recorded(tmp_path / NAME)
    write_model(tmp_path / "a.tflite", CLEAN)

    assert stale(findings(tmp_path, "b.tflite")) == []
    assert [row[1] for row in stale(findings(tmp_path, "--ignore", "TFL510"))] == ["TFL212"]
    assert [row[1] for row in stale(findings(tmp_path, "--target", "tflite-2.12"))] == ["TFL510"]
    tflint(tmp_path, "check", "b.tflite", "--write-baseline")
    assert recorded(tmp_path / NAME) == before
    tflint(tmp_path, "check", "--select", "TFL1", "--prune-baseline")
    assert recorded(tmp_path / NAME) == before
    (tmp_path / "a.tflite").write_bytes(b"")
    assert stale(findings(tmp_path)) == []


def test_a_run_for_some_targets_takes_nothing_from_the_others(tmp_path: Path) -> None:
    """What was found for two runtimes is judged by a run for both: it is neither stale nor lost, nor new later on."""
    write_model(tmp_path / "m.tflite", NO_SIGNATURE)
    both, one = ("--target", "tflite-2.4", "--target", "litert"), ("--target", "tflite-2.4")
    tflint(tmp_path, "check", "--write-baseline", *both)
    before = recorded(tmp_path / NAME)
    assert before["m.tflite"]["TFL101"] == 2

    assert stale(findings(tmp_path, *one)) == []
    for arguments in ("--prune-baseline", "--write-baseline"):
        tflint(tmp_path, "check", arguments, *one)
        assert recorded(tmp_path / NAME) == before
    assert tflint(tmp_path, "check", *both).returncode == 0


def test_a_model_that_is_reached_twice_is_recorded_once(tmp_path: Path) -> None:
    """By two paths, or by a link to its folder."""
    write_model(tmp_path / "a" / "m.tflite", NO_SIGNATURE)
    (tmp_path / "b").symlink_to(tmp_path / "a", target_is_directory=True)
    tflint(tmp_path, "check", "--write-baseline", "a/m.tflite", "a/../a/m.tflite", "b/m.tflite")

    assert recorded(tmp_path / NAME) == {"a/m.tflite": {"TFL101": 1, "TFL203": 1}}
    assert tflint(tmp_path, "check", "a").returncode == 0


def test_what_is_suppressed_with_a_reason_is_not_recorded(tmp_path: Path) -> None:
    """A person's reason is better than the baseline's: it is kept, and the baseline holds the rest."""
    write_model(tmp_path / "m.tflite", TWO)
    (tmp_path / "tflint.toml").write_text(
        '[[suppress]]\npath = "m.tflite"\nrule = "TFL510"\nwhere = "tensor:a"\nreason = "measured"\n'
    )
    tflint(tmp_path, "check", "--write-baseline")

    assert recorded(tmp_path / NAME) == {"m.tflite": {"TFL203": 1, "TFL212": 2, "TFL510": 1}}
    assert ("TFL510", 1, "measured") in brief(findings(tmp_path))


def test_the_configuration_names_the_file(tmp_path: Path) -> None:
    """`baseline` in a configuration, relative to it; a flag goes before it, --isolated past it."""
    write_model(tmp_path / "models" / "m.tflite", TWO)
    (tmp_path / "tflint.toml").write_text('baseline = "ci/known.json"\n')
    one_line(tflint(tmp_path, "check"), "no such baseline: ci/known.json", "--write-baseline")

    assert tflint(tmp_path, "check", "--write-baseline").returncode == 0
    assert recorded(tmp_path / "ci" / "known.json") == {"../models/m.tflite": {"TFL203": 1, "TFL212": 2, "TFL510": 2}}
    assert tflint(tmp_path / "models", "check").returncode == 0
    assert tflint(tmp_path, "check", "--isolated").returncode == 1
    one_line(tflint(tmp_path, "check", "--baseline", "other.json"), "no such baseline: other.json")


def test_without_one_in_the_configuration_it_lies_beside_it(tmp_path: Path) -> None:
    """tflint-baseline.json is found from any folder that the configuration governs."""
    write_model(tmp_path / "models" / "m.tflite", TWO)
    (tmp_path / "tflint.toml").write_text("")

    assert tflint(tmp_path / "models", "check", "--write-baseline").returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["models", NAME, "tflint.toml"]
    assert tflint(tmp_path / "models", "check").returncode == 0
    assert tflint(tmp_path, "check", "models/m.tflite").returncode == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[" * 100_000, "not valid JSON"),
        ("[]", "its form is not that"),
        ("{}", "its form is not that"),
        ('{"schema_version": 2, "files": {}}', "version 2, and this tflint reads 1"),
        ('{"schema_version": 1, "files": []}', "its form is not that"),
        ('{"schema_version": 1, "files": {"a": [{"code": "TFL510"}]}}', "its form is not that"),
        ('{"schema_version": 1, "files": {"a": [{"code": 1, "fingerprint": "a", "count": 1, "message": ""}]}}', "form"),
        (
            '{"schema_version": 1, "files": {"a": [{"code": "A", "fingerprint": "a", "count": 0, "message": ""}]}}',
            "form",
        ),
    ],
)
def test_a_broken_baseline_is_a_line(tmp_path: Path, text: str, words: str) -> None:
    """What cannot be read is neither believed nor overwritten: exit code 2."""
    write_model(tmp_path / "m.tflite")
    (tmp_path / NAME).write_text(text)

    for arguments in ((), ("--write-baseline",), ("--prune-baseline",)):
        one_line(tflint(tmp_path, "check", *arguments), NAME, words)
        assert (tmp_path / NAME).read_text() == text


def test_bad_uses_are_lines(tmp_path: Path) -> None:
    """Pruning what is not there, both tasks at once, a place that cannot be written: exit code 2."""
    write_model(tmp_path / "m.tflite")
    one_line(tflint(tmp_path, "check", "--prune-baseline"), "no such baseline")
    one_line(tflint(tmp_path, "check", "--prune-baseline", "--write-baseline"), "leave out --prune-baseline")
    done = tflint(tmp_path, "check", "--write-baseline", "--baseline", "/dev/null/x.json")
    assert done.returncode == 2
    assert "cannot write" in done.stderr


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    """Where the new file cannot be written the old one stays."""
    write_model(tmp_path / "m.tflite", TWO)
    tflint(tmp_path, "check", "--write-baseline")
    old = (tmp_path / NAME).read_text()
    write_model(tmp_path / "m.tflite", FOUR)
    tmp_path.chmod(0o555)
    try:
        one_line(tflint(tmp_path, "check", "--write-baseline"), "cannot write")
    finally:
        tmp_path.chmod(0o755)
    assert (tmp_path / NAME).read_text() == old


def test_links_have_their_own_names(tmp_path: Path) -> None:
    """A model that is a link is known by the link's name, as git knows it; a folder may be reached by a link."""
    write_model(tmp_path / "store" / "0123.tflite", TWO)
    (tmp_path / "repo").mkdir()
    (tmp_path / "repo" / "m.tflite").symlink_to(tmp_path / "store" / "0123.tflite")
    (tmp_path / "also").symlink_to(tmp_path / "repo", target_is_directory=True)
    assert tflint(tmp_path / "repo", "check", "m.tflite", "--write-baseline").returncode == 0

    assert list(recorded(tmp_path / "repo" / NAME)) == ["m.tflite"]
    assert tflint(tmp_path, "check", "also/m.tflite", "--baseline", f"also/{NAME}").returncode == 0
    shutil.copytree(tmp_path / "repo", tmp_path / "elsewhere")
    assert tflint(tmp_path / "elsewhere", "check").returncode == 0
