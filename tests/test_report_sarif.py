"""SARIF: valid by the official schema, with what code scanning asks for beyond it."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import jsonschema
import pytest

from models import SHARED
from reporting import (
    HOSTILE,
    PLAIN,
    TWO_OPS,
    examples,
    hostile,
    linted,
    odd_data,
    op_seen,
    report,
    strict,
    tensor_named,
    twice,
)
from tflint.registry import catalogue
from tflint.report import FORMATS, render
from tflint.report.sarif import descriptor

if TYPE_CHECKING:
    from tflint.findings import Report

SARIF_SCHEMA = SHARED / "data" / "sarif-2.1.0.json"
RENUMBERED = """
before: float32[1,4]
unused: float32[1,4] = NEG(before)
x: float32[1,4]
mid: float32[1,4] = RELU(x)
y: float32[1,4] = SOFTMAX(mid) beta=1
"""
LONG = "long " * 12_000

TEXT = {"type": "string", "minLength": 1}
LIMITED = {
    "type": "object",
    "required": ["text"],
    "properties": {"text": {"type": "string", "minLength": 1, "maxLength": 1024}},
}
ONE = {"const": 1}
OUR_SARIF: dict[str, Any] = {  # the part of SARIF 2.1.0 that we write, with what GitHub asks for beyond the standard
    "type": "object",
    "required": ["$schema", "version", "runs"],
    "properties": {
        "version": {"const": "2.1.0"},
        "runs": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {
                "type": "object",
                "required": ["tool", "results"],
                "properties": {
                    "tool": {
                        "type": "object",
                        "required": ["driver"],
                        "properties": {
                            "driver": {
                                "type": "object",
                                "required": ["name", "semanticVersion", "rules"],
                                "properties": {
                                    "name": {"const": "tflite-lint"},
                                    "rules": {
                                        "type": "array",
                                        "items": {
                                            "type": "object",
                                            "required": ["id", "shortDescription", "fullDescription", "help"],
                                            "properties": {
                                                "id": {"pattern": "^[A-Z]{2,5}[0-9]{3}$"},
                                                "name": {"type": "string", "maxLength": 255},
                                                "shortDescription": LIMITED,
                                                "fullDescription": LIMITED,
                                                "help": LIMITED,
                                                "properties": {"properties": {"tags": {"maxItems": 20}}},
                                            },
                                        },
                                    },
                                },
                            }
                        },
                    },
                    "results": {
                        "type": "array",
                        "maxItems": 25_000,
                        "items": {
                            "type": "object",
                            "required": ["ruleId", "ruleIndex", "level", "message", "locations", "partialFingerprints"],
                            "properties": {
                                "level": {"enum": ["error", "warning", "note"]},
                                "message": {"required": ["text"], "properties": {"text": TEXT}},
                                "locations": {
                                    "minItems": 1,
                                    "items": {
                                        "required": ["physicalLocation", "logicalLocations"],
                                        "properties": {
                                            "physicalLocation": {
                                                "required": ["artifactLocation", "region"],
                                                "properties": {
                                                    "artifactLocation": {
                                                        "required": ["uri"],
                                                        "properties": {
                                                            "uri": {"pattern": "^[A-Za-z0-9._~%!$&'()*+,;=:@/-]+$"}
                                                        },
                                                    },
                                                    "region": {
                                                        "additionalProperties": False,
                                                        "required": [
                                                            "startLine",
                                                            "startColumn",
                                                            "endLine",
                                                            "endColumn",
                                                        ],
                                                        "properties": {
                                                            "startLine": ONE,
                                                            "startColumn": ONE,
                                                            "endLine": ONE,
                                                            "endColumn": ONE,
                                                        },
                                                    },
                                                },
                                            }
                                        },
                                    },
                                },
                            },
                        },
                    },
                },
            },
        },
    },
}


def valid_run(made: Report) -> dict[str, Any]:
    """Give the one run of the SARIF report, which has all that code scanning asks for."""
    document = strict(render("sarif", made, PLAIN))
    jsonschema.validate(document, OUR_SARIF)
    run: dict[str, Any] = document["runs"][0]
    return run


def fingerprints(made: Report) -> list[str]:
    """Of all results, in order."""
    return [result["partialFingerprints"]["primaryLocationLineHash"] for result in valid_run(made)["results"]]


@pytest.mark.skipif(not SARIF_SCHEMA.exists(), reason="the official SARIF schema is in ../shared")
def test_sarif_is_valid_by_the_official_schema() -> None:
    """The SARIF report of models, hostile ones among them, and of suppressed findings is SARIF 2.1.0."""
    schema = json.loads(SARIF_SCHEMA.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    nasty = [
        linted(hostile(name), tensor_named, op_seen, odd_data, name=f"{key}.tflite") for key, name in HOSTILE.items()
    ]
    file = linted(TWO_OPS, twice)
    known = replace(file, findings=tuple(replace(f, suppressed="reason") for f in file.findings))
    for made in (examples(), report(*nasty), report(known), report()):
        assert not [e.message for e in validator.iter_errors(strict(render("sarif", made, PLAIN)))]


def test_sarif_has_what_code_scanning_needs() -> None:
    """Results of the example models have region, place, fingerprint and the descriptor that their index names."""
    made = examples()
    run = valid_run(made)

    rules = run["tool"]["driver"]["rules"]
    assert [r["id"] for r in rules] == sorted(catalogue())
    assert len(run["results"]) == len(list(made.findings)) > 0
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    order = ["error", "warning", "note"]
    assert [r["level"] for r in run["results"]] == sorted((r["level"] for r in run["results"]), key=order.index)


def test_rule_descriptors_are_within_the_limits_of_code_scanning() -> None:
    """Each built-in rule's descriptor says its own text whole, within GitHub's lengths."""
    limits = OUR_SARIF["properties"]["runs"]["items"]["properties"]["tool"]["properties"]["driver"]["properties"]
    for entry in catalogue().values():
        made = descriptor(entry.load())
        jsonschema.validate(made, limits["rules"]["items"])
        assert not made["shortDescription"]["text"].endswith("..."), f"{entry.code}: the summary is too long"


def test_longer_descriptions_are_cut() -> None:
    """A rule page beyond GitHub's limit is cut at a word, and an empty one still has texts."""
    for text, end in ((LONG, "long ..."), ("abc " * 1000, "abc ..."), ("x" * 3000, "xxx ...")):
        doc = f"{text}.\n\n## Why is this bad?\n{text}\n\n## What to do\n{text}"
        wordy = descriptor(replace(tensor_named, docstring=doc))
        for key in ("shortDescription", "fullDescription", "help"):
            assert 1000 < len(wordy[key]["text"]) <= 1024
            assert wordy[key]["text"].endswith(end)
    empty = descriptor(replace(tensor_named, docstring=""))
    assert empty["shortDescription"] == empty["fullDescription"] == {"text": "tensor-named"}


def test_fingerprints_are_unique() -> None:
    """No two findings of a run share a fingerprint, even where rule, place and reason are the same."""
    same = linted(TWO_OPS, twice, op_seen, tensor_named)
    for made in (report(same), report(same, replace(same, path="b.tflite")), examples()):
        found = fingerprints(made)

        assert len(found) == len(list(made.findings))
        assert [f for f, times in Counter(found).items() if times > 1] == []


def test_fingerprints_outlive_renumbering() -> None:
    """A tensor and an operator put in front change no other finding's fingerprint, and a renamed tensor changes it."""
    old = set(fingerprints(report(linted(TWO_OPS, tensor_named, op_seen))))
    new = set(fingerprints(report(linted(RENUMBERED, tensor_named, op_seen))))
    renamed = set(fingerprints(report(linted(TWO_OPS.replace("mid", "new"), tensor_named))))

    assert len(old) == 5
    assert old < new
    assert len(old & renamed) == 2
    assert not old & set(fingerprints(report(linted(TWO_OPS, tensor_named, op_seen, name="other.tflite"))))


def test_odd_file_names_are_proper_uris(isolated: Path) -> None:
    """Names that are no UTF-8, look like a scheme, or lie outside the checkout are URIs that give them back."""
    for name, uri in (
        (os.fsdecode(b"\xff.tflite"), "%FF.tflite"),
        ("a:b.tflite", "a%3Ab.tflite"),
        ("/elsewhere/a b.tflite", "file:///elsewhere/a%20b.tflite"),
        ("a\nb\x1b.tflite", "a%0Ab%1B.tflite"),
    ):
        file = linted(TWO_OPS, op_seen, name=name)
        found = valid_run(report(file))["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
        assert found == uri
        if not name.startswith("/"):
            assert Path(os.fsdecode(unquote(found, errors="surrogateescape"))) == Path(name)
        for kind in FORMATS:
            render(kind, report(file), PLAIN).encode()  # no surrogate is left
    assert isolated.is_dir()
