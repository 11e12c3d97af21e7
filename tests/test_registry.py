"""The catalogue's rows, from an index or by importing a pack."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

import tflint.notices
from tflint import registry
from tflint.entry_points import OWN, EntryPoint
from tflint.registry import Entry, catalogue, index_of, rules_of


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
