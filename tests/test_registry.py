"""The catalogue's rows, from an index or by importing a pack."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

import tflint.notices
from tflint import registry
from tflint.entry_points import OWN, EntryPoint, entry_points
from tflint.registry import Entry, catalogue, index_of, rules_of

if TYPE_CHECKING:
    from pathlib import Path


def test_an_index_has_all_but_the_code_and_the_pack() -> None:
    """Of each rule, by code; an entry made of a row is that of the rule itself."""
    index = index_of(tflint.notices)
    assert index == tflint.notices.INDEX
    assert list(index) == sorted(index)
    entry = catalogue()["TFL902"]
    assert entry == Entry(entry.code, *entry.row, entry.pack) == Entry.of(entry.load(), "core")


def test_a_rule_that_two_modules_have_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that imports another's rule does not bring it again."""
    rule = catalogue()["TFL101"].load()
    pack = ModuleType("borrowed")
    vars(pack).update(one=rule, two=rule)
    assert list(rules_of(pack)) == [rule]
    monkeypatch.setitem(sys.modules, "borrowed", pack)
    assert [entry.code for entry in registry._pack(EntryPoint("acme", "borrowed", "acme"))] == ["TFL101"]


def test_the_own_pack_has_to_be_there() -> None:
    """Without its rules nothing would be found: that is no warning."""
    with pytest.raises(ModuleNotFoundError, match="not_there_at_all"):
        registry._pack(EntryPoint("core", "not_there_at_all", OWN))


def test_a_pack_that_is_installed_while_the_process_runs_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What distributions have is read once, and again when one of their folders has changed; the first by name wins."""
    monkeypatch.setattr(sys, "path", [str(tmp_path), str(tmp_path / "not there"), *sys.path])
    before = entry_points("tflint.rules")
    for name in ("acme-2.0.dist-info", "acme-1.0.dist-info", "broken-1.0.dist-info", "other-1.0.dist-info"):
        (tmp_path / name).mkdir()
    (tmp_path / "acme-1.0.dist-info" / "entry_points.txt").write_text("[tflint.rules]\nacme = acme_pack\n")
    (tmp_path / "acme-2.0.dist-info" / "entry_points.txt").write_text("[tflint.rules]\nnewer = acme_pack\n")
    (tmp_path / "broken-1.0.dist-info" / "entry_points.txt").write_bytes(b"[tflint.rules]\n\xff = x\n")
    (tmp_path / "other-1.0.dist-info" / "entry_points.txt").write_text("[console_scripts]\ntflint.rules = x\n")

    found = entry_points("tflint.rules")
    assert [point for point in found if point not in before] == [EntryPoint("acme", "acme_pack", "acme")]
    assert entry_points("tflint.rules") == found
    assert found[0].own
