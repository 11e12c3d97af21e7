"""An archive that ships to phones and cannot be read is a finding, also where a folder is searched."""

from __future__ import annotations

import subprocess
import zipfile
from typing import TYPE_CHECKING

import pytest

from archiving import CLEAN, FLAWED, archive
from running import findings, tflint
from tflint.artifacts.archives import models_in
from tflint.artifacts.paths import find

if TYPE_CHECKING:
    from pathlib import Path

NO_ZIP = "no zip archive that can be read: File is not a zip file"
EMPTY = "an archive without a TFLite model"
NOISE = bytes(range(128, 256)) * 40
SHIPS = (".apk", ".aab", ".aar", ".task")


def told(path: Path) -> dict[str, str]:
    """What a search finds in a folder, and what is wrong with it."""
    return {artifact.name.removeprefix(f"{path}/"): artifact.problem for artifact in find([path], lambda _: False)}


@pytest.mark.parametrize("suffix", SHIPS)
def test_a_damaged_archive_does_not_vanish_from_a_search(tmp_path: Path, suffix: str) -> None:
    """One that was cut off, that is noise, that is empty: each fails the run, as a damaged model does."""
    whole = archive(tmp_path / "whole", {"m.tflite": FLAWED}).read_bytes()
    (tmp_path / "whole").unlink()
    damaged = {"cut": (whole[: len(whole) // 2], NO_ZIP), "noise": (NOISE, NO_ZIP), "none": (b"", "the file is empty")}
    for name, (data, _) in damaged.items():
        (tmp_path / f"{name}{suffix}").write_bytes(data)

    assert told(tmp_path) == {f"{name}{suffix}": problem for name, (_, problem) in damaged.items()}
    done = tflint(tmp_path, "check", "-f", "concise")
    assert done.returncode == 1
    assert done.stdout.count("error TFL901") == 3


def test_what_is_no_such_archive_is_passed_over_in_a_search(tmp_path: Path) -> None:
    """One that reads and holds no model; notes; packages of Alpine's and archives of Apple's, called alike."""
    archive(tmp_path / "a.apk", {"classes.dex": b"dex"})
    archive(tmp_path / "b.aar", {})
    (tmp_path / "c.task").write_text("a note of what is to be done")
    for name, magic in (("d.apk", b"\x1f\x8b\x08"), ("e.apk", b"ADBd"), ("f.aar", b"pbze"), ("g.aar", b"AA01")):
        (tmp_path / name).write_bytes(magic + NOISE)

    assert told(tmp_path) == {}
    assert [artifact.problem for artifact in find([tmp_path / "d.apk"], lambda _: False)] == [
        "a gzip archive: unpack it"
    ]


def test_what_was_not_downloaded_is_told(tmp_path: Path) -> None:
    """A pointer of Git LFS and a page of HTML, by what they are; text that is to be an application too."""
    for name, text in (("a.apk", "version https://git-lfs.github.com/spec/v1\n"), ("b.aar", "<html>"), ("c.apk", "x")):
        (tmp_path / name).write_text(text)

    assert [problem[:17] for problem in told(tmp_path).values()] == [
        "a Git LFS pointer",
        "an HTML page: the",
        "a text file, not ",
    ]


def test_an_archive_with_bytes_in_front_is_read(tmp_path: Path) -> None:
    """As Python's zipfile reads it, whatever the bytes are; a model with metadata behind it stays a model."""
    whole = archive(tmp_path / "whole", {"m.tflite": FLAWED}, zipfile.ZIP_DEFLATED).read_bytes()
    (tmp_path / "a.apk").write_bytes(b"#!/bin/sh\n" + whole)
    (tmp_path / "b.apk").write_bytes(NOISE + whole)
    (tmp_path / "c.task").write_bytes(CLEAN + whole)

    assert told(tmp_path) == {"a.apk!/m.tflite": "", "b.apk!/m.tflite": "", "c.task": ""}
    assert {f["file"] for f in findings(tmp_path, "a.apk")} == {"a.apk!/m.tflite"}


@pytest.mark.parametrize(
    ("name", "data", "problem"),
    [
        ("a.zip", b"PK\x05\x06" + bytes(18), EMPTY),
        ("a.zip", NOISE, NO_ZIP),
        ("a.whl", b"PK\x03\x04" + NOISE, NO_ZIP),
        ("a.tgz", NOISE, "no tar.gz archive that can be read: Not a gzipped file"),
        ("a.tar.gz", b"\x1f\x8b\x08", "no tar.gz archive that can be read: "),
        ("a.litertlm", NOISE, "no .litertlm file: it begins with "),
        ("a.zip", b"\x89HDF" + NOISE, "an HDF5 file"),
    ],
)
def test_what_is_wrong_with_an_archive_is_said(tmp_path: Path, name: str, data: bytes, problem: str) -> None:
    """By the kind of archive that its name promises, and not by the identifier of a model; found by a glob too."""
    (tmp_path / name).write_bytes(data)

    for named in (True, False):
        found = models_in(str(tmp_path / name), named=named)
        passed_over = not named and problem == EMPTY
        assert [artifact.problem[: len(problem)] for artifact in found] == ([] if passed_over else [problem])


def test_a_damaged_archive_in_an_archive_is_told(tmp_path: Path) -> None:
    """What ships to phones, in a release that is a zip archive; text that is called a task is passed over there too."""
    members = {
        "app.apk": NOISE,
        "none.aar": b"",
        "notes.task": b"what is to be done",
        "data.zip": NOISE,
        "m.tflite": CLEAN,
    }
    path = archive(tmp_path / "all.zip", members)

    assert {artifact.member: artifact.problem for artifact in find([path], lambda _: False)} == {
        "app.apk": NO_ZIP,
        "none.aar": NO_ZIP,
        "m.tflite": "",
    }


def test_a_damaged_archive_in_a_checkout_is_told(tmp_path: Path) -> None:
    """Where git lists what there is too."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    (tmp_path / "a.apk").write_bytes(NOISE)

    assert told(tmp_path) == {"a.apk": NO_ZIP}
