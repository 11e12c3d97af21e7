"""The JSON report: documented keys, strict JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema

from models import EXAMPLES
from reporting import (
    HOSTILE,
    PLAIN,
    TWO_OPS,
    examples,
    hostile,
    linted,
    odd_data,
    report,
    sarif_run,
    strict,
    tensor_named,
)
from tflint.report import render

TEXT = {"type": "string", "minLength": 1}
OUR_JSON: dict[str, Any] = {
    "type": "object",
    "required": ["schema_version", "files"],
    "properties": {
        "schema_version": {"const": 1},
        "files": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["path", "verdicts", "findings"],
                "properties": {
                    "path": TEXT,
                    "verdicts": {
                        "type": "object",
                        "additionalProperties": {
                            "type": "object",
                            "required": ["verdict", "reasons"],
                            "properties": {
                                "verdict": {"enum": ["supported", "partial", "unsupported", "unknown"]},
                                "reasons": {"type": "array", "items": {"pattern": "^[A-Z]{2,5}[0-9]{3}$"}},
                            },
                        },
                    },
                    "findings": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": [
                                "code",
                                "name",
                                "severity",
                                "message",
                                "location",
                                "data",
                                "count",
                                "suppressed",
                            ],
                            "properties": {
                                "code": {"pattern": "^[A-Z]{2,5}[0-9]{3}$"},
                                "name": {"pattern": "^[a-z0-9-]+$"},
                                "severity": {"enum": ["error", "warning", "info"]},
                                "message": TEXT,
                                "location": {
                                    "type": "object",
                                    "required": ["path", "label"],
                                    "properties": {"path": {"pattern": "^/"}, "label": TEXT},
                                },
                                "data": {"type": "object"},
                                "count": {"type": "integer", "minimum": 1},
                                "suppressed": {"type": ["string", "null"]},
                            },
                        },
                    },
                },
            },
        },
    },
}


def test_json_has_the_documented_form() -> None:
    """The JSON report of the example models has the documented keys, kinds and values."""
    document = strict(render("json", examples(), PLAIN))

    jsonschema.validate(document, OUR_JSON)
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
