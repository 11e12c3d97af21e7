"""The plan of a model: what its configuration, and a sidecar beside it, come to."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from tflint.artifacts.artifact import Artifact
from tflint.config.hierarchy import Hierarchy
from tflint.config.load import merged
from tflint.config.place import Origin
from tflint.config.settings import Suppression
from tflint.errors import TflintError
from tflint.findings import Severity
from tflint.patterns import Glob
from tflint.plans import Plans, make
from tflint.registry import catalogue

if TYPE_CHECKING:
    from pathlib import Path

    from tflint.engine import Plan

FILE, FLAG = Origin("tflint.toml", file=True), Origin("--config")
MANDATORY = "TFL901"
WEIGHTS = "TFL702"  # a rule that reads them
OLD = Glob("old/*", "/models")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty one, which is the current one; no configuration is found above it."""
    (tmp_path / "tflint.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def planned(values: dict[str, Any], origin: Origin = FILE) -> Plan:
    """The plan that these settings ask for."""
    return make(merged([(origin, values)]), catalogue())


def suppress(path: Path, reason: str, *keys: str) -> None:
    """Write a suppression into a configuration or sidecar."""
    path.write_text("\n".join(["[[suppress]]", "rule = 'TFL510'", f"reason = '{reason}'", *keys, ""]))


def reasons(plan: Plan) -> list[str]:
    """Of its suppressions."""
    return [each.reason for each, _ in plan.suppressions]


def test_one_configuration_is_one_plan(folder: Path) -> None:
    """Models that it governs share it; those of another have their own; that of the run is of where one stands."""
    (folder / "sub").mkdir()
    (folder / "sub" / "tflint.toml").write_text("target = 'tflite-2.12'")
    plans = Plans(Hierarchy())
    a, b, other = (plans.of(Artifact(name)) for name in ("a.tflite", "b.tflite", "sub/a.tflite"))

    assert a is b is plans.run
    assert [[each.id for each in plan.profiles] for plan in (a, other)] == [["litert-2.3.0"], ["tflite-2.12"]]


def test_a_mistake_in_the_configuration_of_the_run_is_one_without_models(folder: Path) -> None:
    """Nothing has to be checked for it to be said."""
    (folder / "tflint.toml").write_text("ignore = ['TFL599']")

    with pytest.raises(TflintError, match="no rule 'TFL599'"):
        Plans(Hierarchy())


def test_a_sidecar_adds_to_the_plan_of_its_model(folder: Path) -> None:
    """Its suppressions come behind those of the configuration, for that model alone; the plan is made once."""
    suppress(folder / "tflint.toml", "far", "path = '*'")
    suppress(folder / "m.tflite.toml", "near")
    suppress(folder / "n.tflite.toml", "other")
    plans = Plans(Hierarchy())
    m, n, without = (plans.of(Artifact(f"{name}.tflite")) for name in "mnx")

    assert [reasons(plan) for plan in (m, n, without)] == [["far", "near"], ["far", "other"], ["far"]]
    assert m.entries is without.entries
    assert plans.of(Artifact("m.tflite")) is m


def test_isolated_no_sidecar_is_read(folder: Path) -> None:
    """Not even one that is wrong."""
    (folder / "m.tflite.toml").write_text("wrong")

    assert reasons(Plans(Hierarchy(isolated=True)).of(Artifact("m.tflite"))) == []


@pytest.mark.skipif(sys.platform == "win32", reason="no folder has such a name there")
def test_a_url_has_no_sidecar(folder: Path) -> None:
    """Not even where a folder is named as if it were one's host."""
    (folder / "https:" / "host").mkdir(parents=True)
    suppress(folder / "https:" / "host" / "m.tflite.toml", "beside nothing")

    assert reasons(Plans(Hierarchy()).of(Artifact("https://host/m.tflite"))) == []


@pytest.mark.usefixtures("folder")
def test_tracebacks_are_for_who_asks() -> None:
    """With -v plans are verbose, and else they are not."""
    assert [Plans(Hierarchy()).run.verbose, Plans(Hierarchy(), verbose=True).run.verbose] == [False, True]
    assert not planned({}).verbose


def test_models_are_judged_against_each_target_once() -> None:
    """By whatever names it was given; without one against the newest LiteRT, and that nobody named it is known."""
    named, unnamed = planned({"target": ("litert-2.3.0", "tflite-2.12", "litert")}), planned({})

    assert [each.id for each in named.profiles] == ["litert-2.3.0", "tflite-2.12"]
    assert [each.id for each in unnamed.profiles] == ["litert-2.3.0"]
    assert (named.assumed_target, unnamed.assumed_target) == (False, True)


def test_what_a_file_silences_of_a_mandatory_rule_is_no_error() -> None:
    """The rule runs for its errors, which keep their severity; what a flag says holds for these too."""
    ignored, changed = {"ignore": (MANDATORY, "TFL101")}, {"severity": {MANDATORY: "info", "TFL101": "error"}}

    by_file, by_flag = planned(ignored), planned(ignored, FLAG)
    assert [set(plan.errors_only) for plan in (by_file, by_flag)] == [{MANDATORY}, set()]
    assert [{entry.code for entry in plan.entries} & {MANDATORY, "TFL101"} for plan in (by_file, by_flag)] == [
        {MANDATORY},
        set(),
    ]
    by_file, by_flag = planned(changed), planned(changed, FLAG)
    assert [set(plan.errors_fixed) for plan in (by_file, by_flag)] == [{MANDATORY}, set()]
    assert by_file.severities == {MANDATORY: Severity.INFO, "TFL101": Severity.ERROR}


def test_a_plan_has_what_settings_say_of_rules_and_files() -> None:
    """Options, what is silenced and where, and the largest file that is read."""
    one = Suppression(path=OLD, rule="TFL510", reason="why")
    plan = planned(
        {
            "rules": {"TFL108": {"max-outputs": 3}},
            "per_file_ignores": {OLD: ("TFL101",)},
            "suppress": (one,),
            "max_file_size": 5,
        }
    )

    assert plan.options == {"TFL108": {"max_outputs": 3}}
    assert plan.per_file_ignores == ((OLD, {"TFL101": "per-file-ignores 'old/*' (tflint.toml)"}),)
    assert plan.suppressions == ((one, frozenset({"TFL510"})),)
    assert plan.max_file_size == 5


def test_rules_that_read_weights_wait_for_deep_where_they_are_named() -> None:
    """Not those that a prefix selects, nor any that is ignored, nor those that read none."""
    named = {"extend_select": (WEIGHTS, "TFL101")}

    assert planned(named).waiting == (WEIGHTS,)
    assert planned({"extend_select": ("compressible-weights",)}).waiting == ("TFL802",)
    assert planned({}).waiting == planned({"ignore": (WEIGHTS,)}).waiting == ()
    deep = planned({**named, "deep": True})
    assert (deep.waiting, deep.deep, planned(named).deep) == ((), True, False)
