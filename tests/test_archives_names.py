"""Names that look like others: a folder that ends in `!` is no archive, and suffixes are written in any case."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from archiving import FLAWED, archive
from running import findings, tflint
from tflint.artifacts.artifact import parted
from tflint.artifacts.paths import find

if TYPE_CHECKING:
    from pathlib import Path

FOLDERS = ("d!", "a.apk!")


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_that_ends_so_is_shown_as_it_is(tmp_path: Path, folder: str) -> None:
    """Each report points at the file that there is, and names no member."""
    (tmp_path / folder).mkdir()
    (tmp_path / folder / "m.tflite").write_bytes(FLAWED)

    def printed(kind: str) -> str:
        return tflint(tmp_path, "check", folder, "-f", kind).stdout

    assert f"::error file={folder}/m.tflite,line=1" in printed("github")
    assert " in m.tflite" not in printed("github")
    assert {issue["location"]["path"] for issue in json.loads(printed("gitlab"))} == {f"{folder}/m.tflite"}
    located = [result["locations"][0] for result in json.loads(printed("sarif"))["runs"][0]["results"]]
    uris = {each["physicalLocation"]["artifactLocation"]["uri"] for each in located}
    assert uris == {f"{folder}/m.tflite".replace("!", "%21")}


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_archive_in_such_a_folder_is_known(tmp_path: Path, folder: str) -> None:
    """A report points at it, one of its members can be named, and a lock and a baseline know it."""
    archive(tmp_path / folder / "b.zip", {"m.tflite": FLAWED})
    name = f"{folder}/b.zip!/m.tflite"

    assert {f["file"] for f in findings(tmp_path, name)} == {name}
    assert f"::error file={folder}/b.zip,line=1" in tflint(tmp_path, "check", name, "-f", "github").stdout
    assert tflint(tmp_path, "lock", name).returncode == 0
    assert tflint(tmp_path, "lock", folder, "--check").returncode == 0
    tflint(tmp_path, "check", name, "--write-baseline")
    assert list(json.loads((tmp_path / "tflint-baseline.json").read_text())["files"]) == [name]


def test_a_name_is_parted_at_its_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the first one, whether it is there or not, and of a URL too."""
    monkeypatch.chdir(tmp_path)
    for where, member in (
        ("m.tflite", ""),
        ("d!/m.tflite", ""),
        ("d!/a.apk", "b.zip!/m!/x.tflite"),
        ("s3://b/d!/A.ZIP", "m.tflite"),
    ):
        inside = "!/" if member else ""
        assert parted(f"{where}{inside}{member}") == (where, inside, member)


@pytest.mark.parametrize("by_git", [False, True])
def test_a_search_takes_suffixes_in_any_case(tmp_path: Path, by_git: bool) -> None:
    """A file system of Windows makes no difference, nor does a release from there, whoever lists the files."""
    if by_git:
        subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for name in ("M.TFLITE", "n.TfLite"):
        (tmp_path / name).write_bytes(FLAWED)
    archive(tmp_path / "C.AAR", {"x.tflite": FLAWED})

    found = find([tmp_path], lambda _: False)
    assert [artifact.name for artifact in found] == [
        f"{tmp_path}/{n}" for n in ("C.AAR!/x.tflite", "M.TFLITE", "n.TfLite")
    ]
