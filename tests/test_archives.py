"""Archives that ship models are looked into: each member is checked as if it were a file."""

from __future__ import annotations

import json
import mmap
import os
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from archiving import CLEAN, FLAWED, archive
from models import EXAMPLES
from running import brief, findings, one_line, tflint
from tflint.__main__ import run
from tflint.artifacts.artifact import Artifact
from tflint.artifacts.paths import find
from tflint.model.opened import opened

if TYPE_CHECKING:
    from pathlib import Path


def names(*paths: Path | str) -> list[str]:
    """What a run would check."""
    return [artifact.name for artifact in find(paths, lambda _: False)]


@pytest.mark.parametrize("packing", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_member_is_checked_as_a_file_is(tmp_path: Path, packing: int) -> None:
    """Findings are those of the same model as a file, but for the name, which says where it is."""
    (tmp_path / "m.tflite").write_bytes(FLAWED)
    archive(tmp_path / "app.apk", {"assets/m.tflite": FLAWED, "classes.dex": b"dex\n" * 100}, packing)

    alone, inside = findings(tmp_path, "m.tflite"), findings(tmp_path, "app.apk")

    assert inside == [{**each, "file": "app.apk!/assets/m.tflite"} for each in alone]
    assert [code for code, *_ in brief(inside)] == ["TFL212", "TFL510"]


def test_a_stored_member_is_not_copied(tmp_path: Path) -> None:
    """It is a slice of the mapped archive."""
    path = archive(tmp_path / "app.apk", {"classes.dex": b"x", "assets/m.tflite": CLEAN})
    [artifact] = find([path], lambda _: False)

    data = opened(artifact)

    assert isinstance(data, memoryview)
    assert isinstance(data.obj, mmap.mmap)
    assert data == CLEAN


def test_a_model_is_known_by_its_bytes(tmp_path: Path) -> None:
    """Bundles name members without a suffix; and what has the suffix and is no model is told."""
    path = archive(tmp_path / "llm.task", {"TF_LITE_PREFILL_DECODE": CLEAN, "TOKENIZER": b"text", "bad.tflite": b"no"})

    assert names(path) == [f"{path}!/TF_LITE_PREFILL_DECODE", f"{path}!/bad.tflite"]
    assert [(f["file"], f["code"]) for f in findings(tmp_path, "llm.task")] == [("llm.task!/bad.tflite", "TFL901")]


def test_a_search_looks_into_what_comes_to_phones(tmp_path: Path) -> None:
    """Not into every zip archive, and it is silent about those without a model."""
    archive(tmp_path / "a.aar", {"assets/m.tflite": CLEAN})
    archive(tmp_path / "b.apk", {"classes.dex": b"dex"})
    archive(tmp_path / "c.zip", {"m.tflite": CLEAN})
    (tmp_path / "d.task").write_text("a note of what is to be done")
    (tmp_path / "e.task").write_bytes(CLEAN)
    (tmp_path / "f.task").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n")

    assert names(tmp_path) == [str(tmp_path / name) for name in ("a.aar!/assets/m.tflite", "e.task", "f.task")]
    assert "TFL901 a Git LFS pointer" in tflint(tmp_path, "check", "-f", "concise").stdout


def test_an_archive_in_a_checkout_is_found(tmp_path: Path) -> None:
    """Where git lists what there is, it lists archives too."""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    archive(tmp_path / "libs" / "a.aar", {"assets/m.tflite": CLEAN})
    archive(tmp_path / "build" / "b.apk", {"assets/m.tflite": CLEAN})
    (tmp_path / ".gitignore").write_text("build/\n")

    assert names(tmp_path) == [f"{tmp_path / 'libs' / 'a.aar'}!/assets/m.tflite"]


def test_a_named_archive_without_a_model_is_told(tmp_path: Path) -> None:
    """A release that has lost its model does not pass."""
    archive(tmp_path / "app.apk", {"classes.dex": b"dex"})
    done = tflint(tmp_path, "check", "app.apk", "-f", "concise")

    assert done.returncode == 1
    assert "app.apk: error TFL901 an archive without a TFLite model" in done.stdout


def test_an_archive_in_an_archive(tmp_path: Path) -> None:
    """Its members have both paths; it may be packed itself."""
    inner = archive(tmp_path / "app.apk", {"assets/m.tflite": FLAWED})
    archive(tmp_path / "all.zip", {"app.apk": inner.read_bytes(), "n.tflite": CLEAN}, zipfile.ZIP_DEFLATED)

    assert names(tmp_path / "all.zip") == [f"{tmp_path}/all.zip!/{m}" for m in ("app.apk!/assets/m.tflite", "n.tflite")]
    assert {f["file"] for f in findings(tmp_path, "all.zip")} == {"all.zip!/app.apk!/assets/m.tflite"}


def test_a_member_can_be_named(tmp_path: Path) -> None:
    """It alone is looked at, by every command that reads a model; one that is not there is a mistake."""
    archive(tmp_path / "app.apk", {"a.tflite": FLAWED, "b.tflite": CLEAN})
    (tmp_path / "a.tflite").write_bytes(FLAWED)

    assert {f["file"] for f in findings(tmp_path, "app.apk!/a.tflite")} == {"app.apk!/a.tflite"}
    assert tflint(tmp_path, "show", "app.apk!/a.tflite").stdout == tflint(tmp_path, "show", "a.tflite").stdout
    facts = json.loads(tflint(tmp_path, "inspect", "app.apk!/b.tflite", "-f", "json").stdout)
    assert (facts["path"], facts["size"]) == ("app.apk!/b.tflite", len(CLEAN))
    assert "identical" in tflint(tmp_path, "diff", "a.tflite", "app.apk!/a.tflite").stdout
    one_line(tflint(tmp_path, "check", "app.apk!/c.tflite"), "app.apk: no model 'c.tflite' in it")
    one_line(tflint(tmp_path, "show", "app.apk"), "2 models", "app.apk!/a.tflite, app.apk!/b.tflite")
    one_line(tflint(tmp_path, "show", "none.apk!/a.tflite"), "no such file or folder")


def test_sections_of_a_litertlm_file_are_members(tmp_path: Path) -> None:
    """Those that are models, by the names that `litert-lm-peek` gives what it dumps."""
    builder = pytest.importorskip("litert_lm_builder.litertlm_builder")
    made = builder.LitertLmFileBuilder()
    made.add_system_metadata(builder.Metadata(key="Authors", value="tflint", dtype=builder.DType.STRING))
    made.add_tflite_model(str(EXAMPLES / "bad_scale.tflite"), builder.TfLiteModelType.PREFILL_DECODE)
    made.add_tflite_model(str(EXAMPLES / "clean.tflite"), builder.TfLiteModelType.EMBEDDER)
    with (tmp_path / "llm.litertlm").open("wb") as file:
        made.build(file)
    kinds = ("0_TFLiteModel_tf_lite_prefill_decode", "1_TFLiteModel_tf_lite_embedder")

    assert names(tmp_path) == [f"{tmp_path}/llm.litertlm!/Section{kind}.tflite" for kind in kinds]
    assert brief(findings(tmp_path, "llm.litertlm")) == [("TFL212", 1, None), ("TFL510", 1, None)]
    whole = (tmp_path / "llm.litertlm").read_bytes()
    for data in (whole[:20], whole[:40], whole[:8] + b"\2" + whole[9:], whole[:24] + bytes(8) + whole[32:]):
        (tmp_path / "llm.litertlm").write_bytes(data)
        assert [artifact.problem != "" for artifact in find([tmp_path], lambda _: False)] == [True]


def test_a_tar_archive_is_read_as_a_stream(tmp_path: Path) -> None:
    """Files are members; links and devices are none."""
    with tarfile.open(tmp_path / "m.tar.gz", "w:gz") as tar:
        for name, kind in (("link.tflite", tarfile.SYMTYPE), ("device.tflite", tarfile.CHRTYPE)):
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            tar.addfile(entry)
        for name in ("./bad_scale.tflite", "d/clean.tflite"):
            tar.add(EXAMPLES / name.rpartition("/")[2], name)

    assert names(tmp_path / "m.tar.gz") == [f"{tmp_path}/m.tar.gz!/{m}" for m in ("bad_scale.tflite", "d/clean.tflite")]
    assert brief(findings(tmp_path, "m.tar.gz")) == [("TFL212", 1, None), ("TFL510", 1, None)]
    whole = (tmp_path / "m.tar.gz").read_bytes()
    for length in (*range(10, len(whole) - 100, 50), *range(len(whole) - 100, len(whole))):
        (tmp_path / "m.tar.gz").write_bytes(whole[:length])
        assert [artifact.problem != "" for artifact in find([tmp_path / "m.tar.gz"], lambda _: False)] == [True]


def test_an_artifact_travels(tmp_path: Path) -> None:
    """Processes of a pool give the reports that one process gives."""
    for number in range(4):
        archive(tmp_path / f"{number}.apk", {"a.tflite": FLAWED, "b.tflite": CLEAN, "c.tflite": FLAWED})

    assert findings(tmp_path, "--jobs", 2) == findings(tmp_path, "--jobs", 1)
    assert Artifact("a.zip", "m").name == "a.zip!/m"


def test_a_file_that_may_not_be_read_is_a_mistake(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Named, it ends the run; a link that leads nowhere is a finding."""
    path = archive(tmp_path / "a.apk", {"m.tflite": CLEAN})
    (tmp_path / "gone.apk").symlink_to("nowhere")
    monkeypatch.setattr(os, "access", lambda *_: False)

    assert run(["check", str(path)]) == 2
    assert capsys.readouterr().err == f"tflint: error: not readable: {path}\n"
    assert names(tmp_path / "gone.apk") == [str(tmp_path / "gone.apk")]


def test_fix_writes_local_files_only(tmp_path: Path) -> None:
    """Members and URLs are refused in one line."""
    archive(tmp_path / "a.apk", {"m.tflite": FLAWED})
    for name in ("a.apk!/m.tflite", "https://tflint.invalid/m.tflite"):
        one_line(tflint(tmp_path, "fix", name), "tflint fix writes local files only")
