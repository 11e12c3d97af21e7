"""What a check makes of a file: it is read or not, and what is said of one that is no model or was not finished."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from acme import (
    MODEL,
    NEW,
    OLD,
    asking,
    file,
    heavy,
    nobody,
    ops,
    plan,
    refused,
    targets,
    tensors,
    whole,
)
from serving import serving
from tflint import sketch
from tflint.artifacts.artifact import Artifact, Part
from tflint.engine import check_file, said, unfinished, unreadable
from tflint.findings import hit
from tflint.model.path import Place

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_begun_is_told(tmp_path: Path) -> None:
    """Who hangs or takes long is known by it: reading, judging for each target, each rule that has something to do."""
    begun: list[str] = []
    (tmp_path / "m.tflite").write_bytes(sketch.build(MODEL))
    check_file(tmp_path / "m.tflite", plan(targets, refused, ops, heavy, nobody), begin=begun.append)

    assert begun == [
        "reading",
        "judging for litert-2.3.0",
        "ACM201",
        "ACM104",
        "finding the minimum runtimes",
    ]


def test_of_a_file_that_is_no_model_its_own_rules_speak() -> None:
    """The others are given nothing, and it is unsupported everywhere."""
    made = plan(file, whole, asking, tensors, targets, profiles=(OLD, NEW), assumed_target=True)
    one, another = unreadable("m", 3, "cut off", made), unreadable("m", 3, "cut off", made, 2)

    given: dict[str, Any] = {"graphs": None, "asked": {"a": 1, "b": 2}, "contracts": [], "weights": False}
    assert [(each.file, dict(each.data), each.targets) for each in one.findings] == [
        ("m", {"size": 3, "problem": "cut off", "where": 0}, ()),
        ("m", given, ()),
    ]
    assert another.findings[0].data["where"] == 2
    assert [tuple(each) for each in one.verdicts] == [
        (each.id, "unsupported", ("TFL901",), "load") for each in (OLD, NEW)
    ]
    assert (one.ran, one.assumed_target) == ({"ACM101": "file", "ACM301": "asking"}, True)


def test_of_a_check_that_did_not_finish_nothing_is_known() -> None:
    """It is unknown whether a target would run the file, and no rule has run."""
    made = plan(whole, profiles=(OLD, NEW), assumed_target=True)
    report = unfinished("m", "killed", made)

    assert [tuple(each) for each in report.verdicts] == [
        (each.id, "unknown", ("TFL001",), "unknown") for each in (OLD, NEW)
    ]
    (found,) = report.findings
    assert (found.rule.code, found.message, found.targets) == ("TFL001", "the check did not finish: killed", ())
    assert found.place == Place("/", "the file")
    assert (report.path, report.ran, report.assumed_target) == ("m", {}, True)
    assert said("TFL001", [hit(Place("/", "it"), problem="p")], plan(entries=()), "m") == ()


def codes_by_room(artifact: Artifact | Path, size: int) -> list[list[str]]:
    """What is said of a file of this size where so much may be read, and where it is a byte less."""
    found = [check_file(artifact, plan(file, max_file_size=size - less)).findings for less in (0, 1)]
    return [[each.rule.code for each in one] for one in found]


def test_a_file_may_be_too_large(tmp_path: Path) -> None:
    """By a byte it is, at its limit it is not."""
    data = sketch.build(MODEL)
    (tmp_path / "m.tflite").write_bytes(data)

    assert codes_by_room(tmp_path / "m.tflite", len(data)) == [["ACM101"], ["TFL001"]]


def test_a_server_is_asked_how_large_a_model_is() -> None:
    """Before it is read."""
    pytest.importorskip("fsspec")
    data = sketch.build(MODEL)
    with serving({"/m.tflite": data}) as server:
        assert codes_by_room(Artifact(f"{server.url}/m.tflite"), len(data)) == [["ACM101"], ["TFL001"]]


def test_a_file_has_a_name(tmp_path: Path) -> None:
    """Its path, or what it is to be called; a member of an archive has that of its archive before its own."""
    path = tmp_path / "m.zip"
    path.write_bytes(sketch.build(MODEL))
    member = Artifact(str(path), "in.tflite", (Part(0, path.stat().st_size, path.stat().st_size),))

    reports = [check_file(path, plan(file)), check_file(path, plan(file), "other"), check_file(member, plan(file))]
    names = [str(path), "other", f"{path}!/in.tflite"]
    assert [report.path for report in reports] == names
    assert [each.file for report in reports for each in report.findings] == names


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    """With its size, and where in it."""
    data = sketch.build(MODEL)
    (tmp_path / "m.tflite").write_bytes(data[:-300])
    (found,) = check_file(tmp_path / "m.tflite", plan(file)).findings

    assert found.data["size"] == len(data) - 300
    assert found.data["problem"]
    assert 0 < found.data["where"] < len(data)


def test_weights_of_a_url_are_fetched_where_rules_read_them() -> None:
    """However far into the file they lie."""
    pytest.importorskip("fsspec")
    zeros = ",".join(["1"] * 200_000)
    text = f"x: uint8[200000]\nc: uint8[200000] = const [{zeros}]\ny: uint8[200000] = ADD(x, c)\n"
    with serving({"/m.tflite": sketch.build(text)}) as server:
        (found,) = check_file(Artifact(f"{server.url}/m.tflite"), plan(heavy, deep=True)).findings

    assert found.data == {"sum": 200_000}
