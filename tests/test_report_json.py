"""The JSON report: documented keys, strict JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from models import EXAMPLES, ROOT
from reporting import (
    HOSTILE,
    PLAIN,
    TWO_OPS,
    corpus,
    examples,
    hostile,
    linted,
    odd_data,
    report,
    sarif_run,
    strict,
    surrogates,
    tensor_named,
)
from tflint.report import render

SCHEMA = json.loads((ROOT / "docs" / "report.schema.json").read_text(encoding="utf-8"))


def closed(schema: Any) -> Any:
    """Give the schema with no key allowed that it does not describe."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {**inner, "unevaluatedProperties": False} if isinstance(inner.get("properties"), dict) else inner


@cache
def validator(part: str = "") -> jsonschema.Draft202012Validator:
    """The published schema, or that part of it, closed; it is a schema itself."""
    schema = closed(SCHEMA)
    if part:
        schema = {"$schema": schema["$schema"], "$ref": f"#/$defs/{part}", "$defs": schema["$defs"]}
    else:
        for each in ("head", "end"):  # parts of the whole
            del schema["$defs"][each]["unevaluatedProperties"]
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def valid(document: Any, part: str = "") -> Any:
    """Give the document back that the published schema, or that part of it, describes to the last key."""
    validator(part).validate(document)
    return document


def test_json_has_the_documented_form() -> None:
    """The JSON report of the example models has the documented keys, kinds and values."""
    document = valid(strict(render("json", examples(), PLAIN)))

    by_name = {Path(file["path"]).name: file for file in document["files"]}
    assert set(by_name) == {path.name for path in EXAMPLES.glob("*.tflite")}
    verdict = by_name["lfs_pointer.tflite"]["verdicts"]["litert-2.3.0"]
    assert verdict == {"verdict": "unsupported", "reasons": ["TFL901"]}
    assert [f["code"] for f in by_name["lfs_pointer.tflite"]["findings"]] == ["TFL901"]


def test_json_holds_whatever_a_rule_yields() -> None:
    """NaN, infinities, bytes, views, sets, lone surrogates and foreign objects become strict JSON."""
    document = strict(render("json", report(linted(TWO_OPS, odd_data)), PLAIN))

    assert document["files"][0]["findings"][0]["data"] == {
        "nan": "nan",
        "infinite": ["inf", "-inf"],
        "raw": "00ff",
        "view": [1, 2],
        "nested": {"1": [1, 2], "set": ["a", "b"]},
        "lone": "\\ud800",
        "big": 1 << 70,
        "thing": "info",
        "place": "a",
    }
    assert sarif_run(report(linted(TWO_OPS, odd_data)))["results"][0]["properties"]["data"]["nan"] == "nan"


def test_names_are_whole_in_json() -> None:
    """JSON gives each name back as it is in the model."""
    for name in HOSTILE.values():
        document = strict(render("json", report(linted(hostile(name), tensor_named)), PLAIN))
        assert {f["data"]["name"] for f in document["files"][0]["findings"]} == {name}


def test_the_schema_describes_every_report() -> None:
    """Reports of all models at hand, of hostile ones, of suppressed findings and of nothing are as the schema says."""
    nasty = [linted(hostile(name), tensor_named, odd_data) for name in HOSTILE.values()]
    file = linted(TWO_OPS, tensor_named)
    known = replace(file, findings=tuple(replace(f, suppressed="reason") for f in file.findings))
    for made in (corpus(), report(*nasty), report(surrogates()), report(known), report()):
        valid(strict(render("json", made, PLAIN)))


@pytest.mark.parametrize("key", ["path", "findings", "verdicts"])
def test_the_schema_refuses_a_report_without(key: str) -> None:
    """The schema is not so loose that anything passes: a file has each of its keys."""
    document = strict(render("json", examples(), PLAIN))
    del document["files"][0][key]

    with pytest.raises(jsonschema.ValidationError, match=key):
        valid(document)


def test_json_lines_are_the_json_report() -> None:
    """The first line and the last are the run, each other a file: put together they are the JSON report."""
    nasty = [linted(hostile(name), tensor_named, odd_data) for name in HOSTILE.values()]
    for made in (corpus(), report(*nasty, surrogates()), report()):
        text = render("json-lines", made, PLAIN)
        assert text.endswith("\n")
        head, *files, end = [strict(line) for line in text.splitlines()]
        run = {**valid(head, "head"), **valid(end, "end")}
        assert {**run, "files": [valid(f, "file") for f in files]} == strict(render("json", made, PLAIN))
