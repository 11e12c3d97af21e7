"""Which rules run: prefixes, names, layers, preview, and rules that no file can silence."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from command import tflint
from models import EXAMPLES
from tflint.config.load import merged
from tflint.config.place import Origin
from tflint.errors import TflintError
from tflint.registry import catalogue, notices
from tflint.select import Selection, codes_of, options, severities

if TYPE_CHECKING:
    from pathlib import Path

POINTER = (EXAMPLES / "lfs_pointer.tflite").read_bytes()  # TFL901, an error of a mandatory rule
MANDATORY = {"TFL901", "TFL902", "TFL903", "TFL904", "TFL905", "TFL910"}
FILE, FLAG = Origin("tflint.toml", file=True), Origin("--select")


def running(*layers: tuple[Origin, dict[str, Any]], prefix: str = "TFL1") -> set[str]:
    """Codes with a prefix that run under these layers."""
    rules = catalogue()
    selection = Selection(rules, merged(layers))
    return {code for code, entry in rules.items() if code.startswith(prefix) and selection.of(entry).runs}


def findings(folder: Path, *arguments: str, **environment: str) -> list[tuple[str, str]]:
    """(code, severity) of what is found in m.tflite and not suppressed."""
    done = tflint("check", "m.tflite", "-f", "json", *arguments, cwd=folder, **environment)
    assert done.returncode in (0, 1), done.stderr
    return [
        (f["code"], f["severity"]) for f in json.loads(done.stdout)["files"][0]["findings"] if f["suppressed"] is None
    ]


def test_the_longest_selector_decides() -> None:
    """A prefix narrows another, ignore wins where both are as long, a name counts as a whole code, ALL as none."""
    whole = running()
    assert {"TFL101", "TFL102", "TFL108"} <= whole
    assert running((FILE, {"ignore": ("TFL10",)})) == {code for code in whole if not code.startswith("TFL10")}
    assert running((FILE, {"select": ("TFL101", "TFL9"), "ignore": ("TFL1",)})) == {"TFL101"}
    assert running((FILE, {"select": ("no-signature",), "ignore": ("ALL", "TFL10")})) == {"TFL101"}
    assert running((FILE, {"select": ("TFL101",), "ignore": ("no-signature",)})) == set()
    assert running((FILE, {"select": ("ALL",), "ignore": ("TFL",)})) == set()
    assert running((FILE, {"select": ("TFL2",), "extend_select": ("TFL108",)})) == {"TFL108"}
    assert running((FILE, {"select": ("T",), "ignore": ("ALL",)})) == whole
    with pytest.raises(TflintError, match="no rule ''"):
        running((FILE, {"select": ("",)}))


def test_what_the_checker_itself_says_runs_whatever_is_selected() -> None:
    """A crash is none of a rule's findings; whoever does not want to hear of it ignores it."""
    assert running((FILE, {"select": ("TFL101",)}), prefix="TFL00") == set(notices())
    assert running((FILE, {"ignore": ("TFL003",)}), prefix="TFL00") == set(notices()) - {"TFL003"}


def test_a_decision_names_the_selector_that_made_it() -> None:
    """The first where several fit as closely; a code, a name and a prefix are told apart."""
    rules = catalogue()

    def decided(code: str, values: dict[str, Any]) -> tuple[str, bool]:
        decision = Selection(rules, merged([(FILE, values)])).of(rules[code])
        return decision.why, decision.by_name(code)

    twice = {"select": ("TFL101",), "extend_select": ("TFL101", "no-signature")}
    assert decided("TFL101", twice) == ("selected by 'TFL101' (tflint.toml: select)", True)
    assert decided("TFL101", {"select": ("no-signature",)}) == (
        "selected by 'no-signature' (tflint.toml: select)",
        True,
    )
    assert decided("TFL101", {"select": ("TFL10",)}) == ("selected by 'TFL10' (tflint.toml: select)", False)
    assert decided("TFL101", {"select": ("TFL2",)}) == ("nothing selects it", False)
    assert decided("TFL901", {"ignore": ("TFL901",)}) == (
        "ignored by 'TFL901' (tflint.toml: ignore), but mandatory: its errors are reported",
        True,
    )


def test_a_selector_stands_for_codes() -> None:
    """In the order of the catalogue."""
    assert codes_of(catalogue(), "TFL00", "here") == sorted(notices())
    assert codes_of(catalogue(), "no-signature", "here") == ["TFL101"]
    with pytest.raises(TflintError, match=r"here: no rule 'no-signatur' \(did you mean 'no-signature'\?\)"):
        codes_of(catalogue(), "no-signatur", "here")


@pytest.mark.parametrize(
    ("file", "flags", "silent"),
    [
        ({"select": ("TFL901",), "ignore": ("TFL901",)}, {"ignore": ("TFL9",)}, True),
        ({"select": ("TFL9",), "ignore": ("TFL901",)}, {"ignore": ("ALL",)}, True),
        ({"ignore": ("TFL901",)}, {"extend_select": ("TFL901",), "ignore": ("TFL9",)}, False),
        ({"ignore": ("TFL901",)}, {"extend_select": ("TFL901",), "ignore": ("TFL901",)}, True),
        ({"ignore": ("TFL901",)}, {"ignore": ("TFL1",)}, False),
    ],
)
def test_of_a_mandatory_rule_only_what_people_say_counts(
    file: dict[str, Any], flags: dict[str, Any], silent: bool
) -> None:
    """What a file selects and ignores is left aside, and the longest of the flags decides."""
    assert ("TFL901" not in running((FILE, file), (FLAG, flags), prefix="TFL901")) == silent


def test_the_longest_selector_sets_the_severity() -> None:
    """Of two that fit as closely the later one does; ALL is the shortest there is."""
    rules = catalogue()

    def of(code: str, **levels: str) -> str:
        return severities(rules, merged([(FILE, {"severity": levels})]))[0][code].value

    assert of("TFL104", TFL1="info", TFL104="warning", TFL10="error") == "warning"
    assert of("TFL101", **{"TFL101": "info", "no-signature": "error"}) == "error"
    assert of("TFL101", ALL="info") == "info"
    assert of("TFL101", TFL="error", ALL="info") == "error"
    levels, fixed = severities(rules, merged([(FILE, {"severity": {"TFL1": "info", "TFL901": "info"}})]))
    assert {code for code in levels if not code.startswith("TFL1")} == fixed == {"TFL901"}


def test_options_are_those_of_a_code_or_a_name() -> None:
    """Written with dashes; those of a rule whose pack is broken are passed over, and the next are read."""
    rules = catalogue()
    broken = rules["TFL101"]._replace(code="ACM101", name="broken", module="not_there_at_all", pack="acme")
    given = {"broken": {"x": 1}, "too-many-outputs": {"max-outputs": 3}, "shape-arithmetic-overhead": {"min-ops": 2}}
    found = options({**rules, "ACM101": broken}, merged([(FILE, {"rules": given})]))
    assert found == {"TFL108": {"max_outputs": 3}, "TFL404": {"min_ops": 2}}


def test_a_layer_that_selects_starts_afresh() -> None:
    """What a farther layer ignores is forgotten; without a select, ignores add up."""
    far = (FILE, {"select": ("TFL1",), "ignore": ("TFL101",), "extend_select": ("TFL108",)})

    assert running(far, (FLAG, {"select": ("TFL101",)})) == {"TFL101"}
    assert not {"TFL101", "TFL102"} & running(far, (FLAG, {"ignore": ("TFL102",)}))


def test_preview_rules_run_when_asked_for() -> None:
    """By --preview, or when selected by the whole code or name; not by a prefix."""
    rules = {code: entry._replace(status="preview") for code, entry in catalogue().items()}

    def runs(values: dict[str, Any]) -> bool:
        return Selection(rules, merged([(FILE, values)])).of(rules["TFL101"]).runs

    assert not runs({})
    assert not runs({"select": ("TFL10",)})
    assert runs({"preview": True})
    assert runs({"select": ("TFL101",)})
    assert runs({"extend_select": ("no-signature",)})


def test_mandatory_rules_are_those_of_files_that_make_runtimes_crash() -> None:
    """No other rule is."""
    assert {code for code, entry in catalogue().items() if entry.mandatory and code > "TFL1"} == MANDATORY


@pytest.mark.parametrize(
    "text",
    [
        'select = ["TFL1"]',
        'ignore = ["TFL901"]',
        'ignore = ["ALL"]',
        'severity.TFL901 = "info"',
        'severity.TFL = "info"',
        '[per-file-ignores]\n"*" = ["TFL901"]',
        '[[suppress]]\npath = "*"\nrule = "TFL901"\nreason = "we know"',
    ],
)
def test_no_file_silences_an_error_of_a_mandatory_rule(tmp_path: Path, text: str) -> None:
    """Whatever a tflint.toml says, a Git LFS pointer fails the run."""
    (tmp_path / "m.tflite").write_bytes(POINTER)
    (tmp_path / "tflint.toml").write_text(text)

    assert findings(tmp_path) == [("TFL901", "error")]
    assert tflint("check", cwd=tmp_path).returncode == 1


def test_a_person_silences_a_mandatory_rule(tmp_path: Path) -> None:
    """Flags and the environment can; so can a file by leaving the model out altogether."""
    (tmp_path / "m.tflite").write_bytes(POINTER)
    (tmp_path / "tflint.toml").write_text('select = ["TFL"]\n')

    assert findings(tmp_path, "--ignore", "TFL901") == []
    assert findings(tmp_path, "--ignore", "TFL") == []
    assert findings(tmp_path, "--select", "TFL1") == []
    assert findings(tmp_path, TFLITE_LINT_IGNORE="TFL9") == []
    assert findings(tmp_path, "--config", 'severity.TFL901 = "info"') == [("TFL901", "info")]
    (tmp_path / "tflint.toml").write_text('exclude = ["m.tflite"]\n')
    assert "no .tflite file found" in tflint("check", cwd=tmp_path).stderr


def test_a_file_silences_rules_for_some_models(tmp_path: Path) -> None:
    """All that a selector stands for, where the glob matches and nowhere else; the reason is where it was set."""
    (tmp_path / "m.tflite").write_bytes((EXAMPLES / "no_signature.tflite").read_bytes())
    config = tmp_path / "tflint.toml"
    config.write_text('[per-file-ignores]\n"other*" = ["TFL1"]\n')
    assert "TFL101" in dict(findings(tmp_path))

    config.write_text('[per-file-ignores]\n"m*" = ["TFL2", "TFL1"]\n')
    assert "TFL101" not in dict(findings(tmp_path))
    document = json.loads(tflint("check", "m.tflite", "-f", "json", cwd=tmp_path).stdout)
    reasons = {f["code"]: f["suppressed"] for f in document["files"][0]["findings"]}
    assert reasons["TFL101"] == "per-file-ignores 'm*' (tflint.toml)"


def test_less_than_an_error_of_a_mandatory_rule_may_be_silenced(tmp_path: Path) -> None:
    """A warning of TFL910 is ignored by a file as any other is, and its severity is set as any other is."""
    from tflint import sketch  # noqa: PLC0415 - one test builds a model

    (tmp_path / "m.tflite").write_bytes(
        sketch.build("x: float32[4]\ny: float32[4] = ADD(x, x) options=Conv2DOptions stride_w=1 stride_h=1\n")
    )
    config = tmp_path / "tflint.toml"
    config.write_text("")
    assert dict(findings(tmp_path))["TFL910"] == "warning"

    config.write_text('ignore = ["TFL910"]')
    assert "TFL910" not in dict(findings(tmp_path))
    config.write_text('severity.TFL910 = "info"')
    assert dict(findings(tmp_path))["TFL910"] == "info"
