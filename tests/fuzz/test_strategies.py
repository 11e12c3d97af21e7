"""Models that Hypothesis makes up: what is written is read back, what is sound loads, what is not gives findings."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fuzz_check import WholeCheck
from litert_child import Runtime
from models import ROOT
from strategies import damaged, graphs, plain, tables, written
from tflint import sketch
from tflint.findings import Report
from tflint.model.flatbuf import Reader
from tflint.model.read import decode
from tflint.report import Style, render
from tflint.runtimes.profile import resolve
from tflint.runtimes.verdict import judge

LITERT = "litert-2.3.0"
CHECKER = WholeCheck()
RUNTIME = Runtime()
SCHEMA = Draft202012Validator(json.loads((ROOT / "docs" / "report.schema.json").read_text()))
UNHURRIED = settings(deadline=None, suppress_health_check=list(HealthCheck))
FEW, MANY = settings(UNHURRIED, max_examples=15), settings(UNHURRIED, max_examples=2000)
META = ("ModelMetadata", "SubGraphMetadata", "ConversionMetadata")


def read_back(table: dict[str, Any], name: str) -> None:
    read = Reader(written(table, name)).root(name)

    assert plain(name, read) == plain(name, table)


def sound(text: str) -> None:
    data = sketch.build(text)
    model = decode(data)
    report = CHECKER.check(data)
    broken = [f.rule.code for f in report.findings if f.rule.code.startswith("TFL9") and str(f.severity) == "error"]

    assert broken == []
    assert judge(model, resolve(LITERT)).value == "supported", text
    assert RUNTIME.run(data).stage == "ok", text
    shown = sketch.show(model)
    assert sketch.show(decode(sketch.build(shown))) == shown


def told(data: bytes) -> None:
    report = Report((CHECKER.check(data),), (LITERT,))

    SCHEMA.validate(json.loads(render("json", report, Style(color="never"))))
    assert all(json.loads(line) for line in render("json-lines", report, Style(color="never")).splitlines())


def structure(table: dict[str, Any]) -> None:
    outcome = RUNTIME.run(written(table))

    assert outcome.stage != "verifier", outcome


@given(tables())
@FEW
def test_what_is_written_is_read_back(table: dict[str, Any]) -> None:
    """Every table of the schema, with any values, comes back as it was."""
    read_back(table, "Model")


@given(st.sampled_from(META).flatmap(lambda name: st.tuples(tables(name), st.just(name))))
@FEW
def test_tables_of_metadata_are_read_back(case: tuple[dict[str, Any], str]) -> None:
    """So do the tables of TFLite Metadata and of the converter's."""
    read_back(*case)


@given(tables())
@FEW
def test_what_is_written_passes_the_structure_verifier(table: dict[str, Any]) -> None:
    """LiteRT finds no fault in the structure of a file, whatever it makes of its sense."""
    structure(table)


@given(tables())
@FEW
def test_any_tables_give_findings(table: dict[str, Any]) -> None:
    """No rule raises on a model without any sense, and its report keeps to the schema."""
    told(written(table))


@given(graphs())
@FEW
def test_sound_models_load(text: str) -> None:
    """What is called supported is constructed and allocated by LiteRT, and its text builds a file of the same text."""
    sound(text)


@given(damaged())
@FEW
def test_damaged_models_give_findings(data: bytes) -> None:
    """No rule raises on a model that nearly has sense, and its report keeps to the schema."""
    told(data)


@pytest.mark.slow
@given(tables(), graphs(), damaged())
@MANY
def test_many_of_each(table: dict[str, Any], text: str, data: bytes) -> None:
    """The same, many times."""
    read_back(table, "Model")
    structure(table)
    told(written(table))
    sound(text)
    told(data)
